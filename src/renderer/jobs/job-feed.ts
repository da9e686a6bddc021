/**
 * The rows of one workspace in this window: snapshot plus batches, by `jobKeyOf`. It notifies once a
 * frame, says what was painted, and is empty after `close`. It knows no order and no component.
 */
import type { EventPayload, Group } from '../../shared/ipc/contract.ts'
import { jobKeyOf } from '../../shared/job-key.ts'
import type { JobRow } from '../../shared/job.ts'
import type { FailureCode } from '../../shared/failure.ts'
import type { Client } from '../ipc/client.ts'
import type { Frames } from '../ui/frames.ts'
import { Listeners } from '../ui/listeners.ts'
import type { Off } from '../ui/listeners.ts'
import { RateHistory } from './rate-history.ts'

type Batch = EventPayload<'jobs:batched'>

export interface FeedView {
  readonly state: 'opening' | 'open' | 'failed' | 'closed'
  readonly reason: FailureCode | null
  readonly groups: readonly Group[]
  /** When anything of this workspace was heard last; 0 before. */
  readonly heardAtMs: number
}

export interface FeedChange {
  readonly key: string
  /** New, removed, or differing from before; `before` is undefined for a new row. */
  readonly before: JobRow | undefined
  readonly after: JobRow | undefined
}

export class JobFeed {
  readonly workspaceId: string
  readonly rates = new RateHistory()
  readonly #client: Client
  readonly #frames: Frames
  readonly #rows = new Map<string, JobRow>()
  readonly #rowListeners = new Map<string, Listeners>()
  readonly #viewListeners = new Listeners()
  readonly #flushListeners = new Set<(changes: readonly FeedChange[]) => void>()
  readonly #dirty = new Map<string, JobRow | undefined>()
  readonly #offs: Off[] = []
  #view: FeedView = { state: 'opening', reason: null, groups: [], heardAtMs: 0 }
  #nextGroups: readonly Group[] = []
  #early: Batch[] = []
  #taken = -1
  #drawn = -1
  #cancelFrame: Off | null = null
  #cancelPainted: Off | null = null

  constructor(workspaceId: string, client: Client, frames: Frames) {
    this.workspaceId = workspaceId
    this.#client = client
    this.#frames = frames
  }

