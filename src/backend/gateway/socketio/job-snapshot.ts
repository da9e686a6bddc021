import type { WireJob } from '../../../shared/job.ts'
import type { Database } from '../../database/database.ts'
import type { Claims } from '../../tokens/claims.ts'
import { asCaller, idsOf } from '../caller.ts'
import { headColumns, toHead, type HeadRow } from '../stream/stream-head.ts'

/** As the tenant stream has it. */
const mostJobs = 5_000
const endedMinutes = 10

/** What a new socket is told first. */
export interface JobSnapshot {
  readonly epoch: string
  /** Of all its tenants together. */
  readonly offset: number
  /** An event names the offset of its own tenant. */
  readonly offsets: Readonly<Record<string, number>>
  readonly jobs: readonly WireJob[]
}

/** Jobs and offsets of one moment, fenced twice as every read for a caller. */
export async function readSnapshot(database: Database, claims: Claims): Promise<JobSnapshot> {
  const ids = idsOf(claims)
  const [row] = await database.asCaller(asCaller(claims), (inside) =>
    inside.query<HeadRow & { readonly jobs: WireJob[] | null }>(
      `select ${headColumns}, (
         select jsonb_agg(listed.job order by listed.created_at desc, listed.id desc)
         from (
           select public.job_wire(j) as job, j.created_at, j.id from public.jobs j
           where tenant_id = any ($1) and (
             finished_at is null or finished_at > clock_timestamp() - make_interval(mins => $2)
           )
           order by j.created_at desc, j.id desc limit $3
         ) as listed
       ) as jobs`,
      [ids, endedMinutes, mostJobs],
    ),
  )
  const { epoch, offset, offsets } = toHead(row ?? { epoch: '', heads: [] }, ids)
  return { epoch, offset, offsets: Object.fromEntries(offsets), jobs: row?.jobs ?? [] }
}
