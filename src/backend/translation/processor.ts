import type { Database } from '../database/database.ts'
import { attempt } from '../jobs/job-attempt.ts'
import { claim } from '../jobs/job-queue.ts'
import type { Log } from '../log.ts'
import type { InboxState } from './inbox-state.ts'
import { Inbox } from './inbox.ts'

const retryMs = 1_000

export interface ProcessorOptions {
  readonly database: Database
  readonly log: Log
  /** This process among all that work on the same database; its lease is renewed elsewhere. */
  readonly worker: string
  /** Jobs that run at the same time. */
  readonly slots: number
  /** Scales the throughput caps of all recipes. */
  readonly pace: number
  readonly supabase: { readonly url: () => string; readonly serviceKey: string }
  /** Whose jobs it takes; null or left out is everybody's. */
  readonly tenantIds?: readonly string[] | null
  /** Between two looks while Realtime is down, milliseconds. */
  readonly pollMs?: number
  /** Told as soon as a job was claimed; for measuring. */
  readonly onClaimed?: (jobId: string) => void
}

/**
 * Translates what is inserted into `translation_jobs`. However many processors hear of a job, the
 * database lends it to one.
 */
export class Processor {
  readonly #options: ProcessorOptions
  readonly #inbox: Inbox
  readonly #stopping = new AbortController()
  readonly #running = new Map<string, Promise<void>>()
  #looking: Promise<void> | null = null
  #again = false
  #retry: NodeJS.Timeout | null = null

  constructor(options: ProcessorOptions) {
    this.#options = options
    const { supabase, log, pollMs } = options
    this.#inbox = new Inbox({
      ...supabase,
      log,
      look: () => this.#look(),
      ...(pollMs === undefined ? {} : { pollMs }),
    })
  }

  /** How work is heard of at the moment. */
  get inbox(): InboxState {
    return this.#inbox.state
  }

  get busy(): number {
    return this.#running.size
  }

  start(): void {
    this.#inbox.start()
  }

  /** Lets every job finish the batch in hand, and gives it back to the queue. */
  async close(): Promise<void> {
    await this.#inbox.close()
    this.#stopping.abort()
    if (this.#retry !== null) clearTimeout(this.#retry)
    await this.#looking
    await Promise.all(this.#running.values())
  }

  /** One look at a time; what is asked for meanwhile is one look more. */
  #look(): void {
    if (this.#looking !== null) {
      this.#again = true
      return
    }
    if (this.#stopping.signal.aborted) return
    this.#looking = this.#take()
      .catch((error: unknown) => {
        this.#options.log.warn('no translation job could be claimed', { why: String(error) })
        this.#lookLater()
      })
      .finally(() => {
        this.#looking = null
        if (!this.#again) return
        this.#again = false
        this.#look()
      })
  }

  /** Through Realtime it is said once that a job waits. */
  #lookLater(): void {
    if (this.#stopping.signal.aborted) return
    this.#retry ??= setTimeout(() => {
      this.#retry = null
      this.#look()
    }, retryMs)
  }

  async #take(): Promise<void> {
    const { database, worker, slots, log, pace, tenantIds: among = null, onClaimed } = this.#options
    const { signal } = this.#stopping
    const limit = slots - this.#running.size
    if (limit <= 0) return
    const wanted = { worker, queue: 'translation', tenantId: null, among, limit } as const
    const jobs = await claim(database, wanted)
    for (const job of jobs) {
      onClaimed?.(job.id)
      const ended = attempt(job, { database, log, worker, pace, signal }).finally(() => {
        this.#running.delete(job.id)
        this.#look()
      })
      this.#running.set(job.id, ended)
    }
  }
}
