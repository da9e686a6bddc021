/** Timeline and log of the one job whose pane is open. It asks at most once a second. */
import type { FailureCode } from '../../shared/failure.ts'
import type { JobRow, TimelineEntry } from '../../shared/job.ts'
import type { Client } from '../ipc/client.ts'
import type { Frames } from '../ui/frames.ts'
import { Listeners } from '../ui/listeners.ts'
import type { Off } from '../ui/listeners.ts'
import type { JobFeed } from './job-feed.ts'

export interface TimelineView {
  /** The job that is followed, by `jobKeyOf`. */
  readonly key: string | null
  readonly state: 'reading' | 'read' | 'failed'
  readonly reason: FailureCode | null
  readonly entries: readonly TimelineEntry[]
}

const nothing: TimelineView = { key: null, state: 'reading', reason: null, entries: [] }
const readEveryMs = 1_000

export class TimelineStore {
  readonly #client: Client
  readonly #feed: JobFeed
  readonly #frames: Frames
  readonly #listeners = new Listeners()
  #view: TimelineView = nothing
  #seqRead = -1
  #asking = false
  #stop: Off | null = null
  #cancelRead: Off | null = null
  #lastReadMs = Number.NEGATIVE_INFINITY

  constructor(client: Client, feed: JobFeed, frames: Frames) {
    this.#client = client
    this.#feed = feed
    this.#frames = frames
  }

  readonly view = (): TimelineView => this.#view
  readonly subscribe = this.#listeners.subscribe

  /** Follows this job until the returned switch is used. */
  follow(key: string): Off {
    this.clear()
    this.#view = { ...nothing, key }
    this.#stop = this.#feed.onRow(key, () => this.#changed())
    this.#lastReadMs = Number.NEGATIVE_INFINITY
    this.#changed()
    return () => {
      if (this.#view.key === key) this.clear()
    }
  }

  clear(): void {
    this.#stop?.()
    this.#stop = null
    this.#cancelRead?.()
    this.#cancelRead = null
    this.#seqRead = -1
    this.#asking = false
    if (this.#view === nothing) return
    this.#view = nothing
    this.#listeners.notify()
  }

  /** Asks again after a failure, because the operator wants it. */
  again(): void {
    this.#seqRead = -1
    this.#changed()
  }

  #changed(): void {
    const { key } = this.#view
    const row = key === null ? undefined : this.#feed.row(key)
    if (row === undefined || row.seq === this.#seqRead || this.#asking) return
    const waitMs = this.#lastReadMs + readEveryMs - this.#frames.now()
    if (waitMs <= 0 || waitMs > readEveryMs) {
      void this.#read(row)
      return
    }
    this.#cancelRead ??= this.#frames.after(waitMs, () => {
      this.#cancelRead = null
      this.#changed()
    })
  }

  async #read({ id: jobId, seq }: JobRow): Promise<void> {
    const { key } = this.#view
    this.#asking = true
    this.#seqRead = seq
    this.#lastReadMs = this.#frames.now()
    const { workspaceId } = this.#feed
    const outcome = await this.#client.call('jobs:read-timeline', { workspaceId, jobId })
    // The pane may show another job by now, or none.
    if (this.#view.key !== key) return
    this.#asking = false
    this.#view = outcome.ok
      ? { key, state: 'read', reason: null, entries: outcome.value.entries }
      : { ...this.#view, state: 'failed', reason: outcome.failure.code }
    this.#listeners.notify()
    this.#changed()
  }
}
