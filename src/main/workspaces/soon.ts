import type { Cancel, Clock } from '../ports.ts'

/** Runs a task at most once in `everyMs`: at once when it can, else as soon as it may. */
export class Soon {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #run: () => void
  #last = Number.NEGATIVE_INFINITY
  #cancel: Cancel | null = null

  constructor(clock: Clock, everyMs: number, run: () => void) {
    this.#clock = clock
    this.#everyMs = everyMs
    this.#run = run
  }

  ask(): void {
    if (this.#cancel !== null) return
    const waitMs = this.#last + this.#everyMs - this.#clock.monotonic()
    if (waitMs <= 0) this.now()
    else this.#cancel = this.#clock.after(waitMs, () => this.now())
  }

  /** Runs without waiting; what was asked for before is done with it. */
  now(): void {
    this.stop()
    this.#last = this.#clock.monotonic()
    this.#run()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }
}
