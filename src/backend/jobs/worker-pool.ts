import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import { every, type Repeating } from './every.ts'
import { attempt } from './job-attempt.ts'
import { claim } from './job-queue.ts'

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
    const { database, log, worker, tenantIds, slots, pace } = this.#options
    const { signal } = this.#stopping
    for (const tenantId of tenantIds) {
      const busy = [...this.#running.values()].filter((run) => run.tenantId === tenantId).length
      if (busy >= slots) continue
      for (const job of await claim(database, {
        worker,
        queue: 'sample',
        tenantId,
        limit: slots - busy,
      })) {
        const ended = attempt(job, { database, log, worker, pace, signal }).finally(() => {
          this.#running.delete(job.id)
          this.#polling?.hurry()
        })
        this.#running.set(job.id, { tenantId, ended })
      }
    }
  }
}
