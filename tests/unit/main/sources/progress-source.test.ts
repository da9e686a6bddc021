import { afterEach, describe, expect, it } from 'vitest'
import { settleAll } from '../../../support/fake-clock.ts'
import { FakeSockets } from '../../../support/fake-socket.ts'
import { JobLists } from '../../../support/job-lists.ts'
import { SourceBench } from '../../../support/source-bench.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

let bench: SourceBench
const sockets = new FakeSockets()

const open = (lists: JobLists): void => {
  bench = new SourceBench({
    gatewayUrl: 'http://127.0.0.1:1',
    sockets: sockets.open,
    fetch: lists.fetch,
  })
}
const shown = (): string[] => bench.rows.map(({ id }) => id).sort()
const view = () => bench.source.view
const seconds = (count: number): Promise<void> => bench.clock.advance(count * 1_000, settleAll)
const accept = (): void => {
  for (const socket of sockets.all) socket.accept()
}

afterEach(async () => {
  await bench.scope.close('test over')
  expect([bench.clock.armed, sockets.live]).toEqual([0, 0])
})

describe('the progress source', () => {
  it('does not put back a job that was withdrawn while the list was read', async () => {
    const lists = new JobLists()
    lists.active = [wireJob({ id: 'a' }), wireJob({ id: 'b' })]
    lists.all = [wireJob({ id: 'a' })]
    lists.meanwhile = () => {
      for (const socket of sockets.to('/b')) {
        socket.accept()
        socket.end({ code: 4404, reason: 'job_unknown' })
      }
    }
    open(lists)
    await settleAll()
    lists.active = lists.all
    await bench.clock.advance(10_000, settleAll)
    expect(shown()).toEqual(['a'])
  })

  it('looks for a job that was only ever on the whole list, and forgets it when it is gone', async () => {
    const lists = new JobLists()
    lists.active = [wireJob({ id: 'a' })]
    lists.all = [wireJob({ id: 'a' }), wireJob({ id: 'brief' })]
    lists.meanwhile = () => {
      lists.all = lists.active
    }
    open(lists)
    await settleAll()
    await bench.clock.advance(10_000, settleAll)
    expect(shown()).toEqual(['a'])
  })

  it('looks up a job that was not named for two rounds, not after one', async () => {
    const short = new JobLists(wireJob({ id: 'a' }))
    open(short)
    await settleAll()
    short.active = []
    const singles = (): string[] => short.asked.filter((path) => path === '/api/v1/jobs/a')
    await seconds(3)
    expect(singles()).toEqual([])
    short.active = short.all
    await seconds(3)
    short.active = []
    await seconds(3)
    expect(singles()).toEqual([])
    await seconds(3)
    expect(singles()).toHaveLength(1)
  })

  it('closes the socket of a job that is over once it is named no more, and asks nothing', async () => {
    const over = new JobLists(wireJob({ id: 'a' }))
    open(over)
    await settleAll()
    accept()
    sockets.last.say({ type: 'snapshot', job: wireJob({ id: 'a', status: 'failed', seq: 9 }) })
    await seconds(3)
    expect(sockets.live).toBe(1)
    over.active = []
    await seconds(3)
    expect(sockets.live).toBe(0)
    await seconds(9)
    expect(over.asked.filter((path) => path.endsWith('/jobs/a'))).toEqual([])
  })

  it('I12: stops when a server keeps naming other tenants', async () => {
    const theirs = ['x', 'y', 'z'].map((id) => wireJob({ id, tenant_id: 'globex' }))
    open(new JobLists(...theirs, wireJob({ id: 'ours' })))
    await settleAll()
    expect(view()).toMatchObject({ state: 'stopped', reason: 'protocol_error' })
    expect([bench.source.stopped, bench.rows, sockets.live]).toEqual(['protocol_error', [], 0])
  })

  it('asks again soon when an event was missed, and shows the job as remembered until then', async () => {
    const gap = new JobLists(wireJob({ id: 'a', seq: 1 }))
    open(gap)
    await settleAll()
    accept()
    sockets.last.say({ type: 'snapshot', job: wireJob({ id: 'a', seq: 1 }) })
    await settleAll()
    const before = gap.asked.length
    sockets.last.say({ type: 'progress', job_id: 'a', attempt: 1, seq: 5, progress: 50 })
    expect(bench.row('a')?.remembered).toBe(true)
    await bench.clock.advance(499, settleAll)
    expect(gap.asked).toHaveLength(before)
    await bench.clock.advance(1, settleAll)
    expect(gap.asked.length).toBeGreaterThan(before)
  })

  it('reads everything again soon when a socket begins before what was known', async () => {
    const anew = new JobLists(wireJob({ id: 'a', seq: 9 }))
    open(anew)
    await settleAll()
    accept()
    sockets.last.say({ type: 'snapshot', job: wireJob({ id: 'a', seq: 9 }) })
    await seconds(3)
    const before = anew.asked.length
    sockets.last.say({ type: 'snapshot', job: wireJob({ id: 'a', seq: 2 }) })
    await bench.clock.advance(500, settleAll)
    expect(anew.asked.slice(before)).toEqual([
      '/api/v1/websocket/status?active_jobs=true',
      '/api/v1/jobs?limit=200',
    ])
  })

  it('wake asks and dials at once, and does nothing once it has stopped', async () => {
    const calm = new JobLists(wireJob({ id: 'a' }))
    open(calm)
    await settleAll()
    sockets.last.end()
    const before = [calm.asked.length, sockets.all.length] as const
    bench.source.wake()
    await settleAll()
    expect(calm.asked.length).toBeGreaterThan(before[0])
    expect(sockets.all).toHaveLength(before[1] + 1)
    sockets.last.end({ code: 4409 })
    const after = [calm.asked.length, sockets.all.length]
    bench.source.wake()
    await settleAll()
    expect([calm.asked.length, sockets.all.length]).toEqual(after)
    expect(view()).toMatchObject({ state: 'stopped', reason: 'signed_in_elsewhere' })
  })

  it('looks up a job that still goes on in every round from then on', async () => {
    const quiet = new JobLists(wireJob({ id: 'a' }))
    open(quiet)
    await settleAll()
    quiet.active = []
    const singles = (): number => quiet.asked.filter((path) => path === '/api/v1/jobs/a').length
    await seconds(3)
    for (const times of [1, 2, 3]) {
      await seconds(3)
      expect(singles()).toBe(times)
    }
  })

  it('looks up what is not named any more at once after an interruption', async () => {
    const short = new JobLists(wireJob({ id: 'a' }))
    open(short)
    await settleAll()
    short.trouble = () => new Response('', { status: 503 })
    await seconds(3)
    short.active = []
    short.trouble = () => undefined
    await seconds(1)
    expect(short.asked.filter((path) => path === '/api/v1/jobs/a')).toHaveLength(1)
  })

  it('stops when the list of jobs is refused for good', async () => {
    const refused = new JobLists(wireJob({ id: 'a' }))
    refused.trouble = (pathname) =>
      pathname.endsWith('/jobs')
        ? Response.json({ error: { code: 'token_signature' } }, { status: 401 })
        : undefined
    open(refused)
    await settleAll()
    expect(view()).toMatchObject({ state: 'stopped', reason: 'token_signature', sockets: 0 })
    expect(sockets.live).toBe(0)
  })
})
