import type { FailureCode } from '../../shared/failure.ts'
import type { Scope } from '../lib/scope.ts'
import type { Cancel, Clock, Random } from '../ports.ts'
import { backoffMs } from './backoff.ts'
import type { GatewayAnswer, GatewayHttp } from './gateway-http.ts'

/** Between two rounds while they succeed. */
const periodMs = 3_000
/** Least time between two rounds that were asked for out of turn. */
const soonMs = 500
/** A round under way this long is given up when the computer wakes. */
const doubtfulAfterMs = 2_000

export interface DiscoveryOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  /** A way to ask that ends with the signal. */
  readonly http: (signal: AbortSignal) => GatewayHttp
  /** Reads what was listed; the round is over when it settles. `first` after any interruption. */
  readonly onListed: (body: unknown, round: Round) => Promise<GatewayAnswer | null>
  readonly onStopped: (reason: FailureCode) => void
  readonly onChanged: () => void
}

export interface Round {
  readonly ask: GatewayHttp
  readonly first: boolean
  readonly scope: Scope
}

/**
 * Asks, again and again, which jobs are active. It owns one round or one timer, never both, and
 * knows nothing of what a round finds.
 */
export class Discovery {
  readonly #options: DiscoveryOptions
  #round: Scope | null = null
  #roundBeganMs = 0
  #cancelTimer: Cancel | null = null
  #failures = 0
  #interrupted = true
  #nextTryAtMs: number | null = null
  #reason: FailureCode | null = null

  constructor(options: DiscoveryOptions) {
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

  start(): void {
    void this.#run()
  }

  wake(): void {
    const underWayMs = this.#options.clock.monotonic() - this.#roundBeganMs
    if (this.#round === null || underWayMs > doubtfulAfterMs) void this.#run()
  }

  /** A round out of turn: something was missed. */
  soon(): void {
    if (this.#round === null && this.#reason === null) this.#arm(soonMs)
  }

  async #run(): Promise<void> {
    const { scope, clock, http, onListed } = this.#options
    if (scope.closed) return
    this.#disarm()
    void this.#round?.close('superseded')
    const round = scope.child('round')
    this.#round = round
    this.#roundBeganMs = clock.monotonic()
    const isOver = (): boolean => round.closed
    const ask = http(round.signal)
    const answer = await ask('api/v1/websocket/status?active_jobs=true')
    if (isOver()) return
    const trouble =
      answer.kind === 'body'
        ? await onListed(answer.body, { ask, first: this.#interrupted, scope: round })
        : answer
    if (isOver()) return
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
    this.#interrupted = trouble !== null
    if (trouble === null) {
      this.#failures = 0
      this.#reason = null
      this.#nextTryAtMs = null
      this.#arm(periodMs)
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
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = null
      void this.#run()
    })
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }
}
