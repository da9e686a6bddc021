import { failed, succeeded } from '../../src/shared/failure.ts'
import type { Failure, Outcome } from '../../src/shared/failure.ts'
import { Emitter } from '../../src/main/lib/emitter.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import type { TokenSupply } from '../../src/main/sources/source.ts'

/** A session reduced to its three doors: however many ask, one token is renewed once. */
export class FakeTokens implements TokenSupply {
  readonly #renewed = new Emitter<undefined>()
  #number = 1
  renewals = 0
  /** When set, no token is to be had. */
  failure: Failure | null = null

  get token(): string {
    return `token-${this.#number}`
  }

  current = (): Promise<Outcome<Secret>> => Promise.resolve(this.#answer())

  renew = (refused: Secret): Promise<Outcome<Secret>> => {
    if (this.failure === null && refused.reveal() === this.token) {
      this.renewals += 1
      this.#number += 1
      this.#renewed.emit(undefined)
    }
    return Promise.resolve(this.#answer())
  }

  onRenewed = (listener: () => void): (() => void) => this.#renewed.on(listener)

  /** Says once more that there is another token than before. */
  announce(): void {
    this.#renewed.emit(undefined)
  }

  #answer(): Outcome<Secret> {
    return this.failure === null
      ? succeeded(new Secret(this.token))
      : failed(this.failure.code, this.failure.message, this.failure)
  }
}
