import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobBatch } from '../../../../src/main/jobs/job-feed.ts'
import { JobDesk } from '../../../../src/main/jobs/job-desk.ts'
import type { DeskSink } from '../../../../src/main/jobs/job-desk.ts'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { events } from '../../../../src/shared/ipc/contract.ts'
import { jobKeyOf } from '../../../../src/shared/job-key.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { job } from '../../../support/wire-jobs.ts'

interface Sent {
  readonly windowId: number
  readonly batch: JobBatch
}

let clock: FakeClock
let scope: Scope
let desk: JobDesk
let sink: DeskSink
let sent: Sent[]

const ids = ({ batch }: Sent): string[] => batch.rows.map(({ id }) => id)
const acknowledge = (windowId = 1): void => {
  desk.acknowledge(windowId, sent.findLast((one) => one.windowId === windowId)!.batch.batch)
}

beforeEach(() => {
  clock = new FakeClock()
  scope = new Scope('workspace')
  sent = []
  desk = new JobDesk({
    scope,
    clock,
    workspaceId: 'w1',
    publish: (windowId, batch) => {
      events['jobs:batched'].parse(batch)
      sent.push({ windowId, batch })
    },
  })
  sink = desk.sinkOf('progress')
})

afterEach(async () => {
  await scope.close('test over')
  expect(clock.armed).toBe(0)
  expect(desk.size).toBe(0)
})

