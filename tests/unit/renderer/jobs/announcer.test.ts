import { beforeEach, expect, it } from 'vitest'
import { Announcer } from '../../../../src/renderer/jobs/announcer.ts'
import { JobFeed } from '../../../../src/renderer/jobs/job-feed.ts'
import type { JobRow } from '../../../../src/shared/job.ts'
import { FakeClient } from '../../../support/web/fake-client.ts'
import { FakeFrames } from '../../../support/web/fake-frames.ts'
import { sampleRow } from '../../../support/web/samples.ts'

let fake: FakeClient
let frames: FakeFrames
let announcer: Announcer
let batch: number

const send = (...rows: JobRow[]): void => {
  batch += 1
  fake.emit('jobs:batched', { workspaceId: 'w1', batch, rows, removed: [], groups: [] })
  frames.paint()
}

beforeEach(async () => {
  batch = 0
  frames = new FakeFrames()
  fake = new FakeClient()
    .answer('jobs:open', {
      batch: 0,
      rows: [
        sampleRow({ id: 'a' }),
        sampleRow({ id: 'b' }),
        sampleRow({ id: 'old', status: 'failed' }),
      ],
      groups: [],
    })
    .answer('jobs:acknowledge', undefined)
  const feed = new JobFeed('w1', fake.client, frames)
  announcer = new Announcer(feed, frames)
  announcer.setTenantNames(() => 'Acme Freight')
  await feed.open()
  frames.paint()
})

it('sums up failures instead of reading every row', () => {
  send(sampleRow({ id: 'a', status: 'failed' }))
  send(sampleRow({ id: 'b', status: 'failed' }))
  expect(announcer.text()).toBe('')
  frames.advance(2_000)
  expect(announcer.text()).toBe('2 jobs failed in Acme Freight')
})

it('says connection, recovery and failures in one go, and then is silent', () => {
  announcer.sayConnection('Live again')
  announcer.sayRecovery('no event was missed')
  send(sampleRow({ id: 'a', status: 'failed' }))
  frames.advance(2_000)
  expect(announcer.text()).toBe('Live again. No event was missed. 1 job failed in Acme Freight')
  frames.advance(8_000)
  expect(announcer.text()).toBe('')
  // The same words again are a change of the page, and are read again.
  announcer.sayConnection('Live again')
  frames.advance(2_000)
  expect(announcer.text()).toBe('Live again')
  frames.paint()
  announcer.close()
  expect(frames.waiting).toBe(0)
})

it('says nothing of what had failed before the window looked', () => {
  send(sampleRow({ id: 'old', status: 'failed', seq: 2 }))
  frames.advance(5_000)
  expect(announcer.text()).toBe('')
})

it('says nothing after it was closed', () => {
  send(sampleRow({ id: 'a', status: 'failed' }))
  announcer.close()
  frames.advance(5_000)
  expect(announcer.text()).toBe('')
})
