// A real HTTP server that behaves as GoTrue does where it matters: passwords, rotation of refresh
// tokens (v1 rules: supabase.md §1), revocation. To make it misbehave, most common first:
//   server.script({ status: 503 })      the next request gets this instead of a real answer
//   server.always({ act: 'hang' })      every request, until always(null)
//   server.lifetimeS, server.claims     what the next tokens say; server.forge makes others of them
//   server.clock                        the clock behind Date, iat and exp
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Misbehaviour =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  /** Accepts and never answers. */
  | { readonly act: 'hang' }
  /** Breaks the connection: before doing anything, or after doing what was asked (F41). */
  | { readonly act: 'reset' | 'reset-after' }
  /** A captive portal: 200 with a page. */
  | { readonly act: 'portal' }
  /** Headers at once, then one byte of body and no more. */
  | { readonly act: 'drip' }
  /** Answers properly, but only when the test calls `release()`. */
  | { readonly act: 'hold' }

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Readonly<Record<string, unknown>>
}

interface FakeSession {
  readonly id: string
  readonly email: string
  active: string
  /** From each token to the one it was swapped for. */
  readonly next: Map<string, string>
}

export const fakeKey = 'sb_publishable_fake'

export class FakeAuthServer {
  readonly requests: SeenRequest[] = []
  readonly passwords = new Map([['ada@example.com', 'lovelace']])
  readonly sessions = new Map<string, FakeSession>()
  lifetimeS = 3_600
  /** Merged into the payload of every token. */
  claims: Record<string, unknown> = { app_metadata: { tenant_id: 'tenant-1' } }
  clock: { now: () => number } = Date
  /** What becomes of an access token before it is given out. */
  forge: (token: string) => string = (token) => token
  readonly #server: Server
  readonly #scripted: Misbehaviour[] = []
  #always: Misbehaviour | null = null
  #held: (() => void)[] = []
  #arrivals: (() => void)[] = []

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy())
    })
  }

  static async open(): Promise<FakeAuthServer> {
    const fake = new FakeAuthServer()
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  script(...behaviours: Misbehaviour[]): void {
    this.#scripted.push(...behaviours)
  }

  always(behaviour: Misbehaviour | null): void {
    this.#always = behaviour
  }

  /** Resolves when the next request has arrived. */
  arrival(): Promise<void> {
    return new Promise((resolve) => this.#arrivals.push(resolve))
  }

  /** Lets every request held by `hold` be answered. */
  release(): void {
    for (const answer of this.#held.splice(0)) answer()
  }

  count(path: string): number {
    return this.requests.filter((request) => request.path.startsWith(path)).length
  }

  get refreshes(): number {
    return this.count('/auth/v1/token?grant_type=refresh_token')
  }

  async connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
    })
  }

  /** A token as this server signs them. */
  token(email: string, sessionId: string): string {
    const nowS = Math.floor(this.clock.now() / 1_000)
    const payload = {
      iss: `${this.url}/auth/v1`,
      sub: `user-of-${email}`,
      aud: 'authenticated',
      role: 'authenticated',
      email,
      iat: nowS,
      exp: nowS + this.lifetimeS,
      session_id: sessionId,
      jti: randomUUID(),
      ...this.claims,
    }
    return makeToken(payload)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request)
    const path = request.url ?? ''
    this.requests.push({ method: request.method ?? '', path, headers: request.headers, body })
    const behaviour = this.#scripted.shift() ?? this.#always
    for (const arrived of this.#arrivals.splice(0)) arrived()
    response.setHeader('date', new Date(this.clock.now()).toUTCString())
    if (behaviour === null) {
      this.#answer(path, body, { request, response })
      return
    }
    await this.#misbehave(
      behaviour,
      () => this.#answer(path, body, { request, response }),
      response,
    )
  }

  async #misbehave(
    behaviour: Misbehaviour,
    answer: () => void,
    response: ServerResponse,
  ): Promise<void> {
    if (!('act' in behaviour)) {
      const { status, body = {}, headers = {} } = behaviour
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
      return
    }
    switch (behaviour.act) {
      case 'hang':
        return
      case 'hold':
        this.#held.push(answer)
        return
      case 'reset':
        response.socket?.resetAndDestroy()
        return
      case 'reset-after': {
        const { socket } = response
        response.end = () => response
        answer()
        socket?.resetAndDestroy()
        return
      }
      case 'portal':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>')
        return
      case 'drip':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '900' })
        response.write('{')
        return
    }
  }

  #answer(
    path: string,
    body: Readonly<Record<string, unknown>>,
    { request, response }: { request: IncomingMessage; response: ServerResponse },
  ): void {
    const url = new URL(path, 'http://fake')
    if (request.headers.apikey !== fakeKey) {
      send(response, 401, { message: 'Invalid API key' })
      return
    }
    if (url.pathname === '/auth/v1/logout') {
      this.#logout(url, request, response)
      return
    }
    if (url.searchParams.get('grant_type') === 'password') {
      this.#password(body, response)
      return
    }
    this.#refresh(String(body.refresh_token), response)
  }

  #password(body: Readonly<Record<string, unknown>>, response: ServerResponse): void {
    const email = String(body.email)
    if (this.passwords.get(email) !== body.password) {
      refuse(response, 400, 'invalid_credentials', 'Invalid login credentials')
      return
    }
    const session = { id: randomUUID(), email, active: newRefreshToken(), next: new Map() }
    this.sessions.set(session.id, session)
    this.#grant(session, response)
  }

  #refresh(token: string, response: ServerResponse): void {
    const session = [...this.sessions.values()].find(
      ({ active, next }) => active === token || next.has(token),
    )
    if (session === undefined) {
      const message = 'Invalid Refresh Token: Refresh Token Not Found'
      refuse(response, 400, 'refresh_token_not_found', message)
      return
    }
    if (session.active === token) {
      const fresh = newRefreshToken()
      session.next.set(token, fresh)
      session.active = fresh
    } else if (session.next.get(token) !== session.active) {
      this.sessions.delete(session.id)
      const message = 'Invalid Refresh Token: Already Used'
      refuse(response, 400, 'refresh_token_already_used', message)
      return
    }
    this.#grant(session, response)
  }

  #logout(url: URL, request: IncomingMessage, response: ServerResponse): void {
    const payload = readPayload(request.headers.authorization?.slice('Bearer '.length) ?? '')
    if (payload === null || payload.exp * 1_000 <= this.clock.now()) {
      refuse(response, 403, 'bad_jwt', 'invalid JWT: token is expired')
      return
    }
    const session = this.sessions.get(payload.session_id)
    if (session === undefined) {
      const message = 'Session from session_id claim in JWT does not exist'
      refuse(response, 403, 'session_not_found', message)
      return
    }
    for (const [id, { email }] of this.sessions) {
      const ends =
        url.searchParams.get('scope') === 'local' ? id === session.id : email === session.email
      if (ends) this.sessions.delete(id)
    }
    response.writeHead(204).end()
  }

  #grant({ id, email, active }: FakeSession, response: ServerResponse): void {
    send(response, 200, {
      access_token: this.forge(this.token(email, id)),
      token_type: 'bearer',
      expires_in: this.lifetimeS,
      expires_at: Math.floor(this.clock.now() / 1_000) + this.lifetimeS,
      refresh_token: active,
      user: { id: `user-of-${email}`, aud: 'authenticated', role: 'authenticated', email },
    })
  }
}

/** What every token here is signed with. */
export const tokenSecret = randomBytes(32)

export function makeToken(payload: Record<string, unknown>): string {
  const encode = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`
  return `${body}.${createHmac('sha256', tokenSecret).update(body).digest('base64url')}`
}

/** As v1 makes them: twelve plain letters and digits. */
const newRefreshToken = (): string =>
  randomBytes(24).toString('base64url').replaceAll(/[-_]/g, '').toLowerCase().slice(0, 12)

function readPayload(token: string): { session_id: string; exp: number } | null {
  try {
    const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
    return JSON.parse(text) as { session_id: string; exp: number }
  } catch {
    return null
  }
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'x-supabase-api-version': '2024-01-01',
    })
    .end(JSON.stringify(body))
}

function refuse(response: ServerResponse, status: number, code: string, message = code): void {
  response.setHeader('x-sb-error-code', code)
  send(response, status, { code, message })
}
