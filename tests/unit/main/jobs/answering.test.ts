import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { JobDesk } from '../../../../src/main/jobs/job-desk.ts'
import type { JobBatch } from '../../../../src/main/jobs/job-feed.ts'
import { JobStore } from '../../../../src/main/jobs/job-store.ts'
import type { Teller } from '../../../../src/main/jobs/job-store.ts'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { job } from '../../../support/wire-jobs.ts'

const stream: Teller = { family: 'gateway', bit: 1 }
const list: Teller = { family: 'gateway', bit: 2 }

describe('a store', () => {
  let store: JobStore
  let touched: boolean[]

  const open = (maxFinished = 5_000): void => {
    store = new JobStore({ onTouched: (_key, isGone) => touched.push(isGone), maxFinished })
  }
  const remembered = (): string[] =>
    [...store.values()].filter((one) => one.remembered).map((one) => one.job.id)
  const ids = (): string[] => [...store.values()].map((one) => one.job.id)

  beforeEach(() => {
    touched = []
    open()
  })

  it('lets a source answer only for ends, and for what was heard within a time', () => {
    for (const [id, atMs] of Object.entries({ a: 999, b: 1_000, c: 2_000, d: 2_001 })) {
      store.take(stream, job({ id }), atMs)
    }
    store.take(stream, job({ id: 'over', status: 'succeeded' }), 0)
    store.fade(stream, { fromMs: 1_000, toMs: 2_000 })
    expect(remembered()).toEqual(['a', 'd'])
  })

  it('takes only the word back of the source that fades', () => {
    store.take(stream, job({ id: 'a' }), 0)
    store.take(list, job({ id: 'a' }), 0)
    store.take(stream, job({ id: 'b' }), 0)
    store.fade(list, { fromMs: 5_000, toMs: 9_000 })
    expect(remembered()).toEqual([])
    store.fade(stream, { fromMs: 5_000, toMs: 9_000 })
    expect(remembered()).toEqual(['a', 'b'])
  })

  it('says of each job that it touches whether it is gone', () => {
    store.take(stream, job(), 100_000)
    store.take(stream, job(), 104_999)
    expect(touched).toEqual([false])
    store.take(stream, job(), 105_000)
    store.lose(stream)
    expect(touched).toEqual([false, false, false])
    store.forget(stream, 'job-1')
    expect(touched).toEqual([false, false, false, true])
  })

  it('counts no job as finished that has begun anew', () => {
    open(1)
    store.take(stream, job({ id: 'a', status: 'failed' }), 0)
    store.take(stream, job({ id: 'a', attempt: 2 }), 0)
    store.take(stream, job({ id: 'b', status: 'failed' }), 0)
    expect(ids()).toEqual(['a', 'b'])
  })

  it('is as new when it was cleared', () => {
    open(1)
    store.take(stream, job({ id: 'a', status: 'failed' }), 0)
    store.take(stream, job({ id: 'gone' }), 0)
    store.forget(stream, 'gone')
    store.clear()
    expect(store.take(stream, job({ id: 'gone' }), 0)).toBe('changed')
    for (const id of ['b', 'c']) store.take(stream, job({ id, status: 'failed' }), 0)
    expect(ids()).toEqual(['gone', 'c'])
  })
})

describe('a desk', () => {
  let clock: FakeClock
  let scope: Scope
  let desk: JobDesk
  let sent: { readonly windowId: number; readonly batch: JobBatch }[]

  const rows = () => desk.open(1).rows.map(({ id, seq, remembered }) => [id, seq, remembered])

  beforeEach(() => {
    clock = new FakeClock()
    scope = new Scope('workspace')
    sent = []
    const publish = (windowId: number, batch: JobBatch): void => void sent.push({ windowId, batch })
    desk = new JobDesk({ scope, clock, workspaceId: 'w1', publish })
  })

  afterEach(async () => {
    await scope.close('test over')
    expect(clock.armed).toBe(0)
  })

  it('answers for nothing that a source told longer ago than it is given', () => {
    const sink = desk.sinkOf('stream')
    sink.take(job({ id: 'a' }))
    clock.stall(1)
    sink.take(job({ id: 'b' }))
    clock.stall(12_000)
    desk.fade('progress', 12_000)
    expect(rows()).toEqual([
      ['a', 1, false],
      ['b', 1, false],
    ])
    desk.fade('stream', 12_000)
    expect(rows()).toEqual([
      ['a', 1, true],
      ['b', 1, false],
    ])
  })

  it('takes a list of a new history though its numbers are lower', () => {
    const sink = desk.sinkOf('stream')
    sink.take(job({ seq: 9 }))
    sink.takeAll([job({ seq: 1 })])
    expect(rows()).toEqual([['job-1', 9, false]])
    sink.takeAll([job({ seq: 1 })], 'e2')
    expect(rows()).toEqual([['job-1', 1, false]])
  })

  it('has a number that rises with every change, and with nothing else', () => {
    const sink = desk.sinkOf('stream')
    expect(desk.revision).toBe(0)
    sink.take(job({ seq: 1 }))
    expect(desk.revision).toBe(1)
    sink.take(job({ seq: 1 }))
    expect(desk.revision).toBe(1)
    sink.take(job({ seq: 2 }))
    expect(desk.revision).toBe(2)
    sink.forget('job-1')
    expect(desk.revision).toBe(3)
  })

  it('sends nothing to a window that was closed', async () => {
    desk.open(1)
    desk.open(2)
    desk.closeWindow(2)
    desk.sinkOf('stream').take(job())
    await clock.advance(500)
    expect(sent.map(({ windowId }) => windowId)).toEqual([1])
  })

  it('I12: tells a window that a tenant is gone, though it had no job any more', async () => {
    const sink = desk.sinkOf('stream')
    sink.take(job())
    sink.forget('job-1')
    expect(desk.open(1).groups).toMatchObject([{ tenantId: 'acme' }])
    desk.retain(['globex'])
    await clock.advance(500)
    expect(sent.at(-1)?.batch.groups).toEqual([])
  })

  it('knows no speed any more of what it only remembers', async () => {
    const sink = desk.sinkOf('stream')
    for (let seq = 1; seq <= 20; seq += 1) {
      sink.take(job({ seq, progress: seq * 2, counters: { done: seq, total: 40, unit: '' } }))
      await clock.advance(1_000)
    }
    const rate = () => desk.open(1).rows[0]?.ratePerSecond
    expect(rate()).not.toBeNull()
    desk.lose('stream')
    expect(rate()).toBeNull()
    sink.take(job({ seq: 21, progress: 42, counters: { done: 21, total: 40, unit: '' } }))
    expect(rate()).toBeNull()
  })
})
