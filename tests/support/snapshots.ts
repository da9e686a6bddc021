import fc from 'fast-check'
import type { KeptJobs } from '../../src/main/jobs/job-desk.ts'
import { encode } from '../../src/main/offline/snapshot.ts'
import type { Snapshot } from '../../src/main/offline/snapshot.ts'
import { jobStatuses } from '../../src/shared/job.ts'
import type { Job } from '../../src/shared/job.ts'
import { job } from './wire-jobs.ts'

/** Rows of one source, with whatever each of them changes. */
export const keptRows = (...rows: Partial<Job>[]): KeptJobs => ({
  sources: ['progress'],
  rows: rows.map((changes) => ({ job: job(changes), heardAtMs: 1_000, told: 1 })),
})

export const snapshotOf = (changes: Partial<Snapshot> = {}): Snapshot => ({
  owner: { profileId: 'line', server: 'http://127.0.0.1 http://127.0.0.1', userId: 'ada' },
  tenantIds: ['acme'],
  heardAtMs: 2_000,
  positions: { stream: 'e:17' },
  jobs: keptRows({}),
  ...changes,
})

/** Packed in one go, as at closing. */
export function pack(snapshot: Snapshot): Buffer {
  const packing = encode(snapshot)
  let step = packing.next()
  while (step.done !== true) step = packing.next()
  return step.value
}

const text = fc.string({ unit: 'binary', maxLength: 40 })
const named = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const amount = fc.double({ min: 0, max: 1e12, noNaN: true })
const nullable = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null })

const anyJob: fc.Arbitrary<Job> = fc.record(
  {
    id: named,
    name: named,
    kind: text,
    tenantId: named,
    status: fc.constantFrom(...jobStatuses),
    progress: fc.double({ min: 0, max: 100, noNaN: true }),
    step: nullable(
      fc.record({ index: fc.nat(), total: fc.nat(), label: text }, { noNullPrototype: true }),
    ),
    counters: nullable(
      fc.record({ done: amount, total: nullable(amount), unit: text }, { noNullPrototype: true }),
    ),
    message: nullable(text),
    attempt: fc.integer({ min: 1, max: 1_000 }),
    seq: fc.maxSafeNat(),
    byTime: fc.constant(true as const),
    createdAt: text,
    startedAt: nullable(text),
    updatedAt: text,
    finishedAt: nullable(text),
    error: nullable(fc.record({ code: text, message: text }, { noNullPrototype: true })),
  },
  {
    requiredKeys: [
      'id',
      'name',
      'kind',
      'tenantId',
      'status',
      'progress',
      'step',
      'counters',
      'message',
      'attempt',
      'seq',
      'createdAt',
      'startedAt',
      'updatedAt',
      'finishedAt',
      'error',
    ],
    noNullPrototype: true,
  },
)

/** Any state that a desk could be in. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc.record(
  {
    owner: fc.record({ profileId: text, server: text, userId: text }, { noNullPrototype: true }),
    tenantIds: fc.array(named, { maxLength: 4 }),
    heardAtMs: fc.maxSafeNat(),
    positions: fc.dictionary(fc.constantFrom('stream', 'realtime', 'polling'), text, {
      noNullPrototype: true,
    }),
    jobs: fc.record(
      {
        sources: fc.uniqueArray(fc.constantFrom('progress', 'stream', 'realtime')),
        rows: fc.array(
          fc.record(
            { job: anyJob, heardAtMs: fc.maxSafeNat(), told: fc.integer({ min: 1, max: 7 }) },
            { noNullPrototype: true },
          ),
          { maxLength: 20 },
        ),
      },
      { noNullPrototype: true },
    ),
  },
  { noNullPrototype: true },
)
