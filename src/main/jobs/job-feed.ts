import type { EventPayload } from '../../shared/ipc/contract.ts'
import type { JobRow } from '../../shared/job.ts'
import type { Scope } from '../lib/scope.ts'
import type { Cancel, Clock } from '../ports.ts'
import { windowKeyOf } from './job-store.ts'
import type { JobKey } from './job-store.ts'

export type JobBatch = EventPayload<'jobs:batched'>
export type PublishBatch = (windowId: number, batch: JobBatch) => void

/** Between two batches to a window that is seen, and to one that is not. */
const periodMs = 100
const hiddenPeriodMs = 2_000
/** The first change after a pause waits only for those that come with it. */
const gatherMs = 20
const maxRows = 120
/** What a row weighs without its texts, in characters. */
const rowLength = 500
/** About 64 KB a message, in characters. */
const maxLength = 60_000

export interface JobFeedOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly workspaceId: string
  readonly publish: PublishBatch
  readonly keys: () => Iterable<JobKey>
  /** Null when the job is gone. */
  readonly row: (key: JobKey) => JobRow | null
  readonly groups: () => JobBatch['groups']
}

interface Viewer {
  readonly windowId: number
  readonly changed: Set<JobKey>
  groupsChanged: boolean
  /** The last batch given out. */
  batch: number
  inFlight: boolean
  /** The batch in flight was full: the next one need not wait for its time. */
  more: boolean
  sentAtMs: number
  cancelTimer: Cancel | null
}

/**
 * Brings the jobs of one workspace to its windows. It owns, for each window, the set of jobs that
 * changed since its last batch: the newest state of each is sent, never its history, and the next
 * batch only when the last one was acknowledged. So memory is bounded by jobs, whatever a window
 * does. It must never know where jobs come from.
 */
export class JobFeed {
  readonly #options: JobFeedOptions
  readonly #viewers = new Map<number, Viewer>()
  readonly #hidden = new Set<number>()

  constructor(options: JobFeedOptions) {
    this.#options = options
    options.scope.own(() => {
      for (const windowId of [...this.#viewers.keys()]) this.closeWindow(windowId)
    })
  }

  /** Everything known now; batches with a higher number follow. Opening again starts over. */
  open(windowId: number): Pick<JobBatch, 'batch' | 'rows' | 'groups'> {
    const before = this.#viewers.get(windowId)
    before?.cancelTimer?.()
    const batch = before?.batch ?? 0
    if (!this.#options.scope.closed) {
      this.#viewers.set(windowId, {
        windowId,
        changed: new Set(),
        groupsChanged: false,
        batch,
        inFlight: false,
        more: false,
        sentAtMs: this.#options.clock.monotonic(),
        cancelTimer: null,
      })
    }
    const rows: JobRow[] = []
    for (const key of this.#options.keys()) {
      const row = this.#options.row(key)
      if (row !== null) rows.push(row)
    }
    return { batch, rows, groups: this.#options.groups() }
  }

  /** The window has painted this batch. Anything but the batch in flight means nothing. */
  acknowledge(windowId: number, batch: number): void {
    const viewer = this.#viewers.get(windowId)
    if (viewer?.inFlight !== true || viewer.batch !== batch) return
    viewer.inFlight = false
    if (viewer.more) this.#flush(viewer)
    else this.#schedule(viewer)
  }

  setVisible(windowId: number, visible: boolean): void {
    if (visible) this.#hidden.delete(windowId)
    else this.#hidden.add(windowId)
    const viewer = this.#viewers.get(windowId)
    if (viewer === undefined) return
    viewer.cancelTimer?.()
    viewer.cancelTimer = null
    this.#schedule(viewer)
  }

  closeWindow(windowId: number): void {
    this.#viewers.get(windowId)?.cancelTimer?.()
    this.#viewers.delete(windowId)
    this.#hidden.delete(windowId)
  }

  touch(key: JobKey): void {
    for (const viewer of this.#viewers.values()) {
      viewer.changed.add(key)
      this.#schedule(viewer)
    }
  }

  /** The groups changed by time alone. */
  touchGroups(): void {
    for (const viewer of this.#viewers.values()) {
      viewer.groupsChanged = true
      this.#schedule(viewer)
    }
  }

  #schedule(viewer: Viewer): void {
    if (viewer.inFlight || viewer.cancelTimer !== null || this.#options.scope.closed) return
    if (viewer.changed.size === 0 && !viewer.groupsChanged) return
    const { clock } = this.#options
    const period = this.#hidden.has(viewer.windowId) ? hiddenPeriodMs : periodMs
    const delayMs = Math.max(gatherMs, viewer.sentAtMs + period - clock.monotonic())
    viewer.cancelTimer = clock.after(delayMs, () => {
      viewer.cancelTimer = null
      this.#flush(viewer)
    })
  }

  #flush(viewer: Viewer): void {
    const { scope, clock, workspaceId, publish, groups } = this.#options
    if (scope.closed || viewer.inFlight) return
    const { rows, removed } = this.#gather(viewer)
    viewer.groupsChanged = false
    viewer.more = viewer.changed.size > 0
    viewer.batch += 1
    viewer.inFlight = true
    viewer.sentAtMs = clock.monotonic()
    publish(viewer.windowId, { workspaceId, batch: viewer.batch, rows, removed, groups: groups() })
  }

  /** Takes out of the changed set as much as fits into one message. */
  #gather(viewer: Viewer): Pick<JobBatch, 'rows' | 'removed'> {
    const rows: JobRow[] = []
    const removed: string[] = []
    let length = 0
    for (const key of viewer.changed) {
      if (rows.length + removed.length >= maxRows || length >= maxLength) break
      viewer.changed.delete(key)
      const row = this.#options.row(key)
      if (row === null) removed.push(windowKeyOf(key))
      else {
        rows.push(row)
        length += rowLength + (row.message?.length ?? 0) + (row.error?.message.length ?? 0)
      }
    }
    return { rows, removed }
  }
}
