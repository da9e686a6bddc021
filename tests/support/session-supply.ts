import type { SupabaseClient } from '@supabase/supabase-js'
import { Emitter } from '../../src/main/lib/emitter.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import type { TokenSupply } from '../../src/main/sources/source.ts'
import { failed, succeeded } from '../../src/shared/failure.ts'
import type { Outcome } from '../../src/shared/failure.ts'

/** The tokens of a real session, renewed only when a source or a test asks for it. */
export class SessionSupply implements TokenSupply {
  readonly #client: SupabaseClient
  readonly #renewed = new Emitter<undefined>()
  #token: string
  renewals = 0

  private constructor(client: SupabaseClient, token: string) {
    this.#client = client
    this.#token = token
  }

  static async of(client: SupabaseClient): Promise<SessionSupply> {
    const { data } = await client.auth.getSession()
    return new SessionSupply(client, data.session?.access_token ?? '')
  }

  get token(): string {
    return this.#token
  }

  current = (): Promise<Outcome<Secret>> => Promise.resolve(succeeded(new Secret(this.#token)))

  renew = async (refused: Secret): Promise<Outcome<Secret>> => {
    if (refused.reveal() !== this.#token) return this.current()
    const { data, error } = await this.#client.auth.refreshSession()
    if (data.session === null) return failed('session_ended', error?.message ?? '')
    this.#token = data.session.access_token
    this.renewals += 1
    this.#renewed.emit(undefined)
    return this.current()
  }

  onRenewed = (listener: () => void): (() => void) => this.#renewed.on(listener)
}
