// Talks to the auth server in the session's name. Two ways, on purpose: supabase-js signs in and
// revokes; refreshing is a request of our own, because auth-js would retry it for 25 s, remember a
// failure for 60 s and drop the cause of it (supabase.md §2), and because a lost reply must be told
// from a refusal (F41). Every byte goes through AuthTransport either way.
import { AuthClient } from '@supabase/supabase-js'
import { failed, succeeded } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import { Secret } from '../lib/secret.ts'
import type { Clock } from '../ports.ts'
import { parseJson } from './auth-failures.ts'
import type { AuthAnswer } from './auth-failures.ts'
import { authDeadlineMs } from './auth-transport.ts'
import type { AuthReply, AuthRequest, AuthTransport } from './auth-transport.ts'
import { tokenAnswerSchema, tokensOfAnswer } from './token-set.ts'
import type { TokenAnswer, TokenSet } from './token-set.ts'

export interface AuthServer {
  readonly supabaseUrl: string
  readonly publishableKey: string
  readonly tenantClaim: string
}

export interface Granted {
  readonly tokens: TokenSet
  readonly answer: TokenAnswer
}

type AuthJs = InstanceType<typeof AuthClient>

const apiVersion = { 'x-supabase-api-version': '2024-01-01' }

export class AuthCalls {
  readonly #server: AuthServer
  readonly #clock: Clock

  constructor(server: AuthServer, clock: Clock) {
    this.#server = server
    this.#clock = clock
  }

  async signIn(
    transport: AuthTransport,
    { email, password }: { readonly email: string; readonly password: Secret },
  ): Promise<Outcome<Granted>> {
    const reply = await this.#lastReply(transport, async (client) => {
      await client.signInWithPassword({ email, password: password.reveal() })
    })
    if (!reply.ok) return reply
    const granted = this.#granted(reply.value)
    if (!granted.ok) this.#giveBack(transport, reply.value)
    return granted
  }

  /** One request, and one more with the same token if the connection broke before the answer. */
  async refresh(transport: AuthTransport, refreshToken: Secret): Promise<Outcome<Granted>> {
    const startedMs = this.#clock.monotonic()
    const request: AuthRequest = {
      url: `${this.#base}/token?grant_type=refresh_token`,
      method: 'POST',
      headers: {
        ...this.#keyHeaders,
        ...apiVersion,
        'content-type': 'application/json;charset=UTF-8',
      },
      body: JSON.stringify({ refresh_token: refreshToken.reveal() }),
    }
    let reply = await transport.send(request)
    const leftMs = authDeadlineMs - (this.#clock.monotonic() - startedMs)
    // Safe: a server that has rotated already answers the parent of the active token with that
    // active token, at any age (supabase/auth: internal/tokens).
    if (!reply.ok && reply.replyLost && leftMs > 0) reply = await transport.send(request, leftMs)
    return reply.ok ? this.#granted(reply.value) : reply
  }

  /** Ends the session at the server, or all sessions of this user. */
  async revoke(
    transport: AuthTransport,
    access: Secret,
    scope: 'local' | 'global',
  ): Promise<AuthReply> {
    return this.#lastReply(transport, async (client) => {
      await client.admin.signOut(access.reveal(), scope)
    })
  }

  /**
   * Lets auth-js make its request and answers what came of it, which auth-js itself would blur: it
   * turns every failed fetch into one retryable error without a cause. It is not told the answer,
   * so it holds no token either.
   */
  async #lastReply(
    transport: AuthTransport,
    act: (client: AuthJs) => Promise<void>,
  ): Promise<AuthReply> {
    const seen = { reply: noRequest }
    const client = this.#open(async (input, init) => {
      seen.reply = await transport.send(requestOf(input, init))
      throw new TypeError('the answer is read elsewhere')
    })
    try {
      await act(client)
    } catch {
      // What auth-js throws says less than the reply that made it throw.
    } finally {
      await client.dispose()
    }
    return seen.reply
  }

  /**
   * No ticker and no storage: one call, then it is disposed of. The vault keeps the tokens after
   * their claims were read, so no write of auth-js, however late, can reach the keychain.
   */
  #open(fetch: typeof globalThis.fetch): AuthJs {
    return new AuthClient({
      url: this.#base,
      headers: this.#keyHeaders,
      fetch,
      autoRefreshToken: false,
      persistSession: false,
      detectSessionInUrl: false,
      skipAutoInitialize: true,
      storageKey: 'signalbox',
    })
  }

  /** A session that the console cannot live on is not left open at the server. */
  #giveBack(transport: AuthTransport, answer: AuthAnswer): void {
    const parsed = tokenAnswerSchema.safeParse(parseJson(answer.text))
    if (!parsed.success) return
    void this.revoke(transport, new Secret(parsed.data.access_token), 'local')
  }

  #granted(answer: AuthAnswer): Outcome<Granted> {
    const parsed = tokenAnswerSchema.safeParse(parseJson(answer.text))
    if (!parsed.success) return failed('protocol_error', 'the answer holds no usable tokens')
    const serverNowMs = Date.parse(answer.headers.get('date') ?? '')
    const tokens = tokensOfAnswer(parsed.data, {
      atMs: answer.sentAtMs,
      clock: this.#clock,
      tenantClaim: this.#server.tenantClaim,
      serverNowMs: Number.isNaN(serverNowMs) ? null : serverNowMs,
    })
    return tokens.ok ? succeeded({ tokens: tokens.value, answer: parsed.data }) : tokens
  }

  get #base(): string {
    return `${this.#server.supabaseUrl.replace(/\/+$/, '')}/auth/v1`
  }

  get #keyHeaders(): Record<string, string> {
    const key = this.#server.publishableKey
    // Spelled as auth-js spells it when it puts a user's token there: else both would be sent.
    return { apikey: key, Authorization: `Bearer ${key}` }
  }
}

function requestOf(input: unknown, init: RequestInit = {}): AuthRequest {
  const { method = 'GET', headers, body } = init
  const text = typeof body === 'string' ? body : null
  return {
    url: String(input),
    method,
    headers: Object.fromEntries(new Headers(headers)),
    body: text,
  }
}

const noRequest: AuthReply = {
  ...failed('protocol_error', 'no request was made'),
  replyLost: false,
  answer: null,
}
