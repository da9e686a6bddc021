import { z } from 'zod'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import { JobChannel, type Watcher } from './job-channel.ts'
import type { JobReader } from './job-reader.ts'

/** Notifications are gathered for so long, so that one statement reads many events. */
const gatherMs = 8
const retryMs = 500

/** `[event id, or null when the job went; tenant; job id]`, as the trigger writes it. */
const notification = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' })
      return z.NEVER
    }
  })
  .pipe(z.tuple([z.int().nullable(), z.string(), z.string()]))

export interface JobHubOptions {
  readonly database: Database
  readonly reader: JobReader
  readonly log: Log
}

/**
 * From one LISTEN to every watched job. However many watch a job, it is read once; jobs that
 * nobody watches cost nothing. It knows no sockets and no tenants.
 */
export class JobHub {
  readonly #options: JobHubOptions
  readonly #channels = new Map<string, JobChannel>()
  #pending: number[] = []
  #timer: NodeJS.Timeout | null = null
  #reading = false
  #unlisten: (() => Promise<void>) | null = null
  #closed = false

  constructor(options: JobHubOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#unlisten = await this.#options.database.listen('job_events', (payload) => {
      if (payload === null) this.#rereadAll()
      else this.#hear(payload)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#channels.clear()
    await this.#unlisten?.().catch(() => undefined)
  }

  /** Returns its own off-switch. The id must be one that the watcher may see. */
  watch(jobId: string, watcher: Watcher): () => void {
    const known = this.#channels.get(jobId)
    const channel = known ?? new JobChannel(jobId)
    if (known === undefined) {
      // Listed before it is read: what happens from here on reaches it.
      this.#channels.set(jobId, channel)
      this.#read(channel)
    }
    channel.join(watcher)
    return () => {
      channel.leave(watcher)
      if (!channel.watched && this.#channels.get(jobId) === channel) this.#channels.delete(jobId)
    }
  }

  #hear(payload: string): void {
    const parsed = notification.safeParse(payload)
    // Whoever may use SQL may notify; only the trigger writes what is read here.
    if (!parsed.success) return
    const [eventId, , jobId] = parsed.data
    const channel = this.#channels.get(jobId)
    if (channel === undefined) return
    if (eventId === null) {
      this.#reread(channel)
      return
    }
    this.#pending.push(eventId)
    this.#plan(gatherMs)
  }

  #plan(delayMs: number): void {
    if (this.#closed || this.#reading || this.#timer !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.#pull()
    }, delayMs)
  }

  /** One at a time, so that events stay in order. */
  async #pull(): Promise<void> {
    const ids = this.#pending
    this.#pending = []
    this.#reading = true
    try {
      for (const event of await this.#options.reader.eventsById(ids)) {
        const channel = this.#channels.get(event.jobId)
        if (channel?.take(event) === 'gap') this.#reread(channel)
      }
    } catch (error) {
      this.#options.log.warn('events could not be read', { why: String(error) })
      this.#later(() => this.#rereadAll())
    } finally {
      this.#reading = false
    }
    if (this.#pending.length > 0) this.#plan(gatherMs)
  }

  #rereadAll(): void {
    for (const channel of this.#channels.values()) this.#reread(channel)
  }

  #reread(channel: JobChannel): void {
    channel.reread()
    this.#read(channel)
  }

  #read(channel: JobChannel): void {
    this.#options.reader.state(channel.jobId).then(
      (state) => {
        if (channel.settle(state) === 'gap') this.#reread(channel)
      },
      (error: unknown) => {
        this.#options.log.warn('a job could not be read', { why: String(error) })
        this.#later(() => {
          if (this.#channels.get(channel.jobId) === channel) this.#read(channel)
        })
      },
    )
  }

  #later(run: () => void): void {
    setTimeout(() => {
      if (!this.#closed) run()
    }, retryMs).unref()
  }
}
