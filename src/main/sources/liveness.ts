import type { Clock } from '../ports.ts'

/** Silence after which a sign of life is asked for; with the answer: found dead within 12 s. */
const pingAfterMs = 8_000
const answerWithinMs = 4_000
/** After a wake the answer is expected sooner. */
const probeWithinMs = 3_000
/** A timer that fires this late says that we were busy, not that the peer is silent. */
const lagMs = 500

export interface LivenessStep {
  readonly ping: boolean
  readonly dead: boolean
  readonly againInMs: number
}

/**
 * Whether a peer still answers: counted by messages and pongs, never by bytes (a dripping frame
 * brings bytes for ever) and never by what we send.
 */
export class Liveness {
  readonly #clock: Clock
  #heardAtMs = 0
  /** When an asked-for answer is due, or null. */
  #answerDueMs: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  heard(): void {
    this.#heardAtMs = this.#clock.monotonic()
    this.#answerDueMs = null
  }

  /** The caller has sent a ping on its own account. */
  probe(): void {
    const due = this.#clock.monotonic() + probeWithinMs
    this.#answerDueMs = Math.min(due, this.#answerDueMs ?? due)
  }

  /** What to do now, and when to ask again. */
  next(): LivenessStep {
    const now = this.#clock.monotonic()
    if (this.#answerDueMs !== null) return this.#await(now, this.#answerDueMs)
    const pingInMs = this.#heardAtMs + pingAfterMs - now
    if (pingInMs > 0) return { ping: false, dead: false, againInMs: Math.max(1, pingInMs) }
    this.#answerDueMs = now + answerWithinMs
    return { ping: true, dead: false, againInMs: answerWithinMs }
  }

  #await(now: number, dueMs: number): LivenessStep {
    const lateMs = now - dueMs
    if (lateMs < 0) return { ping: false, dead: false, againInMs: Math.max(1, -lateMs) }
    if (lateMs < lagMs) return { ping: false, dead: true, againInMs: 0 }
    // The answer may lie unread in our own buffers: read first, judge then.
    this.#answerDueMs = now + lagMs
    return { ping: true, dead: false, againInMs: lagMs }
  }
}
