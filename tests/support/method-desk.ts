import { GoTrueClient, type AuthChangeEvent, type Session } from '@supabase/auth-js'
import { codeNow } from './authenticator.ts'
import type { TestBackend } from './backend.ts'
import { ConsentBrowser } from './consent-browser.ts'
import { Mailbox } from './mailbox.ts'
import type { Wire } from './method-outcome.ts'

const password = 'a password of the tests'

/** Where one method of auth-js is tried: users and clients of its own. */
export class AuthDesk implements Wire {
  sent = 0
  readonly backend: TestBackend
  readonly mail: Mailbox
  readonly #clients: GoTrueClient[] = []

  constructor(backend: TestBackend) {
    this.backend = backend
    this.mail = new Mailbox(backend)
  }

  client(flowType: 'implicit' | 'pkce' = 'implicit', key = this.backend.publishableKey) {
    const kept = new Map<string, string>()
    const client = new GoTrueClient({
      url: `${this.backend.supabaseUrl}/auth/v1`,
      headers: { apikey: key, Authorization: `Bearer ${key}` },
      storageKey: crypto.randomUUID(),
      storage: {
        getItem: (name) => kept.get(name) ?? null,
        setItem: (name, value) => void kept.set(name, value),
        removeItem: (name) => void kept.delete(name),
      },
      autoRefreshToken: false,
      detectSessionInUrl: false,
      flowType,
      experimental: { recoveryCodes: true },
      fetch: (...args) => {
        this.sent += 1
        return fetch(...args)
      },
    })
    this.#clients.push(client)
    return client
  }

  /** With the secret key, as a server has it. */
  admin() {
    return this.client('implicit', this.backend.secretKey).admin
  }

  /** Somebody whose address is confirmed. */
  async newcomer() {
    const email = `${crypto.randomUUID()}@desk.test`
    const made = await this.admin().createUser({ email, password, email_confirm: true })
    if (made.error !== null) throw made.error
    this.sent = 0
    return { id: made.data.user.id, email, password }
  }

  async signedIn() {
    const { id, email } = await this.newcomer()
    const client = this.client()
    const { data, error } = await client.signInWithPassword({ email, password })
    if (error !== null) throw error
    this.sent = 0
    return { client, id, email, session: data.session }
  }

  /** Signed in, with an authenticator app that was shown its secret. */
  async withFactor() {
    const desk = await this.signedIn()
    const { data, error } = await desk.client.mfa.enroll({ factorType: 'totp' })
    if (error !== null) throw error
    this.sent = 0
    const { secret } = data.totp
    return { ...desk, factorId: data.id, code: (steps = 0) => codeNow(secret, steps) }
  }

  /** Through `signInWithOAuth` and the page that asks; the code that comes back. */
  async consent(client: GoTrueClient) {
    const { email } = await this.newcomer()
    const browser = new ConsentBrowser()
    const asked = await client.signInWithOAuth({
      provider: 'signalbox' as 'github',
      options: { skipBrowserRedirect: true },
    })
    const page = await browser.open(asked.data.url ?? '')
    const left = await browser.submit(page, { email, password, decision: 'allow' })
    return new URL(left.headers.get('location') ?? '').searchParams.get('code') ?? ''
  }

  /** The first event of a name. */
  heard(client: GoTrueClient, wanted: AuthChangeEvent): Promise<Session | null> {
    return new Promise((resolve) => {
      client.onAuthStateChange((event, session) => {
        if (event === wanted) resolve(session)
      })
    })
  }

  async dispose(): Promise<void> {
    for (const client of this.#clients.splice(0)) await client.dispose()
  }
}
