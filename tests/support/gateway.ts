import { once } from 'node:events'
import type { Socket } from 'node:net'
import { SignJWT, decodeJwt } from 'jose'
import { WebSocket } from 'ws'
import { openDatabase } from '../../src/backend/database/pool.ts'
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
} from '../../src/backend/gateway/gateway.ts'
import type { GatewayLimits } from '../../src/backend/gateway/limits.ts'
import { createHttp, listen } from '../../src/backend/http.ts'
import { routeUpgrades } from '../../src/backend/http-upgrades.ts'
import { createLog } from '../../src/backend/log.ts'
import { createVerifier } from '../../src/backend/tokens/verifier.ts'
import type { WireJob } from '../../src/shared/job.ts'
import { startTestBackend, type TestBackend, type TestBackendOptions } from './backend.ts'

export interface TestGatewayOptions extends Pick<TestBackendOptions, 'auth'> {
  readonly limits?: Partial<GatewayLimits>
  readonly leewaySeconds?: number
  /** How far the gateway's clock is from this computer's, where tokens are judged. */
  readonly clockOffsetMs?: number
  readonly gateway?: Partial<GatewayOptions>
  /** One more gateway over this backend, with connections of its own. */
  readonly beside?: TestBackend
}

/** The real gateway over a real database and real sign-ins, and nobody else at work. */
export interface TestGateway {
  readonly url: string
  readonly backend: TestBackend
  readonly gateway: Gateway
  readonly logLines: readonly string[]
  /** An access token of the n-th demo user: 0 and 1 share a tenant, 2 is of another. */
  readonly signIn: (user: number) => Promise<string>
  readonly signOut: (token: string) => Promise<void>
  readonly tenantOf: (user: number) => string
  readonly get: (path: string, token?: string) => Promise<Got>
  /** By header, or in the query. */
  readonly open: (path: string, token: string | null, form?: 'header' | 'query') => TestSocket
  /** As a crash, for those who are connected: no close frame, no goodbye. */
  readonly cut: () => Promise<void>
  readonly stop: () => Promise<void>
}

export interface Got {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { auth = {}, limits = {}, leewaySeconds = 30, clockOffsetMs = 0 } = options
  const { beside } = options
  const backend = beside ?? (await startTestBackend({ auth, idle: true }))
  const { sessions, supabaseUrl } = backend
  const logLines: string[] = []
  const log = createLog('gateway', (line) => void logLines.push(line))
  const own =
    beside === undefined ? null : openDatabase({ connection: beside.database.connection }, log)
  const database = own ?? backend.database
  const jwks = new URL(`${supabaseUrl}/auth/v1/.well-known/jwks.json`)
  const verifier = createVerifier({
    keys: { algorithm: 'ES256', jwks },
    tenantClaim: 'app_metadata.tenant_id',
    leewaySeconds,
    sessionAlive: (id) => sessions.alive(id),
    now: () => Date.now() + clockOffsetMs,
  })
  const origin = { url: '' }
  const publicOrigin = (): string => origin.url
  const parts = { database, verifier, sessions, log, limits, publicOrigin }
  const gateway = createGateway({ ...parts, ...options.gateway })
  const app = await createHttp(log)
  gateway.register(app)
  routeUpgrades(app.server, [(upgrade) => gateway.takeUpgrade(upgrade)], log)
  const connections = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => connections.add(socket))
  const port = await listen(app, { host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`
  origin.url = url
  await gateway.start()
  return {
    url,
    backend,
    gateway,
    logLines,
    signIn: (user) => signIn(backend, user),
    signOut: (token) => signOut(backend, token),
    tenantOf: (user) => backend.users[user]!.tenantId,
    get: (path, token) => get(`${url}${path}`, token),
    open: (path, token, form = 'header') => openSocket(url + path, token, form),
    cut: async () => {
      for (const connection of connections) connection.destroy()
      await app.close()
    },
    stop: async () => {
      await gateway.close()
      await app.close()
      await (own === null ? backend.stop() : own.close())
    },
  }
}

async function signIn(backend: TestBackend, user: number): Promise<string> {
  const { email, password } = backend.users[user]!
  const response = await fetch(`${backend.supabaseUrl}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: backend.publishableKey, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const body = (await response.json()) as { access_token: string }
  return body.access_token
}

async function signOut(backend: TestBackend, token: string): Promise<void> {
  await fetch(`${backend.supabaseUrl}/auth/v1/logout?scope=local`, {
    method: 'POST',
    headers: { apikey: backend.publishableKey, authorization: `Bearer ${token}` },
  })
}

async function get(url: string, token?: string): Promise<Got> {
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(url, { headers })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? null : JSON.parse(text),
    headers: response.headers,
  }
}

