import { Emitter } from '../../src/main/lib/emitter.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import type { TokenSupply } from '../../src/main/sources/source.ts'
import { succeeded } from '../../src/shared/failure.ts'

export interface RenewalServer {
  readonly url: string
  readonly supabaseUrl: string
  readonly publishableKey: string
  readonly user: { readonly email: string; readonly password: string }
}

/** The tokens of a real sign-in, renewed when the bench says so. */
export class RenewalTokens implements TokenSupply {
  readonly #server: RenewalServer
  readonly #renewed = new Emitter<undefined>()
  #access = new Secret('')
  #refresh = ''

  constructor(server: RenewalServer) {
    this.#server = server
  }

  async signIn(): Promise<void> {
    await this.#grant('password', this.#server.user)
  }

  async next(): Promise<void> {
    await this.#grant('refresh_token', { refresh_token: this.#refresh })
    this.#renewed.emit(undefined)
  }

  current: TokenSupply['current'] = () => Promise.resolve(succeeded(this.#access))
  renew: TokenSupply['renew'] = async () => {
    await this.next()
    return succeeded(this.#access)
  }
  onRenewed: TokenSupply['onRenewed'] = (listener) => this.#renewed.on(listener)

  async #grant(type: string, body: object): Promise<void> {
    const { supabaseUrl, publishableKey } = this.#server
    const answer = await fetch(`${supabaseUrl}/auth/v1/token?grant_type=${type}`, {
      method: 'POST',
      headers: { apikey: publishableKey, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`no token: ${answer.status}`)
    const got = (await answer.json()) as { access_token: string; refresh_token: string }
    this.#access = new Secret(got.access_token)
    this.#refresh = got.refresh_token
  }
}
