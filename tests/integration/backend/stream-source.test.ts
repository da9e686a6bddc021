import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openProgressSource } from '../../../src/main/sources/progress-source.ts'
import { openStreamSource } from '../../../src/main/sources/stream-source.ts'
import type { WireJob } from '../../../src/shared/job.ts'
import { JobHand, startTestGateway, type TestGateway } from '../../support/gateway.ts'
import { RealTokens } from '../../support/real-tokens.ts'
import { RecordedSockets } from '../../support/recorded-sockets.ts'
import { SourceBench } from '../../support/source-bench.ts'
import { until } from '../../support/until.ts'

let gateway: TestGateway
let hand: JobHand
let tenant: string
let tokens: RealTokens
let sockets: RecordedSockets
let bench: SourceBench

const open = (source: 'stream' | 'progress'): void => {
  bench = new SourceBench({
    open: source === 'stream' ? openStreamSource : openProgressSource,
    gatewayUrl: gateway.url,
    tenantIds: [tenant],
    supply: tokens,
    sockets: sockets.open,
  })
}
const live = (): Promise<void> => until('it is live', () => bench.state === 'live')
const shown = (): string[] => bench.shown.slice(bench.shown.indexOf('live'))
const at = (id: string, progress: number): Promise<void> =>
  until(`${id} is at ${progress}`, () => bench.row(id)?.progress === progress)
type State = Pick<WireJob, 'id' | 'attempt' | 'seq' | 'progress' | 'status'>

const isAsServed = async (): Promise<void> => {
  const { body } = await gateway.get('/api/v1/jobs?limit=200', tokens.token)
  const { jobs } = body as { jobs: WireJob[] }
  const state = ({ id, attempt, seq, progress, status }: State): string =>
    `${id} ${attempt} ${seq} ${progress} ${status}`
  const byText = (a: string, b: string): number => (a < b ? -1 : 1)
  await until('what is shown is what is served', () => bench.rows.length === jobs.length)
  expect(bench.rows.map(state).sort(byText)).toEqual(jobs.map(state).sort(byText))
  expect(bench.rows.filter(({ remembered }) => remembered)).toEqual([])
}

beforeAll(async () => {
  gateway = await startTestGateway()
  hand = new JobHand(gateway.backend)
  tenant = gateway.tenantOf(0)
})
afterAll(() => gateway.stop())

beforeEach(async () => {
  tokens = await RealTokens.signIn(gateway.backend, 0)
  sockets = new RecordedSockets()
})
afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
  expect(sockets.live).toEqual([])
  await gateway.backend.database.query('delete from public.jobs')
})

describe('the stream source and the gateway', () => {
  it('agree on every job, also after a drop, to the event', async () => {
    const [a, b] = [await hand.start(tenant), await hand.start(tenant)]
    open('stream')
    await live()
    for (const percent of [10, 20, 30]) await hand.progress(a, percent)
    await at(a, 30)
    // A list may have told of it first.
    await until('the stream told it', () => /"progress": ?30\b/.test(sockets.all[0]?.last ?? ''))
    sockets.cut()
    await until('it is noticed', () => bench.state === 'reconnecting')
    for (const percent of [40, 50]) await hand.progress(a, percent)
    const c = await hand.start(tenant)
    await hand.progress(c, 5)
    await hand.finish(b)
    await bench.clock.advance(1_000)
    await live()
    expect(bench.source.view.gap).toMatchObject({ recovered: 5, missing: 0 })
    await isAsServed()
    await hand.progress(c, 60)
    await at(c, 60)
    await isAsServed()
    expect(bench.desk.dropped).toBe(0)
  })

  it('F53: agree after the log began again, and make no claim', async () => {
    const a = await hand.start(tenant)
    open('stream')
    await live()
    await hand.progress(a, 70)
    await at(a, 70)
    sockets.cut()
    await until('it is noticed', () => bench.state === 'reconnecting')
    await gateway.backend.database.query('update public.job_stream set epoch = gen_random_uuid()')
    // As a backup that was put back.
    await gateway.backend.database.query('update public.jobs set seq = 1 where id = $1', [a])
    await bench.clock.advance(1_000)
    await live()
    expect(bench.source.view.gap).toMatchObject({ missing: null })
    await isAsServed()
    await hand.progress(a, 80)
    await at(a, 80)
    await isAsServed()
  })

  it('F32: renew the token on the open socket', async () => {
    const a = await hand.start(tenant)
    open('stream')
    await live()
    await tokens.refresh()
    for (const percent of [10, 20, 30]) await hand.progress(a, percent)
    await at(a, 30)
    // An offer that nobody answered would be handed over by now.
    await bench.clock.advance(10_000)
    await hand.progress(a, 40)
    await at(a, 40)
    expect(sockets.all).toHaveLength(1)
    expect(shown()).toEqual(['live'])
  })

  it('T10: tell and take a large state without a large message', async () => {
    await gateway.backend.database.query(
      `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at, message)
       select 'many_' || n, 'many', 'ETL', $1, 'by-hand', 'running', 'hand', clock_timestamp(), $2
       from generate_series(1, 2000) as n`,
      [tenant, 'x'.repeat(400)],
    )
    open('stream')
    await live()
    expect(bench.desk.size).toBe(2_000)
    expect(sockets.all[0]?.longest).toBeLessThan(64 * 1024)
    expect(sockets.all[0]?.longest).toBeGreaterThan(32 * 1024)
  })
})

describe('progress sockets and the gateway', () => {
  it(
    'F32: hand 50 sockets over while events flow, and lose none',
    { timeout: 60_000 },
    async () => {
      const ids: string[] = []
      for (let n = 0; n < 50; n += 1) ids.push(await hand.start(tenant))
      open('progress')
      await until('50 are live', () => bench.source.view.sockets === 50)
      await until('all have spoken', () => bench.rows.length === 50)
      const before = tokens.token
      let percent = 0
      const tick = async (): Promise<void> => {
        percent += 1
        await gateway.backend.database.query(
          `update public.jobs set progress = $1 where queue = 'by-hand'`,
          [percent],
        )
      }
      await tick()
      await tokens.refresh()
      while (sockets.live.some(({ token }) => token === before)) await tick()
      await tick()
      await until('all are there', () => ids.every((id) => bench.row(id)?.progress === percent))
      expect(sockets.live.map(({ token }) => token)).toEqual(Array(50).fill(tokens.token))
      expect(new Set(sockets.live.map(({ path }) => path)).size).toBe(50)
      expect(sockets.all).toHaveLength(100)
      // Each event counts one: with all of them heard the numbers are those of the server.
      await isAsServed()
      expect(shown()).toEqual(['live'])
      expect(tokens.renewals).toBe(1)
    },
  )
})
