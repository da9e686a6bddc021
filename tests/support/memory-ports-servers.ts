import type { HttpFetch } from '../../src/main/ports.ts'
import type { WireJob } from '../../src/shared/job.ts'
import type { FakeClock } from './fake-clock.ts'
import { makeToken } from './fake-auth-server.ts'
import { answerQuery } from './scripted-rest.ts'
import type { Row } from './scripted-rest.ts'

/** How the servers behave towards requests that arrive from now on. */
export type Mood = 'well' | 'silent' | 'unreachable' | 'failing' | 'portal'

export interface MemoryRequest {
  readonly path: string
  /** It carried a token or a password. */
  readonly secret: boolean
  /** Null until it was answered. */
  status: number | null
}

export interface MemoryUser {
  readonly password: string
  readonly tenantId: string
}

interface MemorySession {
  readonly id: string
  readonly email: string
  tenantId: string
  refreshToken: string
  spent: string[]
}

/**
 * An auth server and a gateway in memory, behind the fetch port: no socket, no wall clock, so that a
 * history of a thousand steps costs milliseconds. The rules of refresh are GoTrue's v1 rules.
 */
export class MemoryServers {
  readonly users = new Map<string, MemoryUser>([
    ['ada@example.com', { password: 'lovelace', tenantId: 'acme' }],
    ['bob@example.com', { password: 'builder', tenantId: 'globex' }],
  ])
  readonly jobs = new Map<string, WireJob>()
  /** The table of jobs, as PostgREST serves it. */
  readonly rows: Row[] = []
  readonly sessions = new Map<string, MemorySession>()
  /** What arrived, wherever it arrived. */
  readonly requests: MemoryRequest[] = []
  /** Every refresh token that the auth server looked at, in order. */
  readonly presented: string[] = []
  /** Those of them whose answer never reached the console. */
  readonly lost = new Set<string>()
  auth: Mood = 'well'
  gateway: Mood = 'well'
  /** The reply to the next refresh is lost after the server has done its part. */
  losesReply = false
  lifetimeS = 3_600
  /** Merged into the payload of every token. */
  claims: Record<string, unknown> = {}
  /** The code with which every refresh is refused, or null. */
  refusesRefresh: string | null = null
  /** The gateway lists the jobs of every tenant to everybody. */
  leaks = false
  #pending = 0
  readonly #refreshing = new Set<AbortSignal | null>()
  /** Most refreshes under way at one moment. */
  peakRefreshing = 0
  #numbers = 0
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  /** Requests that were neither answered nor given up. */
  get pending(): number {
    return this.#pending
  }

