import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { JobChange, JobFeed } from './feed.ts'
import { JobChannel, type Watcher } from './job-channel.ts'
import type { JobReader } from './job-reader.ts'

const retryMs = 500

export interface JobHubOptions {
  readonly database: Database
  readonly feed: JobFeed
  readonly reader: JobReader
  readonly log: Log
}

/**
 * From the feed to every watched job. However many watch a job, it is read once; jobs that nobody
 * watches cost nothing. It knows no sockets and no tenants.
 */
export class JobHub {
  readonly #options: JobHubOptions
  readonly #channels = new Map<string, JobChannel>()
  #unsubscribe: (() => void) | null = null
  #unlisten: (() => Promise<void>) | null = null
  #closed = false

  constructor(options: JobHubOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { database, feed } = this.#options
    this.#unsubscribe = feed.subscribe((changes) => {
      if (changes === null) this.#rereadAll()
      else for (const change of changes) this.#hear(change)
    })
    // Not in the log of changes: a job that was deleted has no state to tell.
    this.#unlisten = await database.listen('job_deletions', (jobId) => {
      const channel = jobId === null ? undefined : this.#channels.get(jobId)
      if (jobId === null) this.#rereadAll()
      else if (channel !== undefined) this.#reread(channel)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#unsubscribe?.()
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

  #hear(change: JobChange): void {
    const channel = this.#channels.get(change.jobId)
    if (channel?.take(change) === 'gap') this.#reread(channel)
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