  /** Subscribes first, then asks for everything: no batch falls between the two. */
  async open(): Promise<void> {
    this.#offs.push(this.#client.on('jobs:batched', (batch) => this.#take(batch)))
    const outcome = await this.#client.call('jobs:open', { workspaceId: this.workspaceId })
    if (this.#closed) return
    if (!outcome.ok) {
      this.#view = { ...this.#view, state: 'failed', reason: outcome.failure.code }
      this.#viewListeners.notify()
      return
    }
    const { rows, groups, batch } = outcome.value
    for (const row of rows) this.#put(row)
    this.#nextGroups = groups
    this.#view = { ...this.#view, state: 'open' }
    const later = this.#early.filter((early) => early.batch > batch)
    this.#early = []
    for (const early of later) this.#apply(early)
    this.#schedule()
  }

  /** Silent and empty from here on; a late batch or answer changes nothing. */
  close(): void {
    for (const off of this.#offs.splice(0)) off()
    this.#cancelFrames()
    this.#rows.clear()
    this.#dirty.clear()
    this.#early = []
    this.rates.clear()
    this.#view = { state: 'closed', reason: null, groups: [], heardAtMs: 0 }
    for (const listeners of [...this.#rowListeners.values()]) listeners.notify()
    this.#viewListeners.notify()
    this.#flushListeners.clear()
  }

  readonly view = (): FeedView => this.#view
  readonly onView = this.#viewListeners.subscribe

  row(key: string): JobRow | undefined {
    return this.#rows.get(key)
  }

  rows(): IterableIterator<JobRow> {
    return this.#rows.values()
  }

  get size(): number {
    return this.#rows.size
  }

  /** Listeners of one row are called only when that row changed. */
  onRow(key: string, listener: () => void): Off {
    let listeners = this.#rowListeners.get(key)
    if (listeners === undefined) {
      listeners = new Listeners()
      this.#rowListeners.set(key, listeners)
    }
    const off = listeners.subscribe(listener)
    return () => {
      off()
      if (listeners.size === 0) this.#rowListeners.delete(key)
    }
  }

  /** Once a frame, with everything that changed since the one before; before rows are notified. */
  onFlush(listener: (changes: readonly FeedChange[]) => void): Off {
    this.#flushListeners.add(listener)
    return () => {
      this.#flushListeners.delete(listener)
    }
  }

  /** The window was shown or hidden: a frame that was waited for may never come. */
  visibilityChanged(): void {
    if (this.#closed) return
    this.#cancelFrames()
    this.#schedule()
  }

  get #closed(): boolean {
    return this.#view.state === 'closed'
  }

  #take(batch: Batch): void {
    if (batch.workspaceId !== this.workspaceId || this.#closed) return
    if (this.#view.state === 'opening') {
      this.#early.push(batch)
      this.#taken = Math.max(this.#taken, batch.batch)
      return
    }
    this.#apply(batch)
    this.#schedule()
  }

  #apply(batch: Batch): void {
    for (const row of batch.rows) this.#put(row)
    for (const key of batch.removed) this.#remove(key)
    this.#nextGroups = batch.groups
    this.#taken = Math.max(this.#taken, batch.batch)
  }

  #put(row: JobRow): void {
    const key = jobKeyOf(row)
    if (!this.#dirty.has(key)) this.#dirty.set(key, this.#rows.get(key))
    this.#rows.set(key, row)
    this.rates.add(key, row.remembered ? null : row.ratePerSecond, this.#frames.now())
  }

  #remove(key: string): void {
    const before = this.#rows.get(key)
    if (before === undefined) return
    if (!this.#dirty.has(key)) this.#dirty.set(key, before)
    this.#rows.delete(key)
    this.rates.forget(key)
  }

  #schedule(): void {
    // A hidden window gets no frames; nothing is painted, so there is nothing to wait for.
    if (this.#frames.hidden) {
      this.#flush()
      this.#acknowledge()
      return
    }
    this.#cancelFrame ??= this.#frames.onFrame(() => {
      this.#cancelFrame = null
      this.#flush()
      // The commit happens within this frame, the paint after it: the next frame knows.
      this.#cancelPainted ??= this.#frames.onFrame(() => {
        this.#cancelPainted = null
        this.#acknowledge()
      })
    })
  }

  #cancelFrames(): void {
    this.#cancelFrame?.()
    this.#cancelPainted?.()
    this.#cancelFrame = null
    this.#cancelPainted = null
  }

  #flush(): void {
    const keys = [...this.#dirty.keys()]
    const changes = keys.map((key) => ({
      key,
      before: this.#dirty.get(key),
      after: this.#rows.get(key),
    }))
    this.#dirty.clear()
    let heardAtMs = this.#view.heardAtMs
    for (const { after } of changes) {
      if (after !== undefined && !after.remembered) heardAtMs = Math.max(heardAtMs, after.heardAtMs)
    }
    this.#view = { ...this.#view, groups: this.#nextGroups, heardAtMs }
    this.#drawn = Math.max(this.#drawn, this.#taken)
    this.#taken = -1
    for (const listener of [...this.#flushListeners]) listener(changes)
    for (const key of keys) this.#rowListeners.get(key)?.notify()
    this.#viewListeners.notify()
  }

  #acknowledge(): void {
    const batch = this.#drawn
    if (batch < 0 || this.#closed) return
    this.#drawn = -1
    void this.#client.call('jobs:acknowledge', { workspaceId: this.workspaceId, batch })
  }
}