  readonly fetch: HttpFetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const signal = init?.signal ?? null
    const isAuth = url.pathname.startsWith('/auth/')
    const isRefresh = url.searchParams.get('grant_type') === 'refresh_token'
    const secret = new Headers(init?.headers).has('authorization') || init?.body != null
    const seen: MemoryRequest = { path: url.pathname, secret, status: null }
    this.requests.push(seen)
    this.#pending += 1
    if (isRefresh) this.#refreshing.add(signal)
    this.#notePeak()
    try {
      signal?.throwIfAborted()
      const answer = this.#answer(url, init ?? {}, isAuth ? this.auth : this.gateway)
      await Promise.resolve()
      seen.status = answer?.status ?? null
      return await (answer ?? aborted(signal))
    } finally {
      this.#pending -= 1
      if (isRefresh) this.#refreshing.delete(signal)
    }
  }

  /** Puts a job on the server, or changes one. */
  put(job: WireJob): void {
    this.jobs.set(job.id, job)
  }

  jobsOf(tenantId: string): WireJob[] {
    return [...this.jobs.values()].filter((job) => job.tenant_id === tenantId)
  }

  /** The server ends a session: its next refresh is refused. */
  revokeAll(): void {
    this.sessions.clear()
  }

  /** A request that was given up is under way no more, though its promise settles a turn later. */
  #notePeak(): void {
    const underWay = [...this.#refreshing].filter((signal) => signal?.aborted !== true)
    this.peakRefreshing = Math.max(this.peakRefreshing, underWay.length)
  }

  /** Null when no answer will ever come. */
  #answer(url: URL, init: RequestInit, mood: Mood): Response | null {
    const isRefresh = url.searchParams.get('grant_type') === 'refresh_token'
    const body = bodyOf(init)
    if (mood === 'silent') return null
    if (mood === 'unreachable') {
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
      })
    }
    if (mood === 'portal') {
      return new Response('<html>Sign in to the hotel</html>', {
        headers: { 'content-type': 'text/html' },
      })
    }
    if (mood === 'failing') return this.#send(503, { error: { code: 'server_error' } })
    if (url.pathname.endsWith('/health')) return this.#send(200, { status: 'ok' })
    if (!url.pathname.startsWith('/auth/')) return this.#gateway(url, init)
    if (url.pathname.endsWith('/logout')) return this.#logout(init)
    const answer = isRefresh ? this.#refresh(body) : this.#password(body)
    if (!isRefresh || !this.losesReply) return answer
    this.losesReply = false
    this.lost.add(String(body.refresh_token))
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    })
  }

  #password(body: Record<string, unknown>): Response {
    const email = String(body.email)
    const user = this.users.get(email)
    if (user === undefined || user.password !== body.password) {
      return this.#refuse(400, 'invalid_credentials')
    }
    const id = `session-${this.#number()}`
    const { tenantId } = user
    const session = { id, email, tenantId, refreshToken: `refresh-${this.#number()}`, spent: [] }
    this.sessions.set(id, session)
    return this.#grant(session)
  }

  #refresh(body: Record<string, unknown>): Response {
    const token = String(body.refresh_token)
    this.presented.push(token)
    if (this.refusesRefresh !== null) return this.#refuse(400, this.refusesRefresh)
    const session = [...this.sessions.values()].find(
      ({ refreshToken, spent }) => refreshToken === token || spent.at(-1) === token,
    )
    if (session === undefined) return this.#refuse(400, 'refresh_token_not_found')
    if (session.refreshToken === token) {
      session.spent.push(token)
      session.refreshToken = `refresh-${this.#number()}`
    }
    return this.#grant(session)
  }

  #grant({ id, email, tenantId, refreshToken }: MemorySession): Response {
    const nowS = Math.floor(this.#clock.now() / 1_000)
    const token = makeToken({
      sub: `user-of-${email}`,
      aud: 'authenticated',
      role: 'authenticated',
      email,
      iat: nowS,
      exp: nowS + this.lifetimeS,
      session_id: id,
      jti: String(this.#number()),
      app_metadata: { tenant_id: tenantId },
      ...this.claims,
    })
    return this.#send(200, {
      access_token: token,
      token_type: 'bearer',
      expires_in: this.lifetimeS,
      expires_at: nowS + this.lifetimeS,
      refresh_token: refreshToken,
      user: { id: `user-of-${email}`, aud: 'authenticated', role: 'authenticated', email },
    })
  }

  #logout(init: RequestInit): Response {
    const session = this.sessions.get(this.#claims(init).session_id)
    if (session === undefined) return this.#refuse(403, 'session_not_found')
    this.sessions.delete(session.id)
    return new Response(null, { status: 204, headers: this.#headers() })
  }

  #gateway(url: URL, init: RequestInit): Response {
    const { session_id, exp } = this.#claims(init)
    const session = this.sessions.get(session_id)
    if (exp * 1_000 <= this.#clock.now() || session === undefined) {
      const code = session === undefined ? 'session_revoked' : 'token_expired'
      return this.#send(401, { error: { code, message: code } })
    }
    if (url.pathname.startsWith('/rest/')) {
      return this.#send(200, answerQuery(this.rows, url.searchParams))
    }
    const jobs = this.leaks ? [...this.jobs.values()] : this.jobsOf(session.tenantId)
    if (url.pathname.endsWith('/websocket/status')) {
      const active = jobs.filter(({ status }) => status === 'running' || status === 'queued')
      return this.#send(200, {
        tenant_ids: [session.tenantId],
        active_jobs: active,
        connections: 0,
      })
    }
    if (url.pathname.endsWith('/events')) return this.#send(200, { events: [], next_cursor: null })
    if (url.pathname.endsWith('/jobs')) {
      return this.#send(200, { jobs, next_cursor: null, epoch: 'e', offset: 0 })
    }
    const job = jobs.find(({ id }) => url.pathname.endsWith(`/${id}`))
    return job === undefined
      ? this.#send(404, { error: { code: 'job_unknown', message: 'no such job' } })
      : this.#send(200, job)
  }

  #claims(init: RequestInit): { session_id: string; exp: number } {
    const bearer = new Headers(init.headers).get('authorization') ?? ''
    const payload = Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString()
    return payload === ''
      ? { session_id: '', exp: 0 }
      : (JSON.parse(payload) as { session_id: string; exp: number })
  }

  #refuse(status: number, code: string): Response {
    return this.#send(status, { code, message: code }, { 'x-sb-error-code': code })
  }

  #send(status: number, body: unknown, more: Record<string, string> = {}): Response {
    return new Response(JSON.stringify(body), { status, headers: { ...this.#headers(), ...more } })
  }

  #headers(): Record<string, string> {
    return {
      'content-type': 'application/json',
      date: new Date(this.#clock.now()).toUTCString(),
      'x-supabase-api-version': '2024-01-01',
    }
  }

  #number(): number {
    this.#numbers += 1
    return this.#numbers
  }
}

function bodyOf({ body }: RequestInit): Record<string, unknown> {
  return typeof body === 'string' && body !== ''
    ? (JSON.parse(body) as Record<string, unknown>)
    : {}
}

function aborted(signal: AbortSignal | null): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const give = (): void => reject(new DOMException('This operation was aborted', 'AbortError'))
  if (signal?.aborted === true) give()
  else signal?.addEventListener('abort', give, { once: true })
  return promise
}
