import { afterEach, describe, expect, it } from 'vitest'
import { settleAll } from '../../../support/fake-clock.ts'
import { JobLists } from '../../../support/job-lists.ts'
import { ProgressBench } from '../../../support/progress-bench.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

let bench: ProgressBench

const open = (lists: JobLists): void => {
  bench = new ProgressBench(lists)
}
const shown = (): string[] => bench.rows.map(({ id }) => id).sort()
const view = () => bench.source.view

afterEach(async () => {
  expect(await bench.close()).toEqual([0, 0])
})

describe('the progress source', () => {
  it('does not put back a job that was withdrawn while the list was read', async () => {
    const lists = new JobLists()
    lists.active = [wireJob({ id: 'a' }), wireJob({ id: 'b' })]
    lists.all = [wireJob({ id: 'a' })]
    lists.meanwhile = () => {
      for (const socket of bench.sockets.to('/b')) {
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
    await bench.seconds(3)
    expect(singles()).toEqual([])
    short.active = short.all
    await bench.seconds(3)
    short.active = []
    await bench.seconds(3)
    expect(singles()).toEqual([])
    await bench.seconds(3)
    expect(singles()).toHaveLength(1)
  })

  it('closes the socket of a job that is over once it is named no more, and asks nothing', async () => {
    const over = new JobLists(wireJob({ id: 'a' }))
    open(over)
    await settleAll()
    bench.accept()
    bench.sockets.last.say({
      type: 'snapshot',
      job: wireJob({ id: 'a', status: 'failed', seq: 9 }),
    })
    await bench.seconds(3)
    expect(bench.sockets.live).toBe(1)
    over.active = []
    await bench.seconds(3)
    expect(bench.sockets.live).toBe(0)
    await bench.seconds(9)
    expect(over.asked.filter((path) => path.endsWith('/jobs/a'))).toEqual([])
  })

  it('I12: stops when a server keeps naming other tenants', async () => {
    const theirs = ['x', 'y', 'z'].map((id) => wireJob({ id, tenant_id: 'globex' }))
    open(new JobLists(...theirs, wireJob({ id: 'ours' })))
    await settleAll()
    expect(view()).toMatchObject({ state: 'stopped', reason: 'protocol_error' })
    expect([bench.source.stopped, bench.rows, bench.sockets.live]).toEqual([
      'protocol_error',
      [],
      0,
    ])
  })

  it('asks again soon when an event was missed, and shows the job as remembered until then', async () => {
    const gap = new JobLists(wireJob({ id: 'a', seq: 1 }))
    open(gap)
    await settleAll()
    bench.accept()
    bench.sockets.last.say({ type: 'snapshot', job: wireJob({ id: 'a', seq: 1 }) })
    await settleAll()
    const before = gap.asked.length
    bench.sockets.last.say({ type: 'progress', job_id: 'a', attempt: 1, seq: 5, progress: 50 })
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
    bench.accept()
    bench.sockets.last.say({ type: 'snapshot', job: wireJob({ id: 'a', seq: 9 }) })
    await bench.seconds(3)
    const before = anew.asked.length
    bench.sockets.last.say({ type: 'snapshot', job: wireJob({ id: 'a', seq: 2 }) })
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
    bench.sockets.last.end()
    const before = [calm.asked.length, bench.sockets.all.length] as const
    bench.source.wake()
    await settleAll()
    expect(calm.asked.length).toBeGreaterThan(before[0])
    expect(bench.sockets.all).toHaveLength(before[1] + 1)
    bench.sockets.last.end({ code: 4409 })
    const after = [calm.asked.length, bench.sockets.all.length]
    bench.source.wake()
    await settleAll()
    expect([calm.asked.length, bench.sockets.all.length]).toEqual(after)
    expect(view()).toMatchObject({ state: 'stopped', reason: 'signed_in_elsewhere' })
  })

  it('looks up a job that still goes on in every round from then on', async () => {
    const quiet = new JobLists(wireJob({ id: 'a' }))
    open(quiet)
    await settleAll()
    quiet.active = []
    const singles = (): number => quiet.asked.filter((path) => path === '/api/v1/jobs/a').length
    await bench.seconds(3)
    for (const times of [1, 2, 3]) {
      await bench.seconds(3)
      expect(singles()).toBe(times)
    }
  })

  it('looks up what is not named any more at once after an interruption', async () => {
    const short = new JobLists(wireJob({ id: 'a' }))
    open(short)
    await settleAll()
    short.trouble = () => new Response('', { status: 503 })
    await bench.seconds(3)
    short.active = []
    short.trouble = () => undefined
    await bench.seconds(1)
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
    expect(bench.sockets.live).toBe(0)
  })
})
