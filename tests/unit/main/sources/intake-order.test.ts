import { beforeEach, describe, expect, it } from 'vitest'
import { Intake } from '../../../../src/main/sources/intake.ts'
import type { Job } from '../../../../src/shared/job.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { noSink } from '../../../support/source-context.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

let taken: Job[]
let dropped: string[]
let gaps: string[]
let behind: number
let clock: FakeClock
let door: Intake

function open(...tenantIds: string[]): void {
  door = new Intake({
    clock,
    tenantIds,
    sink: { ...noSink, take: (job) => taken.push(job), dropped: (why) => dropped.push(why) },
    onTrespass: () => undefined,
    onGap: (jobId) => gaps.push(jobId),
    onBehind: () => (behind += 1),
  })
}

beforeEach(() => {
  taken = []
  dropped = []
  gaps = []
  behind = 0
  clock = new FakeClock()
  open('acme')
})

const snapshot = (changes: Parameters<typeof wireJob>[0] = {}): unknown =>
  door.takeFrame('job-1', JSON.stringify({ type: 'snapshot', job: wireJob(changes) }))
const change = (fields: object): unknown =>
  door.takeFrame('job-1', JSON.stringify({ type: 'progress', job_id: 'job-1', ...fields }))
/** What a backend without numbers of its own says of one job. */
const unnumbered = (fields: object): Job | null => door.takeAny({ name: 'nightly', ...fields })
const sum = (): Pick<Job, 'attempt' | 'status' | 'progress'>[] =>
  taken.map(({ attempt, status, progress }) => ({ attempt, status, progress }))

describe('a snapshot on the socket of a job', () => {
  it('F53: that begins before what was known says so', () => {
    snapshot({ seq: 5 })
    snapshot({ seq: 5 })
    snapshot({ seq: 6 })
    expect(behind).toBe(0)
    snapshot({ seq: 4 })
    expect(behind).toBe(1)
    expect(taken).toHaveLength(4)
  })

  it('F53: of another attempt, or after a change, says no such thing', () => {
    snapshot({ seq: 5, attempt: 2 })
    snapshot({ seq: 1, attempt: 3 })
    snapshot({ seq: 1, attempt: 1 })
    change({ attempt: 3, seq: 1 })
    expect(behind).toBe(0)
  })

  it('F53: says no such thing where our own clock gives the numbers', () => {
    const job = { ...wireJob(), seq: undefined }
    const say = (): unknown => door.takeFrame('job-1', JSON.stringify({ type: 'snapshot', job }))
    say()
    clock.jump(-60_000)
    say()
    snapshot({ seq: 3 })
    expect(behind).toBe(0)
  })
})

describe('the number of an event', () => {
  it('F52: that leaves some out is told once', () => {
    snapshot()
    change({ attempt: 1, seq: 4 })
    expect(gaps).toEqual(['job-1'])
    change({ attempt: 1, seq: 5 })
    expect(gaps).toEqual(['job-1'])
  })

  it('is no gap where it is that of a first word, or of another attempt', () => {
    change({ attempt: 1, seq: 7 })
    change({ attempt: 2, seq: 9 })
    expect([gaps, dropped]).toEqual([[], []])
  })

  it('is, without one of its own, the time of its arrival in microseconds, and never the same', () => {
    for (const progress of [1, 2, 3]) unnumbered({ progress })
    clock.jump(5_000)
    unnumbered({ progress: 4 })
    const first = (clock.now() - 5_000) * 1_000
    expect(taken.map(({ seq }) => seq)).toEqual([first, first + 1, first + 2, first + 5_000_000])
    expect([gaps, dropped]).toEqual([[], []])
  })

  it('of a listed job that is older, or the same, does not take the place of what is known', () => {
    snapshot({ seq: 5, progress: 50 })
    const known = door.last('job-1')
    expect(door.readListed(wireJob({ seq: 4, progress: 40 }))?.progress).toBe(40)
    door.readListed(wireJob({ seq: 5, progress: 50 }))
    door.readListed(wireJob({ seq: 9, progress: 60 }))
    expect(door.last('job-1')?.progress).toBe(60)
    snapshot({ seq: 1, attempt: 2, progress: 5 })
    door.readListed(wireJob({ seq: 99, attempt: 1, progress: 99 }))
    expect(door.last('job-1')).toMatchObject({ attempt: 2, progress: 5 })
    expect(known?.progress).toBe(50)
  })
})

describe('a job without attempts of its own', () => {
  const ended = { attempt: 1, status: 'succeeded', progress: 90 }

  it.each([
    ['falls back', { progress: 89 }, 89],
    ['says nothing but its name', {}, 0],
    ['is queued', { status: 'queued' }, 0],
  ])('has begun anew when it ended and then %s', (_, fields, progress) => {
    unnumbered({ status: 'succeeded', progress: 90 })
    expect(unnumbered(fields)).toMatchObject({ attempt: 2, progress })
  })

  it.each([
    ['the same progress', { progress: 90 }],
    ['another end', { status: 'failed', progress: 10 }],
    ['an attempt', { attempt: 1, progress: 10 }],
  ])('has not with %s', (_, fields) => {
    unnumbered({ status: 'succeeded', progress: 90 })
    expect(unnumbered(fields)?.attempt).toBe(1)
  })

  it('has not while it runs, however it falls back', () => {
    unnumbered({ status: 'running', progress: 90 })
    expect(unnumbered({ progress: 10 })?.attempt).toBe(1)
  })

  it('has not when only a list says so, which may be older', () => {
    unnumbered({ status: 'succeeded', progress: 90 })
    const listed = door.readListed({ name: 'nightly', status: 'running', progress: 10 })
    expect(listed).toMatchObject({ attempt: 1 })
    expect(sum()).toEqual([ended])
  })
})

describe('whose message it is', () => {
  it('may be told by the name on a job’s own socket, once that is known', () => {
    snapshot()
    change({ job_id: undefined, name: 'Orders import', progress: 12 })
    change({ job_id: undefined, job_name: 'Orders import', name: 'x', progress: 13 })
    change({ job_id: undefined, name: 'job-1', progress: 14 })
    expect(taken.map(({ progress }) => progress)).toEqual([10, 12, 13, 14])
    change({ job_id: undefined, name: 'Payments import', progress: 99 })
    change({ job_id: undefined, job_name: 'Payments import', name: 'job-1', progress: 99 })
    expect([taken.length, dropped]).toEqual([4, ['malformed', 'malformed']])
  })

  it.each([[5], ['text'], [null], [{ id: '../x' }], [{ id: 'a', status: 'odd' }], [{}]])(
    'is nobody’s in %j, wherever it comes from',
    (raw) => {
      expect(door.readListed(raw)).toBeNull()
      expect(door.takeAny(raw)).toBeNull()
      expect(door.takeRow(raw, { isChange: false, untold: [] })).toBeNull()
      expect(dropped).toEqual(['malformed', 'malformed', 'malformed'])
    },
  )

  it('I12: is one of two rows of a name, each of its own tenant', () => {
    open('acme', 'globex')
    const row = { id: 'a', status: 'running', updated_at: '2026-11-20T14:00:00Z' }
    const mode = { isChange: false, untold: [] }
    door.takeRow({ ...row, tenant_id: 'acme', progress: 1 }, mode)
    door.takeRow({ ...row, tenant_id: 'globex', progress: 2 }, mode)
    expect(taken.map(({ tenantId, progress }) => [tenantId, progress])).toEqual([
      ['acme', 1],
      ['globex', 2],
    ])
    expect(dropped).toEqual([])
  })
})
