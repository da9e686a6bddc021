import type { Clock } from '../ports.ts'

/** Silence after which a sign of life is asked for; with the answer: found dead within 12 s. */
const pingAfterMs = 8_000
const answerWithinMs = 4_000
/** After a wake the answer is expected sooner. */
const probeWithinMs = 3_000
/** A timer that fires this late says that we were busy, not that the peer is silent. */
const lagMs = 500

/** Asks the peer for a sign of life; false when it need not answer. */
type Ask = () => boolean

export type LivenessStep =
  | { readonly kind: 'again'; readonly inMs: number }
  /** `probed`: silent since a wake. */
  | { readonly kind: 'dead'; readonly probed: boolean }

/**
 * Whether a peer still answers: counted by messages and pongs, never by bytes (a dripping frame
 * brings bytes for ever) and never by what we send. A peer that need not answer is never found
 * dead by its silence, but it is not trusted after a wake either.
 */
export class Liveness {
  readonly #clock: Clock
  readonly #ask: Ask
  /** When something was last heard, or said that needs no answer. */
  #quietSinceMs = 0
  /** When an asked-for answer is due, or null. */
  #answerDueMs: number | null = null
  #probed = false

  constructor(clock: Clock, ask: Ask) {
    this.#clock = clock
    this.#ask = ask
  }

  heard(): void {
    this.#quietSinceMs = this.#clock.monotonic()
    this.#answerDueMs = null
    this.#probed = false
  }

  /** Asks out of turn, and expects the answer sooner. What was due before a sleep is due no more. */
  probe(): LivenessStep {
    const now = this.#clock.monotonic()
    const dueMs = now + probeWithinMs
    this.#probed = true
    if (!this.#ask()) return dead(true)
    const before = this.#answerDueMs
    this.#answerDueMs = before === null || before < now ? dueMs : Math.min(dueMs, before)
    return again(this.#answerDueMs - now)
  }

  /** Asks when it is time to. */
  next(): LivenessStep {
    const now = this.#clock.monotonic()
    if (this.#answerDueMs !== null) return this.#await(now, this.#answerDueMs)
    const quietMs = this.#quietSinceMs + pingAfterMs - now
    if (quietMs > 0) return again(quietMs)
    if (!this.#ask()) {
      this.#quietSinceMs = now
      return again(pingAfterMs)
    }
    this.#answerDueMs = now + answerWithinMs
    return again(answerWithinMs)
  }

  #await(now: number, dueMs: number): LivenessStep {
    const lateMs = now - dueMs
    if (lateMs < 0) return again(-lateMs)
    if (lateMs < lagMs) return dead(this.#probed)
    // The answer may lie unread in our own buffers: read first, judge then.
    this.#answerDueMs = now + lagMs
    this.#ask()
    return again(lagMs)
  }
}

const again = (inMs: number): LivenessStep => ({ kind: 'again', inMs: Math.max(1, inMs) })
const dead = (probed: boolean): LivenessStep => ({ kind: 'dead', probed })
