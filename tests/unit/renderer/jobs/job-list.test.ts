import { beforeEach, describe, expect, it } from 'vitest'
import { JobFeed } from '../../../../src/renderer/jobs/job-feed.ts'
import { JobList } from '../../../../src/renderer/jobs/job-list.ts'
import { jobKeyOf } from '../../../../src/shared/job-key.ts'
import type { JobRow } from '../../../../src/shared/job.ts'
import { FakeClient } from '../../../support/web/fake-client.ts'
import { FakeFrames } from '../../../support/web/fake-frames.ts'
import { sampleRow, startMs } from '../../../support/web/samples.ts'

const at = (offsetMs: number): string => new Date(startMs + offsetMs).toISOString()

let fake: FakeClient
let frames: FakeFrames
let feed: JobFeed
let list: JobList
let batch: number

const job = (id: string, changed: Partial<JobRow> = {}): JobRow =>
  sampleRow({ id, name: id, ...changed })

const send = (rows: JobRow[], removed: string[] = []): void => {
  batch += 1
  fake.emit('jobs:batched', { workspaceId: 'w1', batch, rows, removed, groups: [] })
  frames.paint()
}

const keyOf = (id: string, tenantId = '7'): string => jobKeyOf({ tenantId, id })

/** The lines of the list: heads by their key, rows by the id of their job. */
const shown = (): (string | undefined)[] =>
  list.view().items.map(({ kind, key }) => (kind === 'group' ? key : feed.row(key)?.id))

beforeEach(async () => {
  batch = 0
  frames = new FakeFrames()
  fake = new FakeClient()
    .answer('jobs:open', {
      batch: 0,
      rows: [job('b', { startedAt: at(2_000) }), job('a', { startedAt: at(1_000) })],
      groups: [],
    })
    .answer('jobs:acknowledge', undefined)
  feed = new JobFeed('w1', fake.client, frames)
  list = new JobList(feed, frames)
  await feed.open()
  frames.paint()
  frames.advance(1_000)
})

it('orders running jobs by their start, whatever order they came in', () => {
  expect(shown()).toEqual(['group 7', 'a', 'b'])
})

it('does not move a row because its progress changed', () => {
  const before = list.view()
  send([job('b', { startedAt: at(2_000), progress: 99, seq: 9 })])
  expect(list.view()).toBe(before)
})

it('puts new rows after those that run, and finished ones below', () => {
  send([job('c', { startedAt: at(3_000) })])
  expect(shown()).toEqual(['group 7', 'a', 'b', 'c'])
  frames.advance(1_000)
  send([job('a', { startedAt: at(1_000), status: 'succeeded', finishedAt: at(9_000) })])
  expect(shown()).toEqual(['group 7', 'b', 'c', 'a'])
})

it('does not keep the first jobs waiting because the list was just made', () => {
  send(
    [],
    ['a', 'b'].map((id) => keyOf(id)),
  )
  frames.advance(1_000)
  list.setTenantNames((id) => id)
  send([job('first')])
  expect(shown()).toEqual(['group 7', 'first'])
})

it('arranges anew at most twice a second', () => {
  send([job('c', { startedAt: at(3_000) })])
  send([job('d', { startedAt: at(4_000) })])
  expect(shown()).toEqual(['group 7', 'a', 'b', 'c'])
  frames.advance(500)
  expect(shown()).toEqual(['group 7', 'a', 'b', 'c', 'd'])
})

describe('while somebody reads', () => {
  beforeEach(() => {
    list.setReading(true)
  })

  it('holds new rows back, counts them, and lets them in on request', () => {
    send([job('0', { startedAt: at(0) })])
    expect(shown()).toEqual(['group 7', 'a', 'b'])
    expect(list.view().waiting).toBe(1)
    expect(list.release()).toBe(keyOf('0'))
    expect(shown()).toEqual(['group 7', '0', 'a', 'b'])
    expect(list.view().waiting).toBe(0)
  })

  it('leaves a row where it is when it finishes', () => {
    send([job('a', { startedAt: at(1_000), status: 'failed', finishedAt: at(9_000) })])
    expect(shown()).toEqual(['group 7', 'a', 'b'])
    frames.advance(1_000)
    list.setReading(false)
    expect(shown()).toEqual(['group 7', 'b', 'a'])
  })

  it('takes away only what is gone', () => {
    send([], [keyOf('a')])
    expect(shown()).toEqual(['group 7', 'b'])
  })

  it('still obeys the search at once', () => {
    list.setFilter({ text: 'b', statuses: [] })
    expect(shown()).toEqual(['group 7', 'b'])
  })
})

it('filters by text and by status, and says how many match', () => {
  send([job('c', { status: 'failed', error: { code: 'x', message: 'duplicate key' } })])
  frames.advance(1_000)
  list.setFilter({ text: 'DUPLICATE', statuses: [] })
  expect(list.view()).toMatchObject({ matching: 1, total: 3, filtering: true })
  list.setFilter({ text: '', statuses: ['running'] })
  expect(shown()).toEqual(['group 7', 'a', 'b'])
})

it('finds jobs by the name of their tenant and sorts tenants by it', () => {
  send([job('z', { tenantId: '9' })])
  frames.advance(1_000)
  list.setTenantNames((id) => (id === '9' ? 'Acme' : 'Borealis'))
  expect(shown()).toEqual(['group 9', 'z', 'group 7', 'a', 'b'])
  list.setFilter({ text: 'borealis', statuses: [] })
  expect(shown()).toEqual(['group 7', 'a', 'b'])
})

it('folds a tenant and unfolds it again', () => {
  list.fold('7', true)
  expect(shown()).toEqual(['group 7'])
  list.fold('7', false)
  expect(shown()).toEqual(['group 7', 'a', 'b'])
})

it('lets go of a selection whose job is gone', () => {
  list.select(keyOf('a'))
  send([], [keyOf('a')])
  expect(list.view().selectedKey).toBeNull()
})

it('keeps apart what two tenants call by the same id', () => {
  send([job('a', { tenantId: '9', name: 'of nine' })])
  frames.advance(1_000)
  expect(shown()).toEqual(['group 7', 'a', 'b', 'group 9', 'a'])
  list.select(keyOf('a', '9'))
  send([], [keyOf('a')])
  expect(shown()).toEqual(['group 7', 'b', 'group 9', 'a'])
  expect(list.view().selectedKey).toBe(keyOf('a', '9'))
  expect(feed.row(keyOf('a', '9'))?.name).toBe('of nine')
})
