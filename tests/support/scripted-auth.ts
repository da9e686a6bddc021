import type { HttpFetch } from '../../src/main/ports.ts'
import { canary, canaryToken } from './histories/canary.ts'

/** How token requests go, from now on. */
export type AuthMood = 'well' | 'down' | 'hangs' | 'loses replies' | 'refuses'

/**
 * The fake of the HttpFetch port, as an auth server in memory: no socket and no real time, so that a
 * thousand histories run in seconds. It counts what a careless client would do wrong.
 */
export class ScriptedAuth {
  mood: AuthMood = 'well'
  /** What the tokens say that are given from now on. */
  claims: Readonly<Record<string, unknown>> = session
  /** Requests that are waiting for an answer. */
  pending = 0
  /** Most refreshes under way at once. */
  mostRefreshes = 0
  /** Refresh tokens that came again although the answer to their first use had been delivered. */
  reused = 0
  logouts = 0
  readonly #now: () => number
  readonly #spent = new Set<string>()
  #refreshes = 0
  #serial = 0
  /** The token a lost reply carried, by the token it was asked with: the parent rule. */
  readonly #lost = new Map<string, string>()

  constructor(now: () => number) {
    this.#now = now
  }

  readonly fetch: HttpFetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const refreshing = url.includes('grant_type=refresh_token')
    const over = this.#begin(refreshing)
    // Given up is over: the connection breaks in the same moment.
    init?.signal?.addEventListener('abort', over, { once: true })
    try {
      return await this.#serve(url, init)
    } finally {
      over()
    }
  }

  #begin(refreshing: boolean): () => void {
    let open = true
    this.pending += 1
    if (refreshing) this.#refreshes += 1
    this.mostRefreshes = Math.max(this.mostRefreshes, this.#refreshes)
    return () => {
      if (!open) return
      open = false
      this.pending -= 1
      if (refreshing) this.#refreshes -= 1
    }
  }

  async #serve(url: string, init: RequestInit | undefined): Promise<Response> {
    await Promise.resolve()
    init?.signal?.throwIfAborted()
    if (this.mood === 'hangs') await aborted(init?.signal)
    if (this.mood === 'down') return answer(503, {})
    if (url.includes('/logout')) {
      this.logouts += 1
      return new Response(null, { status: 204 })
    }
    if (url.includes('grant_type=password')) return this.#grant(this.#newToken())
    const text = typeof init?.body === 'string' ? init.body : '{}'
    const body = JSON.parse(text) as { refresh_token: string }
    return this.#refresh(body.refresh_token)
  }

  #refresh(token: string): Response {
    if (this.mood === 'refuses') {
      return answer(400, { code: 'refresh_token_not_found', message: 'gone' })
    }
    if (this.#spent.has(token)) this.reused += 1
    const child = this.#lost.get(token) ?? this.#newToken()
    if (this.mood === 'loses replies') {
      this.#lost.set(token, child)
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
      })
    }
    this.#lost.delete(token)
    this.#spent.add(token)
    return this.#grant(child)
  }

  #grant(refresh_token: string): Response {
    const nowS = Math.floor(this.#now() / 1_000)
    const payload = {
      sub: 'user-1',
      email: 'ada@example.com',
      iat: nowS,
      exp: nowS + 3_600,
      jti: refresh_token,
      ...this.claims,
    }
    return answer(200, {
      access_token: canaryToken(payload),
      refresh_token,
      token_type: 'bearer',
      expires_in: 3_600,
      expires_at: payload.exp,
      user: { id: 'user-1' },
    })
  }

  #newToken(): string {
    this.#serial += 1
    return `${canary}${this.#serial}`
  }
}

/** A session, and what a careless project puts in its place. */
export const session = { role: 'authenticated', app_metadata: { tenant_id: 'tenant-1' } }
export const strangers = [
  { role: 'anon' },
  { role: 'service_role', app_metadata: { tenant_id: 'tenant-1' } },
  { role: 'authenticated', app_metadata: {} },
]

function answer(status: number, body: unknown): Response {
  const headers = {
    'content-type': 'application/json',
    'x-supabase-api-version': '2024-01-01',
  }
  return new Response(JSON.stringify(body), { status, headers })
}

function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
  })
}
