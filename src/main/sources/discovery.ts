import type { FailureCode } from '../../shared/failure.ts'
import type { Scope } from '../lib/scope.ts'
import type { Clock, Random } from '../ports.ts'
import type { GatewayAnswer, GatewayHttp } from './gateway-http.ts'
import { Rounds } from './rounds.ts'

/** Between two rounds while they succeed. */
const periodMs = 3_000
/** A round that was asked for out of turn comes so soon. */
const soonMs = 500

export interface DiscoveryOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  /** A way to ask that ends with the signal. */
  readonly http: (signal: AbortSignal) => GatewayHttp
  /** Reads what was listed; the round is over when it settles. */
  readonly onListed: (body: unknown, round: Round) => Promise<GatewayAnswer | null>
  readonly onStopped: (reason: FailureCode) => void
  readonly onChanged: () => void
}

export interface Round {
  readonly ask: GatewayHttp
  /** After any interruption. */
  readonly first: boolean
  readonly scope: Scope
}

/** Asks, again and again, which jobs are active. It knows nothing of what a round finds. */
export class Discovery {
  readonly #rounds: Rounds

  constructor({ http, onListed, ...options }: DiscoveryOptions) {
    this.#rounds = new Rounds({
      ...options,
      periodMs: () => periodMs,
      run: async ({ first, scope }) => {
        const ask = http(scope.signal)
        const answer = await ask('api/v1/websocket/status?active_jobs=true')
        if (scope.closed || answer.kind !== 'body') return answer
        return onListed(answer.body, { ask, first, scope })
      },
    })
  }

  /** Why the last round failed; null when it succeeded. */
  get reason(): FailureCode | null {
    return this.#rounds.reason
  }

  /** Wall clock of the next round after a failed one, else null. */
  get nextTryAtMs(): number | null {
    return this.#rounds.nextTryAtMs
  }

  start(): void {
    this.#rounds.next()
  }

  wake(): void {
    this.#rounds.wake()
  }

  /** A round out of turn: something was missed. */
  soon(): void {
    this.#rounds.within(soonMs)
  }
}
