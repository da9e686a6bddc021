import { AppError } from './app-error.ts'
import type { Off } from './emitter.ts'

/** What owns something that must end: a socket, a timer, a listener, a file. */
export type Cleanup = () => unknown

/** What a close came to; nothing is ever thrown out of it. */
export interface CloseReport {
  readonly reason: string
  /** Cleanups that ran in this scope and below. */
  readonly released: number
  readonly errors: readonly unknown[]
}

/**
 * Owns endings. A tree: app › workspace › source › connection attempt.
 *
 * Closing has two beats. Silence: the signals of this scope and of every child abort, synchronously,
 * before anything is awaited, so that nothing speaks or writes again. Release: children, then own
 * cleanups, in reverse order of owning, one at a time. A network cleanup races its own deadline.
 */
export class Scope {
  readonly name: string
  readonly #parent: Scope | null
  readonly #controller = new AbortController()
  readonly #owned = new Set<{ cleanup: Cleanup; child: Scope | null }>()
  #closing: Promise<CloseReport> | null = null

  constructor(name: string, parent: Scope | null = null) {
    this.name = name
    this.#parent = parent
  }

  /** Aborts at the first beat of closing. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get closed(): boolean {
    return this.#controller.signal.aborted
  }

  /** Things owned right now, in this scope and below; zero is what tests look for. */
  get size(): number {
    let size = 0
    for (const { child } of this.#owned) size += child === null ? 1 : 1 + child.size
    return size
  }

  /** The path from the root, for reports: `app › workspace`. */
  get path(): string {
    return this.#parent === null ? this.name : `${this.#parent.path} › ${this.name}`
  }

  /**
   * Takes over the duty to end something. Returns a function that gives the duty back without
   * ending it (for a thing that ended by itself).
   * @throws AppError `internal` when the scope is closed: the caller opened something too late.
   */
  own(cleanup: Cleanup): Off {
    return this.#add(cleanup, null)
  }

  /** A scope that ends with this one, or earlier by itself; then this one forgets it. */
  child(name: string): Scope {
    const child = new Scope(name, this)
    const forget = this.#add(() => child.close('parent closed'), child)
    child.signal.addEventListener('abort', () => {
      // While this scope itself closes, the child stays listed so that its release is awaited.
      if (!this.closed) void child.close('closed').then(forget)
    })
    return child
  }

  /** Idempotent: everyone who calls gets the same promise. Never rejects. */
  close(reason: string): Promise<CloseReport> {
    if (this.#closing !== null) return this.#closing
    const { promise, resolve } = Promise.withResolvers<CloseReport>()
    this.#closing = promise
    this.#silence(reason)
    void this.#release(reason).then(resolve)
    return promise
  }

  #add(cleanup: Cleanup, child: Scope | null): Off {
    if (this.closed) throw new AppError('internal', `scope "${this.path}" is closed`)
    const entry = { cleanup, child }
    this.#owned.add(entry)
    return () => {
      this.#owned.delete(entry)
    }
  }

  #silence(reason: string): void {
    if (this.closed) return
    this.#controller.abort(new AppError('cancelled', `scope "${this.path}" closed: ${reason}`))
    for (const { child } of this.#owned) {
      if (child !== null) child.#silence(reason)
    }
  }

  async #release(reason: string): Promise<CloseReport> {
    const errors: unknown[] = []
    let released = 0
    for (const entry of [...this.#owned].reverse()) {
      try {
        const result: unknown = await entry.cleanup()
        if (entry.child === null) released += 1
        else {
          const report = result as CloseReport
          released += report.released
          errors.push(...report.errors)
        }
      } catch (error) {
        errors.push(error)
      }
      this.#owned.delete(entry)
    }
    return { reason, released, errors }
  }
}
