import type { Scope } from '../lib/scope.ts'
import type { Secret } from '../lib/secret.ts'
import type { Clock } from '../ports.ts'

const answerWithinMs = 10_000

export interface TokenOffersOptions {
  /** Of the socket: with it ends every offer. */
  readonly scope: Scope
  readonly clock: Clock
  readonly send: (text: string) => void
}

/**
 * Renewed tokens that were offered on one open socket (gateway-protocol §4) and are not answered
 * yet. Answers come in the order of the offers.
 */
export class TokenOffers {
  readonly #options: TokenOffersOptions
  readonly #waiting: ((taken: boolean) => void)[] = []

  constructor(options: TokenOffersOptions) {
    this.#options = options
    options.scope.own(() => {
      while (this.#waiting.length > 0) this.answer(false)
    })
  }

  /** True when the server took it; false when it refused, or said nothing for 10 s. */
  async offer(token: Secret): Promise<boolean> {
    const { scope, clock, send } = this.#options
    if (scope.closed) return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#waiting.push(resolve)
    const cancel = clock.after(answerWithinMs, () => this.answer(false))
    send(JSON.stringify({ type: 'auth', token: token.reveal() }))
    const taken = await promise
    cancel()
    return taken
  }

  /** The server spoke about the first of them. */
  answer(taken: boolean): void {
    this.#waiting.shift()?.(taken)
  }
}
