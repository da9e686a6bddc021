import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { answerQuery } from './scripted-rest.ts'
import type { Row } from './scripted-rest.ts'

export interface SeenQuery {
  readonly path: string
  readonly query: URLSearchParams
  readonly token: string | null
  readonly apikey: string | undefined
  readonly profile: string | undefined
}

export interface RestAnswer {
  readonly status: number
  readonly type?: string
  readonly body?: string
}

interface JoinPayload {
  readonly access_token?: string
  readonly config: { readonly postgres_changes: readonly Record<string, unknown>[] }
}

/** A joined channel, as the server has it in hand. */
export class Link {
  readonly socket: WebSocket
  readonly topic: string
  readonly ref: string
  readonly payload: JoinPayload
  /** Tokens in the order in which the console gave them. */
  readonly tokens: (string | undefined)[]

  constructor(socket: WebSocket, topic: string, ref: string, payload: JoinPayload) {
    this.socket = socket
    this.topic = topic
    this.ref = ref
    this.payload = payload
    this.tokens = [payload.access_token]
  }

  /** Joined, with the bindings as they were asked for. */
  accept(): void {
    const bindings = this.payload.config.postgres_changes
    this.reply('ok', { postgres_changes: bindings.map((one, at) => ({ ...one, id: at + 7 })) })
  }

  refuse(reason: string): void {
    this.reply('error', { reason })
  }

  /** Changes are told from now on. */
  subscribe(): void {
    this.system('ok', 'Subscribed to PostgreSQL')
  }

  reply(status: string, response: unknown): void {
    this.say('phx_reply', { status, response }, this.ref)
  }

  system(status: 'ok' | 'error', message: string, extension = 'postgres_changes'): void {
    this.say('system', { extension, status, message, channel: this.topic.slice(9) })
  }

  /** As the real server does when a channel has to go: says why, and closes it. */
  shutDown(message: string): void {
    this.system('error', message, 'system')
    this.close()
  }

  close(): void {
    this.say('phx_close', {}, this.ref)
  }

  change(type: 'INSERT' | 'UPDATE' | 'DELETE', row: Row, more: object = {}): void {
    const record = type === 'DELETE' ? { old_record: row } : { record: row }
    const data = { schema: 'public', table: 'translation_jobs', type, errors: null, ...record }
    this.say('postgres_changes', { ids: [7], data: { ...data, columns: [], ...more } })
  }

  say(event: string, payload: unknown, ref: string | null = null): void {
    this.socket.send(JSON.stringify([this.ref, ref, this.topic, event, payload]))
  }
}

/**
 * A server on port 0 that speaks Realtime and PostgREST over one table, records what it was asked,
 * and does as a test says. To make it misbehave, most common first:
 *   - another answer to a join: set `onJoin`
 *   - another answer to a query: set `onQuery` ("hang" never answers); before the upgrade: `onUpgrade`
 *   - something on an open channel: `link`
 */
export class ScriptedRealtime {
  readonly #http: Server
  readonly #ws = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly #sockets = new Set<WebSocket>()
  readonly rows = new Map<string, Row>()
  readonly queries: SeenQuery[] = []
  readonly dials: URL[] = []
  /** Headers of the upgrades, as text. */
  readonly headers: string[] = []
  readonly links: Link[] = []
  heartbeats = 0
  answersHeartbeats = true
  onJoin: (link: Link) => void = (link) => {
    link.accept()
    link.subscribe()
  }
  onQuery: (seen: SeenQuery) => RestAnswer | 'hang' | undefined = () => undefined
  onUpgrade: () => RestAnswer | undefined = () => undefined
  onToken: (link: Link) => void = (link) => link.subscribe()

  private constructor() {
    this.#http = createServer((request, response) => this.#serve(request, response))
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => {})
      this.#upgrade(request, socket, head)
    })
  }

  static async listen(): Promise<ScriptedRealtime> {
    const server = new ScriptedRealtime()
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** The channel that was joined last. */
  get link(): Link {
    const link = this.links.at(-1)
    if (link === undefined) throw new Error('nothing was joined')
    return link
  }

  /** Every token that a join carried, in order. */
  get joinTokens(): (string | undefined)[] {
    return this.links.map(({ tokens }) => tokens[0])
  }

  put(row: Row): void {
    this.rows.set(String(row.id), row)
  }

  /** Into the table, and told. */
  write(row: Row): void {
    const type = this.rows.has(String(row.id)) ? 'UPDATE' : 'INSERT'
    this.put(row)
    this.link.change(type, row)
  }

  cut(): void {
    for (const socket of this.#sockets) socket.terminate()
  }

  async close(): Promise<void> {
    this.cut()
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://server')
    const { authorization, apikey, 'accept-profile': profile } = request.headers
    const seen: SeenQuery = {
      path: url.pathname,
      query: url.searchParams,
      token: authorization?.replace('Bearer ', '') ?? null,
      apikey: apikey as string | undefined,
      profile: profile as string | undefined,
    }
    this.queries.push(seen)
    const answer = this.onQuery(seen) ?? {
      status: 200,
      body: JSON.stringify(answerQuery(this.rows.values(), seen.query)),
    }
    if (answer === 'hang') return
    response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' })
    response.end(answer.body ?? '')
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.dials.push(new URL(request.url ?? '/', 'http://server'))
    this.headers.push(JSON.stringify(request.headers))
    const answer = this.onUpgrade()
    if (answer === undefined) {
      this.#ws.handleUpgrade(request, socket, head, (opened) => this.#welcome(opened))
      return
    }
    const { status, body = '', type = 'application/json' } = answer
    const lines = ['Connection: close', `Content-Type: ${type}`, `Content-Length: ${body.length}`]
    socket.end(`HTTP/1.1 ${status} X\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  }

  #welcome(socket: WebSocket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('message', (data: Buffer) => this.#hear(socket, data.toString()))
  }

  #hear(socket: WebSocket, text: string): void {
    const [joinRef, ref, topic, event, payload] = JSON.parse(text) as [
      string,
      string,
      string,
      string,
      JoinPayload,
    ]
    if (event === 'heartbeat') {
      this.heartbeats += 1
      const reply = [null, ref, topic, 'phx_reply', { status: 'ok', response: {} }]
      if (this.answersHeartbeats) socket.send(JSON.stringify(reply))
    } else if (event === 'phx_join') {
      const link = new Link(socket, topic, ref, payload)
      this.links.push(link)
      this.onJoin(link)
    } else if (event === 'access_token') {
      const link = this.links.find((one) => one.ref === joinRef && one.topic === topic)
      if (link === undefined) return
      link.tokens.push(payload.access_token)
      this.onToken(link)
    }
  }
}
