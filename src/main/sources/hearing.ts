import type { Scope } from '../lib/scope.ts'
import type { Cancel, Clock } from '../ports.ts'

/** "Live" may be said only this long after something was heard (I14). */
export const freshForMs = 12_000

/** When something was last heard, and the moment at which that becomes too long ago. */
export class Hearing {
  readonly #clock: Clock
  readonly #onStale: () => void
  #heardAtMs: number | null = null
  #cancel: Cancel | null = null

  constructor(scope: Scope, clock: Clock, onStale: () => void) {
    this.#clock = clock
    this.#onStale = onStale
    scope.own(() => {
      this.#cancel?.()
      this.#cancel = null
    })
  }

  get ever(): boolean {
    return this.#heardAtMs !== null
  }

  get fresh(): boolean {
    return this.#leftMs() > 0
  }

  /** Answers whether it was silent for too long before. */
  heard(): boolean {
    const nowMs = this.#clock.monotonic()
    const wasSilent = this.#heardAtMs === null || nowMs >= this.#heardAtMs + freshForMs
    this.#heardAtMs = nowMs
    // The timer is not moved with every message: when it fires early, it looks again.
    if (this.#cancel === null) this.#arm()
    return wasSilent
  }

  #leftMs(): number {
    return this.#heardAtMs === null ? 0 : this.#heardAtMs + freshForMs - this.#clock.monotonic()
  }

  #arm(): void {
    this.#cancel = this.#clock.after(Math.max(1, this.#leftMs()), () => {
      this.#cancel = null
      if (this.fresh) this.#arm()
      else this.#onStale()
    })
  }
}
