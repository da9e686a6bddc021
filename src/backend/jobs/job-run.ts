import type { Database, Queryable } from '../database/database.ts'
import type { ClaimedJob } from './job-queue.ts'
import type { JobError } from './load-error.ts'

/** A line for the job's record. */
export interface Note {
  readonly text: string
  readonly level?: 'info' | 'success' | 'warning' | 'error'
  /** `timeline` is for milestones, `log` for everything else. */
  readonly kind?: 'timeline' | 'log'
}

export interface Change {
  readonly progress?: number
  readonly step?: { readonly index: number; readonly total: number; readonly label: string }
  readonly counters?: {
    readonly done: number
    readonly total: number | null
    readonly unit: string
  }
  readonly message?: string
  readonly note?: Note
}

type LastWork = (inside: Queryable) => Promise<Note | undefined>

/** The job was cancelled or taken back meanwhile: whoever runs it now, it is not this run. */
export class Superseded extends Error {
  constructor(jobId: string) {
    super(`job ${jobId} was cancelled or taken back`)
    this.name = 'Superseded'
  }
}

const held = `id = $1 and attempt = $2 and worker = $3 and status = 'running'`

/**
 * One attempt of one job, as its worker writes it down. Every write says attempt and worker, and
 * finds nothing once the job was cancelled or taken back. It knows no rows and no files.
 */
export class JobRun {
  readonly job: ClaimedJob
  readonly #worker: string
  readonly #database: Database

  constructor(database: Database, job: ClaimedJob, worker: string) {
    this.#database = database
    this.job = job
    this.#worker = worker
  }

  /** @throws Superseded */
  async report(change: Change): Promise<void> {
    await this.#write(this.#database, change)
  }

  /** Rows and the progress they make, in one transaction. @throws Superseded */
  async load<T>(change: Change, work: (inside: Queryable) => Promise<T>): Promise<T> {
    return this.#database.tx(async (inside) => {
      // A row lost with a power cut is loaded again by the next attempt; waiting for the disk
      // several times a second a job would buy nothing.
      await inside.query('set local synchronous_commit = off')
      // The job first: its row lock keeps a run that was taken back from writing anything.
      await this.#write(inside, change)
      return work(inside)
    })
  }

  /** `last` is work of the same transaction; what it returns is noted. @throws Superseded */
  async succeed(message: string, last?: LastWork): Promise<void> {
    await this.#settle(
      last,
      `status = 'succeeded', progress = 100, message = $4,
       note = jsonb_build_object('level', 'success', 'text', $4::text)`,
      [message],
    )
  }

  /** `last` is work of the same transaction. @throws Superseded */
  async fail(error: JobError, last?: LastWork): Promise<void> {
    await this.#settle(
      last,
      `status = 'failed', message = $4, error = jsonb_build_object('code', $5::text, 'message', $4::text),
       note = jsonb_build_object('level', 'error', 'text', $4::text)`,
      [error.message, error.code],
    )
  }

  async #settle(last: LastWork | undefined, set: string, params: readonly string[]): Promise<void> {
    await this.#database.tx(async (inside) => {
      // The job's lock first, here as well: a job that was cancelled is not worked on any more.
      await this.#write(inside, {})
      const note = await last?.(inside)
      if (note !== undefined) await this.#write(inside, { note })
      await this.#update(inside, `${set}, finished_at = clock_timestamp(), worker = null`, params)
    })
  }

  async #write(database: Queryable, change: Change): Promise<void> {
    await this.#update(
      database,
      `progress = greatest(progress, coalesce($4, progress)), step = coalesce($5::jsonb, step),
       counters = coalesce($6::jsonb, counters), message = coalesce($7, message), note = $8::jsonb`,
      [
        change.progress ?? null,
        change.step ?? null,
        change.counters ?? null,
        change.message ?? null,
        change.note ?? null,
      ],
    )
  }

  async #update(database: Queryable, set: string, params: readonly unknown[]): Promise<void> {
    const { id, attempt } = this.job
    const rows = await database.query(`update public.jobs set ${set} where ${held} returning id`, [
      id,
      attempt,
      this.#worker,
      ...params,
    ])
    if (rows.length === 0) throw new Superseded(id)
  }
}
