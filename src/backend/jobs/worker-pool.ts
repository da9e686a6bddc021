import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import { every, type Repeating } from './every.ts'
import { claim, handBack, type ClaimedJob } from './job-queue.ts'
import { JobRun, Superseded } from './job-run.ts'
import { DataFault, Pipeline } from './pipeline.ts'
import { recipeByKey } from './recipes.ts'

export interface WorkerPoolOptions {
  readonly database: Database
  readonly log: Log
  /** This process among all that work on the same database. */
  readonly worker: string
  readonly tenantIds: readonly string[]
  /** Jobs of one tenant that run at the same time. */
  readonly slots: number
  /** Scales the throughput caps of all recipes. */
  readonly pace: number
}

const pollMs = 500

/** Takes waiting jobs and runs them, so many a tenant at a time. It does not decide what exists. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #stopping = new AbortController()
  readonly #running = new Map<string, { tenantId: string; ended: Promise<void> }>()
  #polling: Repeating | null = null

  constructor(options: WorkerPoolOptions) {
    this.#options = options
  }

  start(): void {
    this.#polling ??= every(pollMs, () => this.#takeWork(), this.#options.log)
  }

  /** Lets every job finish the batch in hand, and gives it back to the queue. */
  async close(): Promise<void> {
    await this.#polling?.close()
    this.#stopping.abort()
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
  }

  async #takeWork(): Promise<void> {
    const { database, worker, tenantIds, slots } = this.#options
    for (const tenantId of tenantIds) {
      const busy = [...this.#running.values()].filter((run) => run.tenantId === tenantId).length
      if (busy >= slots) continue
      for (const job of await claim(database, { worker, tenantId, limit: slots - busy })) {
        const ended = this.#attempt(job).finally(() => {
          this.#running.delete(job.id)
          this.#polling?.hurry()
        })
        this.#running.set(job.id, { tenantId, ended })
      }
    }
  }

  /** One attempt, with every way it can end. Never rejects. */
  async #attempt(job: ClaimedJob): Promise<void> {
    const { database, log, worker } = this.#options
    try {
      await this.#run(new JobRun(database, job, worker))
    } catch (error) {
      if (error instanceof Superseded) {
        log.warn('a job was taken back from this worker', { job: job.id })
        return
      }
      // Not the job's fault, and not said on the wire: the job waits for another attempt.
      if (!this.#stopping.signal.aborted) {
        log.error('a job could not be run', { job: job.id, why: String(error) })
      }
      await handBack(database, job.id, worker).catch((late: unknown) =>
        log.error('a job could not be handed back', { job: job.id, why: String(late) }),
      )
    }
  }

  async #run(run: JobRun): Promise<void> {
    const { database, pace } = this.#options
    const recipe = recipeByKey(String(run.job.input.recipe))
    if (recipe === null) {
      await run.fail({ code: 'recipe_unknown', message: 'no recipe of that name is known here' })
      return
    }
    const file = recipe.files.find((name) => name === run.job.input.file) ?? recipe.files[0]
    const signal = this.#stopping.signal
    const pipeline = new Pipeline({ database, run, recipe, file, pace, signal })
    try {
      await run.succeed(await pipeline.go())
    } catch (error) {
      if (!(error instanceof DataFault)) throw error
      await pipeline.undo()
      await run.fail(error.fault)
    }
  }
}
