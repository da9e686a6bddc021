import { deflateRawSync, inflateRawSync } from 'node:zlib'
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
/** Jobs written out in one turn: about 2 ms of work. */
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

/** At most `maxJobs`, unfinished and newest first; `isCut` when there were more. */
export function newest(jobs: KeptJobs, most = maxJobs): { jobs: KeptJobs; isCut: boolean } {
  if (jobs.rows.length <= most) return { jobs, isCut: false }
  const late = <T extends { readonly heardAtMs: number }>(a: T, b: T): number =>
    b.heardAtMs - a.heardAtMs
  const open = jobs.rows.filter(({ job }) => !isFinal(job.status)).sort(late)
  const over = jobs.rows.filter(({ job }) => isFinal(job.status)).sort(late)
  return { jobs: { ...jobs, rows: [...open, ...over].slice(0, most) }, isCut: true }
}

/** Packs a snapshot, and gives the turn back whenever a slice of it is written out. */
export function* encode(snapshot: Snapshot): Generator<undefined, Buffer> {
  const { jobs, positions, ...head } = snapshot
  const { rows, sources } = jobs
  const slices: string[] = []
  for (let from = 0; from < rows.length; from += sliceJobs) {
    if (from > 0) yield undefined
    const slice = rows.slice(from, from + sliceJobs)
    // Field by field: what else the desk knows of a row is of no use tomorrow.
    const bare = slice.map(({ job, heardAtMs, told }) => ({ job, heardAtMs, told }))
    slices.push(JSON.stringify(bare).slice(1, -1))
  }
  const rest = JSON.stringify({ version, ...head, positions: Object.entries(positions), sources })
  const text = `${rest.slice(0, -1)},"rows":[${slices.join(',')}]}`
  // The fastest level: texts of jobs repeat themselves, and the disk is spared nine tenths.
  return deflateRawSync(text, { level: 1 })
}

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
