import { setTimeout as delay } from 'node:timers/promises'

/**
 * A cap on throughput, as a source with a rate limit has it. Time that the work itself took counts;
 * the cap never makes up for more than one second of lateness.
 */
export class Pace {
  readonly #rowsPerSecond: number
  readonly #now: () => number
  #dueMs: number

  constructor(rowsPerSecond: number, now: () => number = () => performance.now()) {
    this.#rowsPerSecond = rowsPerSecond
    this.#now = now
    this.#dueMs = now()
  }

  /** Books `rows` and answers how long to wait for them, in milliseconds. */
  book(rows: number): number {
    const nowMs = this.#now()
    this.#dueMs = Math.max(this.#dueMs, nowMs - 1_000) + (rows / this.#rowsPerSecond) * 1_000
    return Math.max(0, this.#dueMs - nowMs)
  }

  /** @throws AbortError as soon as the signal aborts. */
  async take(rows: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.book(rows)
    signal.throwIfAborted()
    if (waitMs >= 1) await delay(waitMs, undefined, { signal })
  }
}
