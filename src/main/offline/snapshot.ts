import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { z } from 'zod'
import { isFinal, jobSchema } from '../../shared/job.ts'
import type { KeptJobs } from '../jobs/job-desk.ts'

/** The jobs of one operator at one moment, as they are kept on disk. */
export interface Snapshot {
  readonly owner: Owner
  /** From the session token at that moment. */
  readonly tenantIds: readonly string[]
  /** Wall clock of the last thing heard. */
  readonly heardAtMs: number
  /** Where each source was, by its kind; of the same moment as the jobs. */
  readonly positions: Readonly<Record<string, string>>
  readonly jobs: KeptJobs
}

/** Whose a snapshot is. Names and addresses of people are in the session, and not here. */
export interface Owner {
  readonly profileId: string
  /** Origin of the auth server. */
  readonly server: string
  readonly userId: string
}

export type Decoded =
  | { readonly kind: 'read'; readonly snapshot: Snapshot }
  /** Of another version: what is sealed by us and does not parse was sealed by another us. */
  | { readonly kind: 'outdated' }

/** Rises whenever what is written here could not be read by the version before, or not rightly. */
const version = 1
/** Jobs kept; past it the finished ones go first, then the oldest. */
export const maxJobs = 20_000
/** Jobs packed in one turn: about 4 ms of work. */
const sliceJobs = 1_000
/** No snapshot is this large, packed or not, in bytes. */
const maxBytes = 256 * 1_024 * 1_024

const wallMs = z.number()
const snapshotSchema = z.strictObject({
  version: z.literal(version),
  owner: z.strictObject({ profileId: z.string(), server: z.string(), userId: z.string() }),
  tenantIds: z.array(z.string()),
  heardAtMs: wallMs,
  positions: z.array(z.tuple([z.string(), z.string()])),
  sources: z.array(z.string()).max(31),
  rows: z.array(
    z.strictObject({ job: jobSchema.strict(), heardAtMs: wallMs, told: z.int().min(1) }),
  ),
})

/** At most `maxJobs`, unfinished ones first and then the newest; `isCut` when there were more. */
export function newest(jobs: KeptJobs, most = maxJobs): { jobs: KeptJobs; isCut: boolean } {
  if (jobs.rows.length <= most) return { jobs, isCut: false }
  const open = latest(
    jobs.rows.filter(({ job }) => !isFinal(job.status)),
    most,
  )
  const over = latest(
    jobs.rows.filter(({ job }) => isFinal(job.status)),
    most - open.length,
  )
  return { jobs: { ...jobs, rows: [...open, ...over] }, isCut: true }
}

/** Those heard of last. Only their times are sorted, so that 100,000 rows take milliseconds. */
function latest(rows: KeptJobs['rows'], most: number): KeptJobs['rows'] {
  if (rows.length <= most) return rows
  const times = Float64Array.from(rows, ({ heardAtMs }) => heardAtMs).sort()
  const since = times[rows.length - most] ?? Number.POSITIVE_INFINITY
  const later = rows.filter(({ heardAtMs }) => heardAtMs > since)
  const then = rows.filter(({ heardAtMs }) => heardAtMs === since)
  return [...later, ...then].slice(0, most)
}

/** Packs a snapshot, and gives the turn back after every slice of it. */
export function* encode(snapshot: Snapshot): Generator<undefined, Buffer> {
  const { jobs, positions, ...head } = snapshot
  const { rows, sources } = jobs
  const start = JSON.stringify({ version, ...head, positions: Object.entries(positions), sources })
  const packed = [pack(`${start.slice(0, -1)},"rows":[`)]
  for (let from = 0; from < rows.length; from += sliceJobs) {
    if (from > 0) yield undefined
    const slice = rows.slice(from, from + sliceJobs)
    // Field by field: what else the desk knows of a row is of no use tomorrow.
    const bare = slice.map(({ job, heardAtMs, told }) => ({ job, heardAtMs, told }))
    packed.push(pack(`${from > 0 ? ',' : ''}${JSON.stringify(bare).slice(1, -1)}`))
  }
  packed.push(deflateRawSync(']}', fastest))
  return Buffer.concat(packed)
}

/** Texts of jobs repeat themselves: the fastest level spares the disk nine tenths. */
const fastest = { level: 1 }

/** A piece of one deflated text: it ends on a whole byte, and another one may follow it. */
const pack = (text: string): Buffer =>
  deflateRawSync(text, { ...fastest, finishFlush: constants.Z_SYNC_FLUSH })

/** Never throws, whatever the bytes are. */
export function decode(packed: Uint8Array): Decoded {
  try {
    const text = inflateRawSync(packed, { maxOutputLength: maxBytes }).toString('utf8')
    const kept = snapshotSchema.parse(JSON.parse(text))
    const { owner, tenantIds, heardAtMs, sources, rows } = kept
    const positions = Object.fromEntries(kept.positions)
    return {
      kind: 'read',
      snapshot: { owner, tenantIds, heardAtMs, positions, jobs: { sources, rows } },
    }
  } catch {
    return { kind: 'outdated' }
  }
}
