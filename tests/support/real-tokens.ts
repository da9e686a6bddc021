import { failed, succeeded } from '../../src/shared/failure.ts'
import type { Outcome } from '../../src/shared/failure.ts'
import { Emitter } from '../../src/main/lib/emitter.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import type { TokenSupply } from '../../src/main/sources/source.ts'
import type { TestBackend } from './backend.ts'

interface Granted {
  readonly access_token: string
  readonly refresh_token: string
}

/** Tokens of a real session at a real backend, renewed when the test says so. */
export class RealTokens implements TokenSupply {
  readonly #backend: TestBackend
  readonly #renewed = new Emitter<undefined>()
  #granted: Granted
  renewals = 0

  private constructor(backend: TestBackend, granted: Granted) {
    this.#backend = backend
    this.#granted = granted
  }

  /** The n-th demo user: 0 and 1 share a tenant, 2 is of another. */
  static async signIn(backend: TestBackend, user: number): Promise<RealTokens> {
    const { email, password } = backend.users[user]!
    return new RealTokens(backend, await grant(backend, 'password', { email, password }))
  }

  get token(): string {
    return this.#granted.access_token
  }

  /** As the session does before its token expires. */
  async refresh(): Promise<void> {
    const { refresh_token } = this.#granted
    this.#granted = await grant(this.#backend, 'refresh_token', { refresh_token })
    this.renewals += 1
    this.#renewed.emit(undefined)
  }

  current = (): Promise<Outcome<Secret>> => Promise.resolve(succeeded(new Secret(this.token)))

  renew = async (refused: Secret): Promise<Outcome<Secret>> => {
    // A session that is over has no newer one.
    if (refused.reveal() === this.token) await this.refresh().catch(() => undefined)
    return this.token === refused.reveal()
      ? failed('session_revoked', 'no newer token')
      : this.current()
  }

  onRenewed = (listener: () => void): (() => void) => this.#renewed.on(listener)
}

async function grant(backend: TestBackend, type: string, body: object): Promise<Granted> {
  const response = await fetch(`${backend.supabaseUrl}/auth/v1/token?grant_type=${type}`, {
    method: 'POST',
    headers: { apikey: backend.publishableKey, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`no token: ${response.status}`)
  return (await response.json()) as Granted
}
