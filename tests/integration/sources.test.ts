import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTimelineReader } from '../../src/main/sources/timeline.ts'
import { FakeTokens } from '../support/fake-tokens.ts'
import { ScriptedGateway } from '../support/scripted-gateway.ts'
import { SourceBench } from '../support/source-bench.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

let gateway: ScriptedGateway
let bench: SourceBench

const open = (options: Partial<ConstructorParameters<typeof SourceBench>[0]> = {}): SourceBench => {
  bench = new SourceBench({ gatewayUrl: gateway.url, ...options })
  return bench
}
const settled = until
/** Lets time go by in small steps, and the network in between, until it has come to it. */
async function passing(what: string, check: () => boolean): Promise<void> {
  for (let step = 0; step < 600 && !check(); step += 1) {
    await bench.clock.advance(50)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  if (!check()) throw new Error(`30 s went by in vain until ${what}`)
}
async function rounds(count: number): Promise<void> {
  const asked = (): number => gateway.requests.filter(({ path }) => path.endsWith('/status')).length
  const before = asked()
  await passing(`${count} rounds went by`, () => asked() >= before + count)
}
const live = (sockets: number): Promise<void> =>
  until(`${sockets} sockets are live`, () => {
    const { state, sockets: opened } = bench.source.view
    return state === 'live' && opened === sockets && gateway.connections === sockets
  })

beforeEach(async () => {
  gateway = await ScriptedGateway.listen()
})

afterEach(async () => {
  gateway.each((socket) => socket.resume())
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
  expect(bench.scope.size).toBe(0)
  await until('the server has no connection left', () => gateway.connections === 0)
  await gateway.close()
  expect(bench.logged.join('')).not.toContain('token-')
})

describe('the progress source', () => {
  it('finds the active jobs, opens one socket each, and shows them move and finish', async () => {
    gateway.put(wireJob({ id: 'a' }))
    gateway.put(wireJob({ id: 'b' }))
    gateway.put(wireJob({ id: 'old', status: 'succeeded', progress: 100 }))
    open()
    await live(2)
    await settled('the finished one is shown', () => bench.row('old') !== undefined)
    expect(bench.rows.map(({ id }) => id).sort()).toEqual(['a', 'b', 'old'])
    gateway.push('a', { progress: 55, message: 'batch 9' })
    await settled('the change is shown', () => bench.row('a')?.progress === 55)
    gateway.finish('a')
    await settled('the end is shown', () => bench.row('a')?.status === 'succeeded')
    await live(1)
    expect(bench.shown).toEqual(['live'])
    expect(gateway.dials.every(({ token, form }) => token === 'token-1' && form === 'header')).toBe(
      true,
    )
  })

  it('S2: asks and dials nothing before there is a token', async () => {
    gateway.put(wireJob())
    const tokens = new FakeTokens()
    tokens.failure = { code: 'unreachable', message: '' }
    open({ tokens })
    await passing('it says why', () => bench.source.view.reason === 'unreachable')
    await bench.clock.advance(60_000)
    expect([gateway.requests.length, gateway.dials.length]).toEqual([0, 0])
    tokens.failure = null
    await passing('there is a token', () => gateway.requests.length > 0)
    await live(1)
  })

  it('finds a job that begins later, within one round', async () => {
    open()
    await live(0)
    gateway.put(wireJob({ id: 'late' }))
    await rounds(1)
    await live(1)
    expect(bench.row('late')?.status).toBe('running')
  })

  it('finds a job that began and ended between two rounds', async () => {
    gateway.put(wireJob({ id: 'a' }))
    open()
    await live(1)
    await rounds(1)
    gateway.put(wireJob({ id: 'short', status: 'failed', updated_at: '2026-11-20T14:00:00.000Z' }))
    await rounds(1)
    await settled('it is shown', () => bench.row('short')?.status === 'failed')
    const asked = gateway.requests.findLast(({ path }) => path === '/api/v1/jobs')
    expect(asked?.query.get('status')).toBe('succeeded,failed,cancelled')
    expect(asked?.query.get('since')).toBe('2026-11-20T13:58:57.000Z')
  })

  it('I11: shows how a job ended while it was not connected', async () => {
    gateway.put(wireJob())
    open()
    await live(1)
    gateway.onUpgrade = () => ({ status: 503 })
    gateway.each((socket) => socket.terminate())
    await settled('the drop is noticed', () => bench.state === 'reconnecting')
    gateway.finish('job-1', 'failed')
    await passing('the end is shown', () => bench.row()?.status === 'failed')
  })

  it('stops with the reason when the renewed token is refused as well', async () => {
    gateway.put(wireJob())
    open()
    await live(1)
    gateway.refuse = () => 'token_signature'
    gateway.each((socket) => socket.close(1008, 'token_signature'))
    await settled('it stopped', () => bench.state === 'stopped')
    expect(bench.source.view).toEqual({
      kind: 'progress',
      state: 'stopped',
      sockets: 0,
      nextTryAtMs: null,
      reason: 'token_signature',
    })
    expect(bench.source.stopped).toBe('token_signature')
    expect(bench.tokens.renewals).toBe(1)
    expect(bench.clock.armed).toBe(1)
    bench.source.wake()
    expect(gateway.dials).toHaveLength(2)
  })

  it('stops with the reason when discovery is refused twice', async () => {
    gateway.refuse = () => 'token_wrong_kind'
    open()
    await settled('it stopped', () => bench.state === 'stopped')
    expect(bench.source.stopped).toBe('token_wrong_kind')
    expect(bench.tokens.renewals).toBe(1)
  })

  it('offers the query to a server that does not read the header, and remembers it', async () => {
    gateway.put(wireJob({ id: 'a' }))
    gateway.onUpgrade = ({ form }) => (form === 'query' ? undefined : { status: 403 })
    open()
    await live(1)
    expect(gateway.dials.map(({ form }) => form)).toEqual(['header', 'query'])
    gateway.put(wireJob({ id: 'b' }))
    await rounds(1)
    await live(2)
    expect(gateway.dials.map(({ form }) => form)).toEqual(['header', 'query', 'query'])
    expect(bench.tokens.renewals).toBe(0)
  })

  it('I14: with no job active, a silent discovery is not called live for longer than 12 s', async () => {
    open()
    await live(0)
    gateway.onHttp = () => 'hang'
    await bench.clock.advance(11_999)
    expect(bench.state).toBe('live')
    await bench.clock.advance(1)
    expect(bench.shown).toEqual(['live', 'reconnecting'])
  })

  it('wake dials at once whatever waits', async () => {
    gateway.put(wireJob())
    gateway.onUpgrade = () => ({ status: 503, headers: { 'Retry-After': '60' } })
    open()
    await settled('it waits', () => bench.source.view.reason === 'server_error')
    gateway.onUpgrade = () => undefined
    bench.source.wake()
    await live(1)
  })

  it('wake keeps sockets that answer and finds dead ones within 3 s', async () => {
    gateway.put(wireJob())
    open()
    await live(1)
    bench.source.wake()
    await bench.clock.advance(2_999)
    expect(gateway.dials).toHaveLength(1)
    gateway.blackHole()
    bench.source.wake()
    await bench.clock.advance(3_000)
    expect(bench.state).toBe('reconnecting')
  })

  it('F65: 5 s after a long sleep it shows what happened meanwhile, on sockets that are alive', async () => {
    gateway.put(wireJob({ seq: 3, progress: 20 }))
    open()
    await live(1)
    gateway.blackHole()
    gateway.put(wireJob({ seq: 9, progress: 80 }))
    bench.clock.sleep(600_000)
    const wokeAtMs = bench.clock.monotonic()
    bench.source.wake()
    await bench.clock.advance(3_000)
    await until('it was dialled anew', () => gateway.dials.length === 2)
    await until('it is live', () => bench.state === 'live' && bench.row()?.progress === 80)
    expect(bench.clock.monotonic() - wokeAtMs).toBeLessThanOrEqual(5_000)
  })

  it('I12: shows nothing of another tenant, wherever it is listed', async () => {
    gateway.put(wireJob({ id: 'ours' }))
    gateway.put(wireJob({ id: 'theirs', tenant_id: 'globex' }))
    open()
    await live(1)
    expect(bench.rows.map(({ id }) => id)).toEqual(['ours'])
    expect(gateway.dials.map(({ path }) => path)).toEqual(['/ws/progress/ours'])
    expect(JSON.stringify(bench.published)).not.toContain('globex')
  })

  it('works with a backend that lists only names and has no list of jobs', async () => {
    gateway.onHttp = ({ path }) =>
      path === '/api/v1/websocket/status'
        ? { status: 200, body: JSON.stringify({ active_jobs: ['nightly', '../admin'] }) }
        : { status: 404 }
    gateway.onSocket = (socket) =>
      socket.send(JSON.stringify({ job_name: 'nightly', state: 'processing', percentage: 12 }))
    open({ tenantIds: ['1'] })
    await live(1)
    await settled('it is shown', () => bench.row('nightly')?.progress === 12)
    expect(bench.row('nightly')).toMatchObject({
      name: 'nightly',
      tenantId: '1',
      status: 'running',
    })
    expect(bench.desk.dropped).toBe(1)
  })

  it('opens at most 1,000 sockets, keeps the rest fresh by lists, and says so', async () => {
    for (let n = 0; n < 1_003; n += 1) gateway.put(wireJob({ id: `j${n}` }))
    open()
    await live(1_000)
    expect(bench.source.view.reason).toBe('too_many_sockets')
    gateway.push('j1002', { progress: 66 })
    await rounds(1)
    await settled('the listed change is shown', () => bench.row('j1002')?.progress === 66)
  })
})

describe('the list of jobs', () => {
  it('is read page by page, so that a desk begins with all of them', async () => {
    const done = (index: number) =>
      wireJob({ id: `old-${index}`, status: 'succeeded', progress: 100 })
    gateway.onHttp = ({ path, query }) => {
      if (path !== '/api/v1/jobs') return undefined
      const from = Number(query.get('cursor') ?? 0)
      const jobs = Array.from({ length: 200 }, (_, index) => done(from + index))
      return {
        status: 200,
        body: JSON.stringify({ jobs, next_cursor: from < 600 ? String(from + 200) : null }),
      }
    }
    open()
    await settled('all pages are in', () => bench.desk.size === 800)
  })
})

describe('the timeline reader', () => {
  const reader = () =>
    createTimelineReader({
      fetch,
      gatewayUrl: gateway.url,
      tokens: bench.tokens,
      clock: bench.clock,
      signal: bench.scope.signal,
    })
  const line = (seq: number) => ({
    seq,
    attempt: 1,
    at: '2026-11-20T14:00:00Z',
    level: 'info',
    kind: 'log',
    text: `line ${seq}`,
  })

  it('gives the newest 200 lines, oldest first, and leaves out what it cannot read', async () => {
    open()
    gateway.put(wireJob())
    gateway.events = [...Array.from({ length: 250 }, (_, seq) => line(seq)), { seq: 'x' }].reverse()
    const read = await reader()('job-1')
    expect(read.ok && read.value.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 50),
    )
  })

  it('asks for one page of a server that lists newest first', async () => {
    open()
    gateway.onHttp = ({ path, query }) => {
      if (!path.endsWith('/events') || query.get('order') !== 'desc') return undefined
      const events = Array.from({ length: 200 }, (_, index) => line(999 - index))
      return { status: 200, body: JSON.stringify({ events, next_cursor: 'more' }) }
    }
    const read = await reader()('job-1')
    expect(read.ok && [read.value[0]?.seq, read.value.at(-1)?.seq]).toEqual([800, 999])
    expect(gateway.requests.filter(({ path }) => path.endsWith('/events'))).toHaveLength(1)
  })

  it('follows pages to the newest', async () => {
    open()
    gateway.onHttp = ({ path, query }) => {
      if (!path.endsWith('/events')) return undefined
      const from = Number(query.get('cursor') ?? 0)
      const events = Array.from({ length: 200 }, (_, index) => line(from + index))
      return {
        status: 200,
        body: JSON.stringify({ events, next_cursor: from < 600 ? String(from + 200) : null }),
      }
    }
    const read = await reader()('job-1')
    expect(read.ok && [read.value[0]?.seq, read.value.at(-1)?.seq]).toEqual([600, 799])
  })

  it('says when there is no such job, and asks nothing for an id that cannot be one', async () => {
    open()
    expect(await reader()('job-1')).toMatchObject({ ok: false, failure: { code: 'job_unknown' } })
    const before = gateway.requests.length
    expect(await reader()('../admin')).toMatchObject({
      ok: false,
      failure: { code: 'job_unknown' },
    })
    expect(gateway.requests).toHaveLength(before)
  })
})
