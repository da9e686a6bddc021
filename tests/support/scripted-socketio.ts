import { Server as Engine } from 'engine.io'
import { createServer } from 'node:http'
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server } from 'socket.io'
import type { Socket } from 'socket.io'
import type { WireJob } from '../../src/shared/job.ts'
import type { Answer } from './scripted-gateway.ts'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly token: string | null
  readonly cookie: string
  readonly upgrade: boolean
}

interface Refusal {
  readonly message: string
  readonly code?: string
}

/** What a websocket meets on its way in. */
export type Way = 'open' | 'refused' | 'hanging' | 'cut'

/**
 * A bridge and a real Socket.IO server on port 0 that greet, number and remember as ours do, record
 * what they were asked, and do as a test says:
 *   - another answer of the bridge, or to any request: set `onHttp` ("hang" never answers)
 *   - a websocket that does not get through: set `way`
 *   - a refused connection: set `admit`
 *   - another conversation: set `onSocket`
 */
export class ScriptedSocketIo {
  readonly io: Server
  readonly #engine: Engine
  readonly #http: HttpServer
  readonly #tcp = new Set<TcpSocket>()
  readonly #unanswered = new Set<ServerResponse>()
  readonly requests: SeenRequest[] = []
  readonly jobs = new Map<string, WireJob>()
  /** What each connection said in `auth`. */
  readonly credentials: unknown[] = []
  epoch = 'epoch-1'
  offset = 0
  way: Way = 'open'
  acknowledges = true
  onHttp: (seen: SeenRequest) => Answer | 'hang' | undefined = () => undefined
  admit: (token: string | undefined) => Refusal | 'never' | null = () => null
  onSocket: (socket: Socket) => void = (socket) => {
    if (!socket.recovered) socket.emit('job:snapshot', this.snapshot)
  }

  private constructor(recoverable: boolean, pingInterval: number) {
    this.#engine = new Engine({
      transports: ['websocket', 'polling'],
      perMessageDeflate: false,
      pingInterval,
      cookie: { name: 'sticky', path: '/' },
    })
    this.io = new Server({
      serveClient: false,
      ...(recoverable && {
        connectionStateRecovery: { maxDisconnectionDuration: 120_000, skipMiddlewares: false },
      }),
    })
    this.io.bind(this.#engine)
    this.io.use((socket, next) => {
      const { token } = socket.handshake.auth as { token?: string }
      this.credentials.push(socket.handshake.auth)
      const refusal = this.admit(token)
      if (refusal === 'never') return
      if (refusal === null) next()
      else {
        const { message, code } = refusal
        next(Object.assign(new Error(message), code !== undefined && { data: { code } }))
      }
    })
    this.io.on('connection', (socket) => {
      void socket.join('all')
      socket.on('auth', (_message: unknown, answer: (said: object) => void) => {
        if (this.acknowledges) answer({ ok: true, expires_at: new Date().toISOString() })
      })
      socket.on('ping', (_message: unknown, answer: unknown) => {
        if (this.acknowledges && typeof answer === 'function') {
          ;(answer as (said: object) => void)({ type: 'pong' })
        }
      })
      this.onSocket(socket)
    })
    this.#http = createServer((request, response) => this.#serve(request, response))
    this.#http.on('connection', (socket: TcpSocket) => {
      this.#tcp.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#tcp.delete(socket))
    })
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#upgrade(request, socket, head)
    })
  }

  static async listen({
    recoverable = true,
    pingInterval = 25_000,
  } = {}): Promise<ScriptedSocketIo> {
    const server = new ScriptedSocketIo(recoverable, pingInterval)
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  get snapshot(): object {
    const { epoch, offset } = this
    return { epoch, offset, offsets: { acme: offset }, jobs: [...this.jobs.values()] }
  }

  /** TCP connections that stand, of whatever kind. */
  get connections(): number {
    return this.#tcp.size
  }

  /** Requests that wait for an answer, as a poll does. */
  get waiting(): number {
    return this.#unanswered.size
  }

  /** Sessions of Engine.IO that stand. */
  get sessions(): number {
    return this.#engine.clientsCount
  }

  /** Requests for the bridge, oldest first. */
  get bridged(): SeenRequest[] {
    return this.requests.filter(({ path }) => path === '/api/auth/session/bridge')
  }

  /** Handshakes of Engine.IO, by the transport. */
  get dials(): string[] {
    return this.requests.flatMap(({ path }) => {
      const url = new URL(path, this.url)
      const isDial = url.pathname === '/socket.io/' && !url.searchParams.has('sid')
      return isDial ? [url.searchParams.get('transport') ?? ''] : []
    })
  }

  put(job: WireJob): void {
    this.jobs.set(job.id, job)
  }

  /** Changes a job without a word. */
  change(id: string, changes: Partial<WireJob> = {}): object {
    const before = this.jobs.get(id)
    if (before === undefined) throw new Error(`no job ${id}`)
    const job = { ...before, seq: before.seq + 1, ...changes }
    this.put(job)
    this.offset += 1
    return { tenant_id: 'acme', offset: this.offset, job }
  }

  /** Changes a job and tells everybody, also those who are away for a moment. */
  push(id: string, changes: Partial<WireJob> = {}): void {
    this.io.to('all').emit('job:event', this.change(id, changes))
  }

  /** As a cable that is pulled: every connection is reset. */
  cut(): void {
    for (const socket of this.#tcp) socket.resetAndDestroy()
  }

  /** A black hole: nothing that stands is read any more, and nothing new is answered. */
  freeze(): void {
    for (const socket of this.#tcp) socket.pause()
    this.onHttp = () => 'hang'
    this.way = 'hanging'
  }

  /** What was frozen sees who has gone meanwhile. */
  thaw(): void {
    for (const socket of this.#tcp) socket.resume()
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#http.close(resolve))
    await this.io.close()
    this.cut()
    await closed
  }

  #see(request: IncomingMessage, upgrade: boolean): SeenRequest {
    const seen = {
      method: request.method ?? '',
      path: request.url ?? '',
      token: request.headers.authorization?.replace('Bearer ', '') ?? null,
      cookie: request.headers.cookie ?? '',
      upgrade,
    }
    this.requests.push(seen)
    return seen
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const seen = this.#see(request, false)
    this.#unanswered.add(response)
    response.on('close', () => this.#unanswered.delete(response))
    const scripted = this.onHttp(seen)
    if (scripted === 'hang') return
    if (scripted === undefined && seen.path.startsWith('/socket.io/')) {
      this.#engine.handleRequest(request, response)
      return
    }
    const answer = scripted ?? this.#answer(seen)
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body ?? '')
  }

  #answer({ path }: SeenRequest): Answer {
    const number = this.requests.length
    if (!path.startsWith('/api/auth/session')) return { status: 404 }
    const cookies = [
      `sb_session=session-${number}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `sb_refresh=refresh-${number}; Path=/api/auth/session; HttpOnly; Secure; SameSite=Lax`,
    ]
    return {
      status: 200,
      // Node takes a list; the type of a scripted answer is the plain one.
      headers: { 'set-cookie': cookies as unknown as string },
      body: JSON.stringify({
        success: true,
        session_id: `s${number}`,
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#see(request, true)
    switch (this.way) {
      case 'open':
        this.#engine.handleUpgrade(request, socket, head)
        break
      case 'refused':
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        break
      case 'hanging':
        socket.resume()
        socket.on('end', () => socket.destroy())
        break
      case 'cut':
        socket.destroy()
    }
  }
}
