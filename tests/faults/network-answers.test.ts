import { describe, expect } from 'vitest'
import type { Actions } from '../support/fault-proxy-rules.ts'
import { fault } from '../support/fault.ts'
import { LiveSource } from '../support/live-source.ts'
import { ScriptedGateway } from '../support/scripted-gateway.ts'
import { until } from '../support/until.ts'

type Respond = Extract<Actions['upgrade'], { act: 'respond' }>
const respond = (answer: Omit<Respond, 'act'>): Respond => ({ act: 'respond', ...answer })

const page = {
  headers: { 'content-type': 'text/html' },
  body: '<script>{"active_jobs":["stolen"]}</script>',
}

/** How long after this answer to the upgrade it is dialled again, in milliseconds; not sooner. */
async function redialAfter(answer: Omit<Respond, 'act'>, reason: string): Promise<number> {
  await using line = await LiveSource.open({
    arrange: (_gateway, proxy) => proxy.rule({ on: 'upgrade' }, respond(answer)),
  })
  const { bench, proxy } = line
  await until('it waits', () => bench.source.view.reason === reason)
  const waitMs = (bench.source.view.nextTryAtMs ?? 0) - bench.clock.now()
  await bench.clock.advance(waitMs - 1)
  await line.turn()
  expect(proxy.log.at('upgrade')).toHaveLength(1)
  await bench.clock.advance(1)
  await line.reached('live', 1)
  expect(bench.tokens.renewals).toBe(0)
  return waitMs
}

describe('somebody else answers', () => {
  fault(13, 'a page in place of data: said so, not parsed, no token spent', async () => {
    await using line = await LiveSource.open({
      arrange: (_gateway, proxy) =>
        proxy.rule({ on: 'request', times: Infinity }, respond({ status: 200, ...page })),
    })
    const { bench, proxy } = line
    await until('it says so', () => bench.source.view.reason === 'captive_portal')
    expect((bench.source.view.nextTryAtMs ?? 0) - bench.clock.now()).toBe(11_000)
    expect(bench.tokens.renewals).toBe(0)
    expect(bench.rows).toEqual([])
    expect(proxy.log.at('upgrade')).toEqual([])
    return `${bench.source.view.reason ?? ''}, again after 10 to 12 s; 0 refreshes, 0 rows`
  })

  fault(13, 'a page in place of a socket: looked at again after 10 s', async () => {
    const waitMs = await redialAfter({ status: 200, ...page }, 'captive_portal')
    expect(waitMs).toBe(11_000)
    return `at the upgrade: again after ${waitMs} ms`
  })

  fault(14, 'a redirect is not followed, neither by requests nor by sockets', async () => {
    const elsewhere = await ScriptedGateway.listen()
    const away = respond({ status: 302, headers: { location: `${elsewhere.url}/login` } })
    await using line = await LiveSource.open({
      arrange: (_gateway, proxy) => {
        proxy.rule({ on: 'upgrade', times: Infinity }, away)
        proxy.rule({ on: 'request', nth: 3, times: Infinity }, away)
      },
    })
    const { bench, proxy } = line
    await line.passing('both were sent away', () => {
      const sent = [proxy.log.at('upgrade', 'respond'), proxy.log.at('request', 'respond')]
      return sent.every(({ length }) => length > 0)
    })
    await until('it says so', () => bench.source.view.reason === 'captive_portal')
    const reached = elsewhere.requests.length + elsewhere.dials.length
    await elsewhere.close()
    expect(reached).toBe(0)
    expect(bench.tokens.renewals).toBe(0)
    return `${bench.source.view.reason ?? ''}; ${reached} requests reached the other server`
  })
})

describe('the server is not there for us', () => {
  const retryAfter = (seconds: number | string) => ({ headers: { 'Retry-After': `${seconds}` } })
  // The jitter of a first failure is 1 s, the middle of 2 s.
  const waits: [number, string, Parameters<typeof redialAfter>, number][] = [
    [15, '502 without a word', [{ status: 502 }, 'server_error'], 1_000],
    [15, '503 and 7 s', [{ status: 503, ...retryAfter(7) }, 'server_error'], 8_000],
    [15, '503 and 0 s', [{ status: 503, ...retryAfter(0) }, 'server_error'], 2_000],
    [15, '503 and an hour', [{ status: 503, ...retryAfter(3_600) }, 'server_error'], 61_000],
    [16, '429 without a word', [{ status: 429 }, 'rate_limited'], 11_000],
    [16, '429 and 2 s', [{ status: 429, ...retryAfter(2) }, 'rate_limited'], 11_000],
    [16, '429 and 30 s', [{ status: 429, ...retryAfter(30) }, 'rate_limited'], 31_000],
  ]
  for (const [number, name, asked, expectedMs] of waits) {
    fault(number, name, async () => {
      const waitMs = await redialAfter(...asked)
      expect(waitMs).toBe(expectedMs)
      return `${name}: after ${waitMs} ms`
    })
  }
})
