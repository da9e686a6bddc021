import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { isFinal } from '../../src/shared/job.ts'
import type { WireJob } from '../../src/shared/job.ts'

export interface Seen {
  readonly path: string
  readonly query: URLSearchParams
  readonly token: string | null
  readonly form: 'header' | 'query' | null
}

/** What a hook answers instead of the default; undefined leaves the default. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * A real gateway on port 0 that serves gateway-protocol §§2 and 3 from a map of jobs, records what
 * it was asked, and does as a test says. To extend it, most common first:
 *   - another state of a job: `put`, `push`, `finish`
 *   - a refused token: set `refuse`
 *   - another HTTP answer: set `onHttp`; before the upgrade: set `onUpgrade` ("hang" never answers)
 *   - another conversation on a socket: set `onSocket`
 *   - a fault on open sockets: `each`
 *   - a tenant stream: `ScriptedStream`
 */
export class ScriptedGateway {
  readonly #http: Server
  readonly #ws = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly #sockets = new Map<WebSocket, string>()
  readonly #hanging = new Set<Duplex>()
  readonly jobs = new Map<string, WireJob>()
  readonly requests: Seen[] = []
  readonly dials: Seen[] = []
  events: unknown[] = []
  /** Of the list of jobs. */
  epoch = 'e'
  /** How far its stream is. */
  offset = 0
  /** The reason why a token is refused, or null. */
  refuse: (token: string | null) => string | null = (token) =>
    token === null ? 'token_missing' : null
  onHttp: (seen: Seen) => Answer | 'hang' | undefined = () => undefined
  onUpgrade: (seen: Seen) => Answer | 'hang' | undefined = () => undefined
  onSocket: ((socket: WebSocket, jobId: string, seen: Seen) => void) | null = null

  private constructor() {
    this.#http = createServer((request, response) => this.#serve(request, response))
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => {})
      this.#upgrade(request, socket, head)
    })
  }

  static async listen(): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway()
    await new Promise<void>((resolve) => gateway.#http.listen(0, '127.0.0.1', resolve))
    return gateway
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** Sockets that are open or hang in their upgrade. */
  get connections(): number {
    return this.#sockets.size + this.#hanging.size
  }

  put(job: WireJob): void {
    this.jobs.set(job.id, job)
  }

  /** Changes a job and says so on its sockets. */
  push(jobId: string, changes: Partial<WireJob>): void {
    const before = this.jobs.get(jobId)
    if (before === undefined) throw new Error(`no job ${jobId}`)
    const seq = before.seq + 1
    this.put({ ...before, seq, ...changes })
    const { attempt, name, tenant_id } = before
    this.#say(jobId, {
      type: 'progress',
      job_id: jobId,
      job_name: name,
      tenant_id,
      attempt,
      seq,
      ...changes,
    })
  }

  finish(jobId: string, status: WireJob['status'] = 'succeeded'): void {
    const before = this.jobs.get(jobId)
    if (before === undefined) throw new Error(`no job ${jobId}`)
    const job = { ...before, seq: before.seq + 1, status, progress: 100 }
    this.put(job)
    this.#say(jobId, { type: 'finished', job })
    for (const [socket, id] of this.#sockets) if (id === jobId) socket.close(1000)
  }

  each(act: (socket: WebSocket, jobId: string) => void): void {
    for (const [socket, jobId] of [...this.#sockets]) act(socket, jobId)
  }

  /** The TCP connections of the open sockets stop being read: the peer goes silent. */
  blackHole(): void {
    this.each((socket) => socket.pause())
  }

  async close(): Promise<void> {
    this.each((socket) => socket.terminate())
    for (const socket of this.#hanging) socket.destroy()
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  #say(jobId: string, message: unknown): void {
    for (const [socket, id] of this.#sockets) if (id === jobId) socket.send(JSON.stringify(message))
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const seen = read(request)
    this.requests.push(seen)
    const answer = this.onHttp(seen) ?? this.#answer(seen)
    if (answer === 'hang') return
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body ?? '')
  }

  #answer(seen: Seen): Answer {
    const refusal = this.refuse(seen.token)
    if (refusal !== null)
      return json(401, { error: { code: refusal, message: 'refused', ref: 'r1' } })
    const jobs = [...this.jobs.values()]
    if (seen.path === '/api/v1/websocket/status') {
      const active = jobs.filter((job) => !isFinal(job.status))
      return json(200, { tenant_ids: [], active_jobs: active, connections: this.connections })
    }
    if (seen.path === '/api/v1/jobs')
      return json(200, { jobs, next_cursor: null, epoch: this.epoch, offset: this.offset })
    const [, id = '', events] = /^\/api\/v1\/jobs\/([^/]+)(\/events)?$/.exec(seen.path) ?? []
    const job = this.jobs.get(id)
    if (job === undefined)
      return json(404, { error: { code: 'job_unknown', message: '', ref: 'r' } })
    return json(200, events === undefined ? job : { events: this.events, next_cursor: null })
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const seen = read(request)
    this.dials.push(seen)
    const answer = this.onUpgrade(seen)
    if (answer === 'hang') {
      this.#hanging.add(socket)
      // A duplex that nobody reads never notices that the other end has gone.
      socket.resume()
      socket.on('close', () => this.#hanging.delete(socket))
      socket.on('end', () => socket.destroy())
      return
    }
    if (answer !== undefined) {
      const headers = Object.entries(answer.headers ?? {}).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      )
      const body = answer.body ?? ''
      socket.end(
        `HTTP/1.1 ${answer.status} X\r\nConnection: close\r\nContent-Length: ${body.length}\r\n${headers.join('')}\r\n${body}`,
      )
      return
    }
    this.#ws.handleUpgrade(request, socket, head, (opened) => this.#welcome(opened, seen))
  }

  #welcome(socket: WebSocket, seen: Seen): void {
    const jobId = decodeURIComponent(seen.path.split('/').at(-1) ?? '')
    this.#sockets.set(socket, jobId)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    if (this.onSocket !== null) {
      this.onSocket(socket, jobId, seen)
      return
    }
    const refusal = this.refuse(seen.token)
    const job = this.jobs.get(jobId)
    if (refusal !== null) socket.close(1008, refusal)
    else if (job === undefined) socket.close(4404, 'job_unknown')
    else socket.send(JSON.stringify({ type: 'snapshot', job }))
  }
}

const json = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) })

function read(request: IncomingMessage): Seen {
  const url = new URL(request.url ?? '/', 'http://gateway')
  const header = request.headers.authorization?.replace('Bearer ', '') ?? null
  const query = url.searchParams.get('token')
  const form = header !== null ? 'header' : query !== null ? 'query' : null
  return { path: url.pathname, query: url.searchParams, token: header ?? query, form }
}
