import { beforeEach, describe, expect, it } from 'vitest'
import { JobFeed } from '../../../../src/renderer/jobs/job-feed.ts'
import { failed, succeeded } from '../../../../src/shared/failure.ts'
import { jobKeyOf } from '../../../../src/shared/job-key.ts'
import type { JobRow } from '../../../../src/shared/job.ts'
import { FakeClient, settled } from '../../../support/web/fake-client.ts'
import { FakeFrames } from '../../../support/web/fake-frames.ts'
import { sampleGroup, sampleRow, startMs } from '../../../support/web/samples.ts'

let fake: FakeClient
let frames: FakeFrames
let feed: JobFeed

beforeEach(() => {
  fake = new FakeClient()
    .answer('jobs:open', { batch: 5, rows: [sampleRow()], groups: [sampleGroup()] })
    .answer('jobs:acknowledge', undefined)
  frames = new FakeFrames()
  feed = new JobFeed('w1', fake.client, frames)
})

const key = jobKeyOf(sampleRow())

const batch = (number: number, rows: JobRow[], removed: string[] = []): void =>
  fake.emit('jobs:batched', { workspaceId: 'w1', batch: number, rows, removed, groups: [] })

const acknowledged = (): unknown[] => fake.argumentsOf('jobs:acknowledge')

it('shows the snapshot after one frame and has nothing to acknowledge for it', async () => {
  await feed.open()
  frames.paint()
  frames.paint()
  expect(feed.view()).toMatchObject({ state: 'open', groups: [{ tenantId: '7', running: 1 }] })
  expect(feed.row(key)?.progress).toBe(52.4)
  expect(acknowledged()).toEqual([])
})

it('subscribes before it asks, drops what the snapshot already holds, keeps what is newer', async () => {
  const answer = fake.hold('jobs:open')
  const opened = feed.open()
  expect(fake.listeners('jobs:batched')).toBe(1)
  batch(5, [sampleRow({ progress: 10, seq: 1 })])
  batch(6, [sampleRow({ progress: 60, seq: 3 })])
  answer(succeeded({ batch: 5, rows: [sampleRow({ progress: 52, seq: 2 })], groups: [] }))
  await opened
  expect(feed.row(key)?.progress).toBe(60)
})

it('acknowledges a batch only in the frame after the one that drew it', async () => {
  await feed.open()
  frames.paint()
  batch(6, [sampleRow({ progress: 53 })])
  expect(acknowledged()).toEqual([])
  frames.paint()
  expect(acknowledged()).toEqual([])
  frames.paint()
  expect(acknowledged()).toEqual([{ workspaceId: 'w1', batch: 6 }])
})

it('tells a row once a frame, however many batches came, and only the row that changed', async () => {
  await feed.open()
  frames.paint()
  let told = 0
  let others = 0
  feed.onRow(key, () => {
    told += 1
  })
  feed.onRow(jobKeyOf({ tenantId: '7', id: 'job-2' }), () => {
    others += 1
  })
  batch(6, [sampleRow({ progress: 53 })])
  batch(7, [sampleRow({ progress: 54 })])
  expect(told).toBe(0)
  frames.paint()
  expect([told, others]).toEqual([1, 0])
  expect(feed.row(key)?.progress).toBe(54)
})

it('forgets a removed row', async () => {
  await feed.open()
  batch(6, [], [key, 'never-seen'])
  frames.paint()
  expect(feed.size).toBe(0)
})

it('ignores batches of another workspace', async () => {
  await feed.open()
  fake.emit('jobs:batched', {
    workspaceId: 'w2',
    batch: 9,
    rows: [sampleRow({ id: 'foreign' })],
    removed: [],
    groups: [],
  })
  expect(feed.row(jobKeyOf({ tenantId: '7', id: 'foreign' }))).toBeUndefined()
})

it('knows when anything was heard last, and does not take remembered rows for news', async () => {
  await feed.open()
  frames.paint()
  batch(6, [sampleRow({ heardAtMs: startMs + 9_000, remembered: true })])
  frames.paint()
  expect(feed.view().heardAtMs).toBe(startMs)
})

it('says why when the list cannot be opened', async () => {
  fake.handle('jobs:open', () => failed('workspace_unknown', 'gone'))
  await feed.open()
  expect(feed.view()).toMatchObject({ state: 'failed', reason: 'workspace_unknown' })
})

describe('a hidden window', () => {
  it('acknowledges at once: it will not paint', async () => {
    await feed.open()
    frames.paint()
    frames.hidden = true
    batch(6, [sampleRow({ progress: 70 })])
    expect(acknowledged()).toEqual([{ workspaceId: 'w1', batch: 6 }])
    expect(feed.row(key)?.progress).toBe(70)
  })

  it('does not wait for a frame that was asked for before it was hidden', async () => {
    await feed.open()
    frames.paint()
    batch(6, [sampleRow({ progress: 70 })])
    frames.hidden = true
    feed.visibilityChanged()
    expect(acknowledged()).toEqual([{ workspaceId: 'w1', batch: 6 }])
    expect(frames.waiting).toBe(0)
  })
})

describe('closing', () => {
  it('empties everything, tells the rows, and leaves no frame and no listener', async () => {
    await feed.open()
    frames.paint()
    let told = 0
    feed.onRow(key, () => {
      told += 1
    })
    batch(6, [sampleRow({ progress: 70 })])
    feed.close()
    expect(told).toBe(1)
    expect(feed.size).toBe(0)
    expect(feed.rates.within(key, frames.now()).atMs).toEqual([])
    expect(feed.view()).toMatchObject({ state: 'closed', groups: [] })
    expect(fake.listeners('jobs:batched')).toBe(0)
    expect(frames.waiting).toBe(0)
  })

  it('makes a late answer mean nothing', async () => {
    const answer = fake.hold('jobs:open')
    const opened = feed.open()
    feed.close()
    answer(succeeded({ batch: 1, rows: [sampleRow()], groups: [] }))
    await opened
    await settled()
    expect(feed.size).toBe(0)
    expect(feed.view().state).toBe('closed')
  })
})