export interface Frame {
  readonly type: string
  readonly job?: WireJob
  readonly jobs?: WireJob[]
  readonly epoch?: string
  readonly offset?: number
  readonly job_id?: string
  readonly tenant_id?: string
  readonly attempt?: number
  readonly seq?: number
  readonly [field: string]: unknown
}

export interface Ending {
  readonly code: number
  readonly reason: string
}

export interface TestSocket {
  readonly socket: WebSocket
  readonly frames: Frame[]
  /** Resolves with the frames as soon as so many are there. */
  readonly until: (count: number) => Promise<Frame[]>
  /** Resolves at the close frame, or with the HTTP status of a refused upgrade as code. */
  readonly ended: Promise<Ending>
}

export function openSocket(
  url: string,
  token: string | null,
  form: 'header' | 'query' = 'header',
): TestSocket {
  const address = url.replace(/^http/, 'ws')
  const inQuery = token !== null && form === 'query'
  const headers = token !== null && form === 'header' ? { authorization: `Bearer ${token}` } : {}
  const socket = new WebSocket(
    inQuery
      ? `${address}${address.includes('?') ? '&' : '?'}token=${encodeURIComponent(token)}`
      : address,
    { headers, perMessageDeflate: false },
  )
  const frames: Frame[] = []
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString('utf8')) as Frame))
  const ended = new Promise<Ending>((resolve) => {
    socket.on('error', () => undefined)
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      resolve({ code: response.statusCode ?? 0, reason: 'http' })
    })
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }))
  })
  const until = async (count: number): Promise<Frame[]> => {
    while (frames.length < count) {
      const gone = socket.readyState === WebSocket.CLOSED
      if (gone) throw new Error(`closed after ${frames.length} of ${count} frames`)
      await Promise.race([once(socket, 'message'), ended])
    }
    return frames
  }
  return { socket, frames, until, ended }
}

/** A token with the claims of another, changed, and signed by somebody else. */
export function forge(token: string, claims: object, secret = 'x'.repeat(32)): Promise<string> {
  return new SignJWT({ ...decodeJwt(token), ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))
}

/** Writes jobs as a worker would, but only when the test says so. */
export class JobHand {
  readonly #backend: TestBackend
  #count = 0

  constructor(backend: TestBackend) {
    this.#backend = backend
  }

  /** A running job that no worker takes. */
  async start(tenantId: string, job: { id?: string; name?: string } = {}): Promise<string> {
    this.#count += 1
    const { id = `job_${tenantId}_${this.#count}`, name = `Job ${this.#count}` } = job
    await this.#backend.database.query(
      `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at)
       values ($1, $2, 'ETL', $3, 'by-hand', 'running', 'hand', clock_timestamp())`,
      [id, name, tenantId],
    )
    return id
  }

  /** One event. */
  async progress(id: string, percent: number): Promise<void> {
    await this.#backend.database.query('update public.jobs set progress = $2 where id = $1', [
      id,
      percent,
    ])
  }

  async say(id: string, text: string): Promise<void> {
    await this.#backend.database.query('update public.jobs set note = $2 where id = $1', [
      id,
      { text },
    ])
  }

  async finish(id: string): Promise<void> {
    await this.#backend.database.query(
      `update public.jobs set status = 'succeeded', progress = 100, worker = null,
         finished_at = clock_timestamp() where id = $1`,
      [id],
    )
  }
}
