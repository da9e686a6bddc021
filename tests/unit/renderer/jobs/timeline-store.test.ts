import { beforeEach, expect, it } from 'vitest'
import { JobFeed } from '../../../../src/renderer/jobs/job-feed.ts'
import { TimelineStore } from '../../../../src/renderer/jobs/timeline-store.ts'
import { failed, succeeded } from '../../../../src/shared/failure.ts'
import { jobKeyOf } from '../../../../src/shared/job-key.ts'
import type { TimelineEntry } from '../../../../src/shared/job.ts'
import { FakeClient, settled } from '../../../support/web/fake-client.ts'
import { FakeFrames } from '../../../support/web/fake-frames.ts'
import { sampleRow } from '../../../support/web/samples.ts'

const entry: TimelineEntry = {
  seq: 1,
  attempt: 1,
  at: '2026-11-20T14:00:00Z',
  level: 'info',
  kind: 'timeline',
  text: 'Extract started',
}

let fake: FakeClient
let frames: FakeFrames
let timeline: TimelineStore
let batch: number

const one = jobKeyOf({ tenantId: '7', id: 'job-1' })
const two = jobKeyOf({ tenantId: '7', id: 'job-2' })

const change = (seq: number, id = 'job-1'): void => {
  batch += 1
  const rows = [sampleRow({ id, seq })]
  fake.emit('jobs:batched', { workspaceId: 'w1', batch, rows, removed: [], groups: [] })
  frames.paint()
}
const asked = (): unknown[] => fake.argumentsOf('jobs:read-timeline')

beforeEach(async () => {
  batch = 0
  frames = new FakeFrames()
  fake = new FakeClient()
    .answer('jobs:open', {
      batch: 0,
      rows: [sampleRow({ seq: 1 }), sampleRow({ id: 'job-2', seq: 1 })],
      groups: [],
    })
    .answer('jobs:acknowledge', undefined)
    .answer('jobs:read-timeline', { entries: [entry] })
  const feed = new JobFeed('w1', fake.client, frames)
  await feed.open()
  frames.paint()
  timeline = new TimelineStore(fake.client, feed, frames)
})

it('reads when a job is followed', async () => {
  timeline.follow(one)
  await settled()
  expect(asked()).toEqual([{ workspaceId: 'w1', jobId: 'job-1' }])
  expect(timeline.view()).toMatchObject({ state: 'read', entries: [entry] })
})

it('reads again when the job has a new event, at most once a second', async () => {
  timeline.follow(one)
  await settled()
  change(2)
  change(3)
  await settled()
  expect(asked()).toHaveLength(1)
  frames.advance(1_000)
  await settled()
  expect(asked()).toHaveLength(2)
  frames.advance(5_000)
  await settled()
  expect(asked()).toHaveLength(2)
})

it('shows nothing of the job that was followed before, even when its answer comes late', async () => {
  const answer = fake.hold('jobs:read-timeline')
  timeline.follow(one)
  fake.answer('jobs:read-timeline', { entries: [] })
  timeline.follow(two)
  await settled()
  answer(succeeded({ entries: [entry] }))
  await settled()
  expect(timeline.view()).toMatchObject({ key: two, entries: [] })
})

it('keeps what it has when a later reading fails, and can be asked again', async () => {
  timeline.follow(one)
  await settled()
  fake.handle('jobs:read-timeline', () => failed('unreachable', 'no'))
  frames.advance(2_000)
  change(2)
  await settled()
  expect(timeline.view()).toMatchObject({
    state: 'failed',
    reason: 'unreachable',
    entries: [entry],
  })
  fake.answer('jobs:read-timeline', { entries: [entry, entry] })
  frames.advance(2_000)
  timeline.again()
  await settled()
  expect(timeline.view().entries).toHaveLength(2)
})

it('holds nothing and waits for nothing once it is cleared', async () => {
  timeline.follow(one)
  await settled()
  change(2)
  timeline.clear()
  expect(timeline.view()).toMatchObject({ key: null, entries: [] })
  frames.paint()
  expect(frames.waiting).toBe(0)
})
