import type { JobChange } from '../feed.ts'
import { eventFrame } from './text-frame.ts'

/** What is kept for followers that are a little behind; those that are more so read the log. */
const kept = { entries: 1_024, bytes: 512 * 1024 }

/** Somebody on the stream of a set of tenants. */
export interface Follower {
  /** The last change of the set that it was told. */
  readonly offset: number
  /** Framed events in order, from its offset on; `offset` is that of the last. */
  deliver: (frames: Buffer, offset: number) => void
  /** Changes are lost for good. */
  restart: () => void
}

interface Entry {
  readonly offset: number
  readonly frame: Buffer
}

/**
 * The stream of one set of tenants: numbers its changes, builds each message once, and tells all
 * who follow. Who falls behind its memory has to catch up from the log.
 */
export class TenantChannel {
  readonly tenantIds: readonly string[]
  readonly #followers = new Set<Follower>()
  readonly #live = new Set<Follower>()
  #recent: Entry[] = []
  #recentBytes = 0
  #offset: number

  constructor(tenantIds: readonly string[], offset: number) {
    this.tenantIds = tenantIds
    this.#offset = offset
  }

  get followed(): boolean {
    return this.#followers.size > 0
  }

  add(follower: Follower): void {
    this.#followers.add(follower)
  }

  remove(follower: Follower): void {
    this.#followers.delete(follower)
    this.#live.delete(follower)
  }

  /**
   * From here on the follower is told of every change, beginning with what it has not seen yet.
   * False when that is more than is kept here. It may also be ahead: the log is read sooner than
   * it is heard.
   */
  join(follower: Follower): boolean {
    const [oldest] = this.#recent
    const missing = follower.offset < this.#offset
    if (missing && (oldest === undefined || oldest.offset > follower.offset + 1)) return false
    this.#live.add(follower)
    if (missing) this.#deliver(follower, this.#recent, this.#offset)
    return true
  }

  /** Until it joins again. */
  leave(follower: Follower): void {
    this.#live.delete(follower)
  }

  /** Changes of its tenants, in order, none left out. */
  take(changes: readonly JobChange[]): void {
    const entries = changes.map(({ jobText }, index): Entry => {
      const offset = this.#offset + index + 1
      return { offset, frame: eventFrame(offset, jobText) }
    })
    const before = this.#offset
    this.#offset += entries.length
    this.#keep(entries)
    const together = Buffer.concat(entries.map((entry) => entry.frame))
    for (const follower of this.#live) {
      if (follower.offset === before) follower.deliver(together, this.#offset)
      else this.#deliver(follower, entries, this.#offset)
    }
  }

  /** The stream goes on from another place; everybody needs a new beginning. */
  restart(offset: number): void {
    this.#offset = offset
    this.#recent = []
    this.#recentBytes = 0
    this.#live.clear()
    for (const follower of [...this.#followers]) follower.restart()
  }

  #deliver(follower: Follower, entries: readonly Entry[], upTo: number): void {
    const unseen = entries.filter((entry) => entry.offset > follower.offset)
    if (unseen.length === 0) return
    follower.deliver(Buffer.concat(unseen.map((entry) => entry.frame)), upTo)
  }

  #keep(entries: readonly Entry[]): void {
    this.#recent.push(...entries)
    for (const { frame } of entries) this.#recentBytes += frame.length
    let drop = 0
    while (this.#recent.length - drop > kept.entries || this.#recentBytes > kept.bytes) {
      this.#recentBytes -= this.#recent[drop]?.frame.length ?? 0
      drop += 1
    }
    if (drop > 0) this.#recent.splice(0, drop)
  }
}
