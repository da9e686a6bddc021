import type { Database, Queryable } from '../database/database.ts'
import { newJobId } from './job-id.ts'

/** What a worker needs to know of a job that it took. */
export interface ClaimedJob {
  readonly id: string
  readonly name: string
  readonly tenantId: string
  readonly attempt: number
  readonly input: Readonly<Record<string, unknown>>
}

export interface NewJob {
  readonly name: string
  readonly kind: string
  readonly tenantId: string
  readonly input: Readonly<Record<string, unknown>>
}

/** A job that was interrupted this often is given up: it may be what stops its workers. */
export const maxAttempts = 5

export async function enqueue(database: Queryable, job: NewJob): Promise<string> {
  const id = newJobId()
  await database.query(
    `insert into public.jobs (id, name, kind, tenant_id, input, message, note)
     values ($1, $2, $3, $4, $5, 'Waiting for a worker', '{"text": "Queued by schedule"}')`,
    [id, job.name, job.kind, job.tenantId, JSON.stringify(job.input)],
  )
  return id
}

export interface NewTranslation {
  readonly name: string
  readonly tenantId: string
  readonly document: string
  readonly from: string
  readonly to: string
}

/** The job itself is made by a trigger, under the same id. */
export async function enqueueTranslation(
  database: Queryable,
  { name, tenantId, document, from, to }: NewTranslation,
): Promise<string> {
  const [row] = await database.query<{ id: string }>(
    `insert into public.translation_jobs
       (name, tenant_id, document, source_language, target_language)
     values ($1, $2, $3, $4, $5) returning id::text`,
    [name, tenantId, document, from, to],
  )
  if (row === undefined) throw new Error('the translation job was not made')
  return row.id
}

/** Who works on it: the worker pool, or the translation processor. */
export type Queue = 'sample' | 'translation'

interface Claim {
  readonly worker: string
  readonly queue: Queue
  /** Null is whichever tenant has waited longest. */
  readonly tenantId: string | null
  /** Only jobs of these tenants; null or left out is of any. */
  readonly among?: readonly string[] | null
  readonly limit: number
}

/** Takes the oldest waiting jobs; a job is never taken twice, however many ask. */
export function claim(
  database: Queryable,
  { worker, queue, tenantId, among = null, limit }: Claim,
): Promise<ClaimedJob[]> {
  return database.query<ClaimedJob>(
    `update public.jobs set status = 'running', worker = $1, started_at = clock_timestamp(),
       message = 'Started', note = '{"text": "Started"}'
     where id = any (array(
       select id from public.jobs
       where queue = $4 and status = 'queued' and ($2::text is null or tenant_id = $2)
         and ($5::text[] is null or tenant_id = any ($5))
       order by created_at limit $3 for update skip locked
     ))
     returning id, name, tenant_id as "tenantId", attempt, input`,
    [worker, tenantId, limit, queue, among],
  )
}

/**
 * Puts running jobs back into the queue under a new attempt, or gives them up. `where` picks them
 * and may use `$2` and what follows.
 */
async function takeBack(
  database: Queryable,
  { where, isLastTry }: { readonly where: string; readonly isLastTry: string },
  params: readonly [why: string, ...by: unknown[]],
): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `update public.jobs j set
       status = case when last_try then 'failed' else 'queued' end,
       attempt = case when last_try then attempt else attempt + 1 end,
       progress = case when last_try then progress else 0 end,
       step = case when last_try then step end,
       counters = case when last_try then counters end,
       started_at = case when last_try then started_at end,
       finished_at = case when last_try then clock_timestamp() end,
       worker = null,
       error = case when last_try then jsonb_build_object('code', 'interrupted', 'message', $1::text) end,
       message = $1,
       note = jsonb_build_object('level', case when last_try then 'error' else 'warning' end, 'text', $1::text)
     from (select id as taken, ${isLastTry} as last_try from public.jobs
           where status = 'running' and queue in ('sample', 'translation') and (${where})
           for update skip locked) as interrupted
     where j.id = interrupted.taken
     returning j.id`,
    params,
  )
  return rows.map((row) => row.id)
}

const hasTriedEnough = `attempt >= ${maxAttempts}`

/** One job, still held by this worker. That a worker stops in good order is never held against it. */
export function handBack(
  database: Queryable,
  jobId: string,
  { worker, isStopping }: { readonly worker: string; readonly isStopping: boolean },
): Promise<string[]> {
  const where = 'id = $2 and worker = $3'
  return takeBack(database, { where, isLastTry: isStopping ? 'false' : hasTriedEnough }, [
    `Interrupted: ${isStopping ? 'the worker stopped' : 'the worker failed'}; waits for another attempt`,
    jobId,
    worker,
  ])
}

/**
 * Takes back the jobs of workers that have not been seen for `leaseMs`: they crashed, or lost the
 * database. Such a worker can do no harm later: its writes name its attempt. `among` is whose jobs
 * may be taken back; null is everybody's.
 */
export function reclaim(
  database: Database,
  leaseMs: number,
  among: readonly string[] | null = null,
): Promise<string[]> {
  const where = `not exists (
       select from public.job_workers w
       where w.id = worker and w.seen_at > clock_timestamp() - make_interval(secs => $2 / 1000.0)
     ) and ($3::text[] is null or tenant_id = any ($3))`
  return takeBack(database, { where, isLastTry: hasTriedEnough }, [
    'Interrupted: its worker is gone; waits for another attempt',
    leaseMs,
    among,
  ])
}

/** Says that this worker lives. */
export async function beat(database: Queryable, worker: string): Promise<void> {
  await database.query(
    `insert into public.job_workers (id) values ($1)
     on conflict (id) do update set seen_at = clock_timestamp()`,
    [worker],
  )
}

export async function signOff(database: Queryable, worker: string): Promise<void> {
  await database.query('delete from public.job_workers where id = $1', [worker])
}
