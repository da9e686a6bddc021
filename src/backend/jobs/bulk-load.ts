import type { Database, Queryable } from '../database/database.ts'
import type { Log } from '../log.ts'
import { bulkJob, planLoad, type Load } from './bulk-plan.ts'
import { every, type Repeating } from './every.ts'
import { newJobId } from './job-id.ts'

const tickMs = 50
const pageSize = 200

interface Running {
  readonly id: string
  readonly rows: number
  done: number
}

interface Started {
  readonly id: string
  readonly rows: number
}

export interface BulkLoadOptions {
  readonly database: Database
  readonly log: Log
  readonly worker: string
  readonly load: Load
}

/**
 * Drives many small jobs at a set rate of events: every event is one row written, in batches of
 * one tick. As one job ends the next waiting one starts, a new one waits, and the oldest finished
 * one goes, so that their number stays.
 */
export class BulkLoad {
  readonly #options: BulkLoadOptions
  readonly #running: Running[] = []
  #repeating: Repeating | null = null
  #next = 0
  #turn = 0
  #lastMs = 0
  #owed = 0

  constructor(options: BulkLoadOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { log, load } = this.#options
    const plan = planLoad(load)
    for (let made = 0; made < plan.finished; made += pageSize) {
      await this.#insert(Math.min(pageSize, plan.finished - made))
      const started = await this.#begin(pageSize)
      await this.#write(started.map((job) => ({ ...job, done: job.rows })))
    }
    for (let made = 0; made < plan.running + plan.waiting; made += pageSize) {
      await this.#insert(Math.min(pageSize, plan.running + plan.waiting - made))
    }
    this.#running.push(...(await this.#begin(plan.running)).map((job) => ({ ...job, done: 0 })))
    log.info('load is running', { ...plan, eventsPerSecond: load.rate })
    this.#lastMs = performance.now()
    this.#repeating = every(tickMs, () => this.#tick(), log)
  }

  async close(): Promise<void> {
    await this.#repeating?.close()
    await dropBulkJobs(this.#options.database, this.#options.worker)
  }

  async #tick(): Promise<void> {
    const nowMs = performance.now()
    const { rate } = this.#options.load
    // What a slow tick could not do is made up for, but never more than one second of it.
    this.#owed = Math.min(rate, this.#owed + ((nowMs - this.#lastMs) / 1_000) * rate)
    this.#lastMs = nowMs
    const due = Math.min(Math.floor(this.#owed), this.#running.length)
    if (due === 0) return
    this.#owed -= due
    const batch = Array.from(
      { length: due },
      (_, at) => this.#running[(this.#turn + at) % this.#running.length],
    )
    this.#turn = (this.#turn + due) % this.#running.length
    const moved = batch.filter((job) => job !== undefined)
    for (const job of moved) job.done += 1
    await this.#write(moved)
    await this.#rotate(moved.filter((job) => job.done >= job.rows))
  }

  /** One row a job, and what it means for the job, in one statement. */
  async #write(jobs: readonly Running[]): Promise<void> {
    if (jobs.length === 0) return
    await this.#loosely((inside) =>
      inside.query(
        `with moved as (
           select * from unnest($1::text[], $2::int[], $3::int[]) as m(job_id, done, total)
         ), tallied as (
           insert into demo.load_tallies (job_id, rows_done, checksum)
           select job_id, done, hashtext(job_id || done) from moved
           on conflict (job_id) do update set
             rows_done = excluded.rows_done, checksum = load_tallies.checksum # excluded.checksum
         )
         update public.jobs j set
           progress = round(100.0 * done / total, 2),
           counters = jsonb_set(counters, '{done}', to_jsonb(done)),
           status = case when done >= total then 'succeeded' else 'running' end,
           finished_at = case when done >= total then clock_timestamp() end,
           message = case when done >= total then 'Finished' else message end,
           note = case when done >= total then '{"level": "success", "text": "Finished"}'::jsonb end
         from moved where j.id = moved.job_id and j.worker = $4 and j.status = 'running'`,
        [
          jobs.map((job) => job.id),
          jobs.map((job) => job.done),
          jobs.map((job) => job.rows),
          this.#options.worker,
        ],
      ),
    )
  }

  async #rotate(ended: readonly Running[]): Promise<void> {
    if (ended.length === 0) return
    const gone = new Set(ended)
    this.#running.splice(0, Infinity, ...this.#running.filter((job) => !gone.has(job)))
    this.#running.push(...(await this.#begin(ended.length)).map((job) => ({ ...job, done: 0 })))
    await this.#insert(ended.length)
    await this.#options.database.query(
      `delete from public.jobs where id in (
         select id from public.jobs
         where queue = 'bulk' and input ->> 'owner' = $1 and finished_at is not null
         order by finished_at limit $2
       )`,
      [this.#options.worker, ended.length],
    )
  }

  async #insert(count: number): Promise<void> {
    const jobs = Array.from({ length: count }, () => {
      const job = bulkJob(this.#next)
      this.#next += 1
      return { id: newJobId(), ...job }
    })
    await this.#loosely((inside) =>
      inside.query(
        `insert into public.jobs (id, name, kind, tenant_id, queue, input, message, counters, note)
         select id, name, 'ETL', "tenantId", 'bulk',
           jsonb_build_object('owner', $2::text, 'rows', rows), 'Waiting for a worker',
           jsonb_build_object('done', 0, 'total', rows, 'unit', unit), '{"text": "Queued"}'
         from jsonb_to_recordset($1::jsonb) as r(id text, name text, "tenantId" text, unit text, rows int)`,
        [JSON.stringify(jobs), this.#options.worker],
      ),
    )
  }

  #begin(limit: number): Promise<Started[]> {
    return this.#loosely((inside) =>
      inside.query<Started>(
        `update public.jobs set status = 'running', worker = $1, started_at = clock_timestamp(),
           step = '{"index": 1, "total": 1, "label": "Load"}', message = 'Loading',
           note = '{"text": "Started"}'
         where id = any (array(
           select id from public.jobs
           where queue = 'bulk' and status = 'queued' and input ->> 'owner' = $1
           order by created_at limit $2 for update skip locked
         ))
         returning id, (input ->> 'rows')::int as rows`,
        [this.#options.worker, limit],
      ),
    )
  }

  /** Without waiting for the disk: a load is made anew at every start. */
  #loosely<T>(run: (inside: Queryable) => Promise<T>): Promise<T> {
    return this.#options.database.tx(async (inside) => {
      await inside.query('set local synchronous_commit = off')
      return run(inside)
    })
  }
}

/** Bulk jobs live as long as the process that drives them: those of `owner`, or of all dead ones. */
export async function dropBulkJobs(database: Database, owner: string | null): Promise<void> {
  await database.query(
    `delete from public.jobs where queue = 'bulk' and (
       input ->> 'owner' = $1
       or ($1::text is null and not exists (
         select from public.job_workers w
         where w.id = input ->> 'owner' and w.seen_at > clock_timestamp() - interval '30 s'
       ))
     )`,
    [owner],
  )
}
