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
  readonly #owned = new Set<{ cleanup: Cleanup; child: Scope | null }>()
  /** Made when somebody asks for the signal: most scopes are short, and only looked at. */
  #controller: AbortController | null = null
  /** Why it closed. */
  #reason: string | null = null
  #closing: Promise<CloseReport> | null = null
  #forget: Off | null = null

  constructor(name: string, parent: Scope | null = null) {
    this.name = name
    this.#parent = parent
  }

  /** Aborts at the first beat of closing. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason !== null) this.#abort(this.#reason)
    return this.#controller.signal
  }

  get closed(): boolean {
    return this.#reason !== null
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
    child.#forget = this.#add(() => child.close('parent closed'), child)
    return child
  }

  /** Idempotent: everyone who calls gets the same promise. Never rejects. */
  close(reason: string): Promise<CloseReport> {
    if (this.#closing !== null) return this.#closing
    const { promise, resolve } = Promise.withResolvers<CloseReport>()
    this.#closing = promise
    this.#silence(reason)
    void this.#release(reason).then(resolve)
    // While the parent itself closes, this scope stays listed so that its release is awaited.
    if (this.#parent?.closed === false) void promise.then(() => this.#forget?.())
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
    this.#reason = reason
    this.#abort(reason)
    for (const { child } of this.#owned) {
      if (child !== null) child.#silence(reason)
    }
  }

  #abort(reason: string): void {
    if (this.#controller?.signal.aborted !== false) return
    this.#controller.abort(new AppError('cancelled', `scope "${this.path}" closed: ${reason}`))
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
