import { afterEach, describe, expect, it } from 'vitest'
import { settleAll } from '../../../support/fake-clock.ts'
import { JobLists } from '../../../support/job-lists.ts'
import { ProgressBench } from '../../../support/progress-bench.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

let bench: ProgressBench

const open = (lists: JobLists): void => {
  bench = new ProgressBench(lists)
}
const view = () => bench.source.view

afterEach(async () => {
  expect(await bench.close()).toEqual([0, 0])
})

describe('how a progress source looks', () => {
  it('is connecting until something was heard, and live from then on', async () => {
    const calm = new JobLists(wireJob({ id: 'a' }))
    open(calm)
    expect(view()).toEqual({
      kind: 'progress',
      state: 'connecting',
      sockets: 0,
      nextTryAtMs: null,
      reason: null,
    })
    await settleAll()
    expect([view().state, bench.views]).toEqual(['connecting', []])
    bench.accept()
    bench.sockets.last.say({ type: 'snapshot', job: wireJob({ id: 'a' }) })
    await settleAll()
    expect(view()).toMatchObject({ state: 'live', sockets: 1, reason: null })
    expect(bench.shown.at(-1)).toBe('live')
  })

  it('with nothing to follow is live by its lists alone', async () => {
    open(new JobLists())
    await settleAll()
    expect(view()).toMatchObject({ state: 'live', sockets: 0, reason: null })
    expect(bench.source.stopped).toBeNull()
  })

  it('with a job to follow is not live by its lists', async () => {
    open(new JobLists(wireJob({ id: 'a' })))
    await settleAll()
    bench.sockets.last.end({ errorCode: 'ECONNREFUSED' })
    await settleAll()
    expect(view()).toEqual({
      kind: 'progress',
      state: 'reconnecting',
      sockets: 0,
      nextTryAtMs: bench.clock.now() + 1_000,
      reason: 'unreachable',
    })
  })

  it('says why it is not connected, with the lists before the sockets', async () => {
    const failing = new JobLists(wireJob({ id: 'a' }))
    open(failing)
    await settleAll()
    bench.sockets.last.end({ status: 429 })
    failing.trouble = () => new Response('', { status: 503 })
    await bench.seconds(3)
    expect(view()).toEqual({
      kind: 'progress',
      state: 'reconnecting',
      sockets: 0,
      nextTryAtMs: bench.clock.now() + 1_000,
      reason: 'server_error',
    })
  })

  it('stays live by a socket that speaks while the lists fail', async () => {
    const failing = new JobLists(wireJob({ id: 'a' }))
    open(failing)
    await settleAll()
    bench.accept()
    failing.trouble = () => new Response('', { status: 503 })
    for (let time = 0; time < 6; time += 1) {
      await bench.seconds(3)
      bench.sockets.last.pong()
    }
    expect(view()).toMatchObject({ state: 'live', sockets: 1, reason: null, nextTryAtMs: null })
  })

  it('I14: is not live by a socket that is silent, and says what is known', async () => {
    const failing = new JobLists(wireJob({ id: 'a' }))
    open(failing)
    await settleAll()
    bench.accept()
    bench.sockets.last.pong()
    await bench.seconds(11)
    expect(view().state).toBe('live')
    await bench.seconds(1)
    expect(view()).toMatchObject({ state: 'reconnecting', sockets: 0, reason: 'timed_out' })
  })

  it('that was live by its lists is not once they fail, however short the time', async () => {
    const failing = new JobLists()
    open(failing)
    await settleAll()
    failing.trouble = () => new Response('', { status: 503 })
    await bench.seconds(3)
    expect(view()).toMatchObject({ state: 'reconnecting', reason: 'server_error' })
  })

  it('I14: that was live by its lists is not when they are silent', async () => {
    const silent = new JobLists()
    open(silent)
    await settleAll()
    silent.trouble = () => new Promise(() => undefined)
    await bench.seconds(11)
    expect(view().state).toBe('live')
    await bench.seconds(1)
    expect(view()).toMatchObject({ state: 'reconnecting', reason: null })
  })

  it('takes an answer that is no list for a broken one', async () => {
    const broken = new JobLists()
    broken.trouble = () => Response.json({ nothing: [] })
    open(broken)
    await settleAll()
    expect(view()).toMatchObject({ state: 'reconnecting', reason: 'protocol_error' })
  })

  it('tells how it stands until nobody listens', async () => {
    open(new JobLists())
    let told = 0
    const off = bench.source.onChanged(() => (told += 1))
    await settleAll()
    expect(told).toBe(1)
    off()
    await bench.seconds(60)
    expect(told).toBe(1)
  })
})
