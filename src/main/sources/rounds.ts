import type { FailureCode } from '../../shared/failure.ts'
import type { Scope } from '../lib/scope.ts'
import type { Cancel, Clock, Random } from '../ports.ts'
import { backoffMs } from './backoff.ts'
import type { GatewayAnswer } from './gateway-http.ts'

/** A round under way this long is given up when the computer wakes. */
const doubtfulAfterMs = 2_000

export interface RoundsOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  /** Between two rounds while they succeed; null: none until one is asked for. */
  readonly periodMs: () => number | null
  /** One round: what went wrong, or null. */
  readonly run: (round: Round) => Promise<GatewayAnswer | null>
  readonly onStopped: (reason: FailureCode) => void
  readonly onChanged: () => void
}

export interface Round {
  /** The first of all, or the first after one that failed or was given up. */
  readonly first: boolean
  /** Closed when the round is given up. */
  readonly scope: Scope
}

/**
 * Asks again and again. It owns one round or one timer, never both, and knows nothing of what a
 * round asks or finds.
 */
export class Rounds {
  readonly #options: RoundsOptions
  #round: Scope | null = null
  #beganMs = 0
  #cancelTimer: Cancel | null = null
  #dueAtMs = Infinity
  /** Wanted after the round under way. */
  #nextInMs: number | null = null
  #failures = 0
  #interrupted = true
  #nextTryAtMs: number | null = null
  #reason: FailureCode | null = null

  constructor(options: RoundsOptions) {
    this.#options = options
    options.scope.own(() => this.#disarm())
  }

  /** Why the last round failed; null when it succeeded. */
  get reason(): FailureCode | null {
    return this.#reason
  }

  /** Wall clock of the next round after a failed one, else null. */
  get nextTryAtMs(): number | null {
    return this.#nextTryAtMs
  }

  /** A round that begins now, or as soon as the one under way is over. */
  next(): void {
    if (this.#round === null) void this.#run()
    else this.#nextInMs = 0
  }

  wake(): void {
    const underWayMs = this.#options.clock.monotonic() - this.#beganMs
    if (this.#round === null || underWayMs > doubtfulAfterMs) void this.#run()
  }

  /** A round within this time, unless the last one failed: then the wait before the next holds. */
  within(delayMs: number): void {
    if (this.#round !== null) this.#nextInMs = Math.min(delayMs, this.#nextInMs ?? Infinity)
    else if (this.#reason === null && this.#options.clock.monotonic() + delayMs < this.#dueAtMs) {
      this.#arm(delayMs)
    }
  }

  async #run(): Promise<void> {
    const { scope, clock, run } = this.#options
    if (scope.closed) return
    this.#disarm()
    void this.#round?.close('superseded')
    const round = scope.child('round')
    this.#round = round
    this.#beganMs = clock.monotonic()
    this.#nextInMs = null
    const first = this.#interrupted
    this.#interrupted = true
    const trouble = await run({ first, scope: round })
    if (round.closed) return
    this.#round = null
    void round.close('over')
    this.#settle(trouble)
  }

  #settle(trouble: GatewayAnswer | null): void {
    const verdict = trouble?.kind === 'failed' ? trouble.verdict : null
    if (verdict?.kind === 'stop') {
      this.#options.onStopped(verdict.reason)
      return
    }
    if (trouble === null) {
      this.#interrupted = false
      this.#failures = 0
      this.#reason = null
      this.#nextTryAtMs = null
      const delayMs = Math.min(this.#options.periodMs() ?? Infinity, this.#nextInMs ?? Infinity)
      if (delayMs !== Infinity) this.#arm(delayMs)
    } else {
      const { clock, random } = this.#options
      const minDelayMs = verdict?.kind === 'retry' ? verdict.minDelayMs : 0
      const delayMs = backoffMs({ failures: this.#failures, minDelayMs, random })
      this.#failures += 1
      this.#reason = verdict?.kind === 'retry' ? verdict.reason : 'protocol_error'
      this.#nextTryAtMs = clock.now() + delayMs
      this.#arm(delayMs)
    }
    this.#options.onChanged()
  }

  #arm(delayMs: number): void {
    this.#disarm()
    if (delayMs === 0) {
      void this.#run()
      return
    }
    this.#dueAtMs = this.#options.clock.monotonic() + delayMs
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = null
      void this.#run()
    })
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#dueAtMs = Infinity
  }
}