describe('JobDesk', () => {
  it('gives everything known at open, then what changed', async () => {
    sink.take(job({ id: 'a' }))
    const opened = desk.open(1)
    expect(opened.rows.map(({ id }) => id)).toEqual(['a'])
    expect(opened.groups).toMatchObject([{ tenantId: 'acme', running: 1 }])
    sink.take(job({ id: 'b' }))
    await clock.advance(100)
    expect(sent.map(ids)).toEqual([['b']])
    expect(sent[0]?.batch.batch).toBe(opened.batch + 1)
  })

  it('F27: sends the newest state of each job, never its history', async () => {
    desk.open(1)
    for (let seq = 1; seq <= 1_000; seq += 1) sink.take(job({ seq, progress: seq / 10 }))
    await clock.advance(100)
    expect(sent).toHaveLength(1)
    expect(sent[0]?.batch.rows).toMatchObject([{ seq: 1_000, progress: 100 }])
  })

  it('has one batch in flight, and sends the next only when it was acknowledged', async () => {
    desk.open(1)
    sink.take(job({ id: 'a' }))
    await clock.advance(100)
    sink.take(job({ id: 'b' }))
    sink.take(job({ id: 'c' }))
    await clock.advance(60_000)
    expect(sent).toHaveLength(1)
    desk.acknowledge(1, 99)
    await clock.advance(1_000)
    expect(sent).toHaveLength(1)
    acknowledge()
    await clock.advance(100)
    expect(sent.map(ids)).toEqual([['a'], ['b', 'c']])
  })

  it('sends at most every 100 ms', async () => {
    desk.open(1)
    for (let ms = 0; ms < 1_000; ms += 10) {
      sink.take(job({ seq: ms + 1 }))
      await clock.advance(10)
      if (sent.length > 0) acknowledge()
    }
    expect(sent.length).toBeGreaterThanOrEqual(8)
    expect(sent.length).toBeLessThanOrEqual(10)
  })

  it('sends a hidden window at most one batch in 2 s, and catches up when it is shown', async () => {
    desk.open(1)
    desk.setVisible(1, false)
    for (let ms = 0; ms < 10_000; ms += 100) {
      sink.take(job({ seq: ms + 1 }))
      await clock.advance(100)
      if (sent.length > 0) acknowledge()
    }
    expect(sent.length).toBeLessThanOrEqual(5)
    const before = sent.length
    sink.take(job({ seq: 20_000 }))
    desk.setVisible(1, true)
    await clock.advance(100)
    expect(sent.length).toBe(before + 1)
    expect(sent.at(-1)?.batch.rows[0]?.seq).toBe(20_000)
  })

  it('splits what is too much for one message', async () => {
    desk.open(1)
    for (let n = 0; n < 400; n += 1) sink.take(job({ id: `j${n}` }))
    await clock.advance(100)
    for (let batch = 1; batch <= 3; batch += 1) acknowledge()
    expect(sent.map((one) => ids(one).length)).toEqual([120, 120, 120, 40])
    expect(JSON.stringify(sent[0]?.batch).length).toBeLessThan(64_000)
  })

  it('keeps a message below 64 KB when texts are long', async () => {
    desk.open(1)
    const message = 'x'.repeat(2_000)
    for (let n = 0; n < 60; n += 1) sink.take(job({ id: `j${n}`, message }))
    await clock.advance(100)
    expect(JSON.stringify(sent[0]?.batch).length).toBeLessThan(64_000)
  })

  it('tells what was removed', async () => {
    sink.take(job({ id: 'a' }))
    desk.open(1)
    sink.forget('a')
    await clock.advance(100)
    expect(sent[0]?.batch).toMatchObject({ rows: [], removed: [jobKeyOf(job({ id: 'a' }))] })
  })

  it('serves two windows, each at its own pace', async () => {
    desk.open(1)
    desk.open(2)
    sink.take(job({ seq: 1 }))
    await clock.advance(100)
    acknowledge(1)
    sink.take(job({ seq: 2 }))
    await clock.advance(100)
    expect(sent.map(({ windowId }) => windowId)).toEqual([1, 2, 1])
    desk.closeWindow(1)
    acknowledge(2)
    await clock.advance(100)
    expect(sent.at(-1)).toMatchObject({ windowId: 2, batch: { rows: [{ seq: 2 }] } })
  })

  it('opening again starts over, and an old acknowledgement means nothing then', async () => {
    desk.open(1)
    sink.take(job({ seq: 1 }))
    await clock.advance(100)
    const { batch } = desk.open(1)
    expect(batch).toBe(1)
    sink.take(job({ seq: 2 }))
    await clock.advance(100)
    desk.acknowledge(1, 1)
    sink.take(job({ seq: 3 }))
    await clock.advance(1_000)
    expect(sent).toHaveLength(2)
  })

  it('publishes nothing once its scope is closed', async () => {
    desk.open(1)
    sink.take(job())
    const closing = scope.close('signed out')
    sink.take(job({ seq: 2 }))
    await closing
    await clock.advance(10_000)
    expect(sent).toEqual([])
    expect(desk.open(1).rows).toEqual([])
  })

  it('shows rate and time left only while they are known', async () => {
    for (let second = 0; second <= 10; second += 1) {
      sink.take(
        job({
          seq: second,
          progress: second,
          counters: { done: second * 10, total: 1_000, unit: 'rows' },
        }),
      )
      await clock.advance(1_000)
    }
    const row = () => desk.open(1).rows[0]
    expect(row()?.ratePerSecond).toBeCloseTo(100 / 11)
    expect(row()?.left).not.toBeNull()
    desk.lose('progress')
    expect(row()).toMatchObject({ remembered: true, ratePerSecond: null, left: null })
    sink.take(job({ seq: 99, status: 'succeeded' }))
    expect(row()).toMatchObject({ remembered: false, ratePerSecond: null, left: null })
  })

  it('takes ends for ends again as soon as anything is heard', () => {
    sink.take(job({ id: 'a', status: 'succeeded' }))
    sink.take(job({ id: 'b' }))
    desk.lose('progress')
    sink.heard()
    expect(desk.open(1).rows.map(({ id, remembered }) => [id, remembered])).toEqual([
      ['a', false],
      ['b', true],
    ])
  })

  it('recalls the jobs of an earlier start, but none that no source used now could put right', () => {
    const kept = ['a', 'b', 'c'].map((id, index) => ({
      job: job({ id }),
      heardAtMs: 1_000,
      told: [1, 2, 3][index] ?? 0,
    }))
    desk.recall({ sources: ['stream', 'progress'], rows: kept }, (name) => name === 'progress')
    expect(desk.open(1).rows).toMatchObject([
      { id: 'b', remembered: true, heardAtMs: 1_000, ratePerSecond: null, left: null },
      { id: 'c', remembered: true },
    ])
    expect(desk.keep().rows.map(({ told }) => told)).toEqual([1, 1])
    sink.takeAll([job({ id: 'c' })])
    expect(desk.open(1).rows.map(({ id, remembered }) => [id, remembered])).toEqual([['c', false]])
  })

  it('keeps what its sources told, by their names', () => {
    desk.sinkOf('stream').take(job({ id: 'a' }))
    sink.take(job({ id: 'a' }))
    sink.take(job({ id: 'b' }))
    const { sources, rows } = desk.keep()
    expect(sources).toEqual(['progress', 'stream'])
    expect(rows.map(({ job: { id }, told }) => [id, told])).toEqual([
      ['a', 3],
      ['b', 1],
    ])
  })

  it('draws no silence and does no work for a time in which nobody listened', async () => {
    const drawn = () => desk.groups[0]?.throughput
    sink.take(job({ seq: 1 }))
    await clock.advance(2_000)
    expect(drawn()).toEqual([0.5])
    desk.lose('progress')
    await clock.advance(60_000)
    expect(drawn()).toEqual([0.5])
    expect(clock.armed).toBe(0)
    sink.heard()
    await clock.advance(2_000)
    expect(drawn()).toEqual([0.5, 0])
  })

  it('counts events and drops, and sets no timer once a minute was quiet', async () => {
    desk.open(1)
    for (let seq = 1; seq <= 10; seq += 1) sink.take(job({ seq }))
    sink.dropped('malformed')
    sink.dropped('tenant')
    sink.dropped('order')
    expect(desk.eventsPerSecond).toBe(2)
    expect(desk.dropped).toBe(2)
    for (let second = 0; second < 130; second += 1) {
      await clock.advance(1_000)
      acknowledge()
    }
    expect(clock.armed).toBe(0)
    expect(sent.at(-1)?.batch.groups).toMatchObject([{ tenantId: 'acme' }])
  })
})
