import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'

/** What the proxy does with a new request or upgrade. */
export type ProxyMode =
  /** Forwards. */
  | 'pass'
  /** Resets the connection. */
  | 'reset'
  /** Reads, and never answers. */
  | 'silent'

export interface ProxiedRequest {
  readonly method: string
  readonly path: string
  readonly upgrade: boolean
  /** The token that came with it, in the header or in the query, or the refresh token in the body. */
  readonly credential: string | null
}

const refreshPath = '/auth/v1/token?grant_type=refresh_token'

interface Hooks {
  /** Changes the headers of what is forwarded. */
  rewrite: (request: ProxiedRequest, headers: IncomingHttpHeaders) => IncomingHttpHeaders
  /** Changes the path of what is forwarded. */
  redirect: (request: ProxiedRequest) => string
  /** Chooses what happens to one request; the general mode is used where it answers undefined. */
  decide: (request: ProxiedRequest) => ProxyMode | undefined
}

/**
 * Stands between the app and a real backend: forwards HTTP and WebSocket, can cut or silence the
 * way, and keeps every token that the backend handed out, so that a test can look for them.
 */
export class FaultProxy {
  readonly requests: ProxiedRequest[] = []
  /** Access and refresh tokens seen in answers of the token endpoint, in order. */
  readonly tokens: string[] = []
  mode: ProxyMode = 'pass'
  hooks: Partial<Hooks> = {}
  readonly #target: URL
  readonly #server: http.Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: URL) {
    this.#target = target
    this.#server = http.createServer((request, response) => {
      this.#forward(request, response)
    })
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#tunnel(request, socket, head)
    })
    this.#server.on('connection', (socket: Socket) => {
      this.#keep(socket)
      if (this.mode === 'reset') socket.resetAndDestroy()
    })
  }

  static async start(targetUrl: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(targetUrl))
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resets every connection that stands, as a cable would. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Requests since `from` that carried one of these tokens. */
  using(tokens: readonly string[], from = 0): ProxiedRequest[] {
    return this.requests
      .slice(from)
      .filter(({ credential }) => credential !== null && tokens.includes(credential))
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #admit(request: IncomingMessage, upgrade: boolean): ProxiedRequest | null {
    const path = request.url ?? '/'
    const credential = credentialOf(request)
    const seen = { method: request.method ?? 'GET', path, upgrade, credential }
    this.requests.push(seen)
    if (path === refreshPath) {
      whenRead(request, (body) => {
        seen.credential = /"refresh_token":"([^"]+)"/.exec(body)?.[1] ?? null
      })
    }
    const mode = this.hooks.decide?.(seen) ?? this.mode
    if (mode === 'reset') request.socket.resetAndDestroy()
    if (mode === 'silent') request.resume()
    return mode === 'pass' ? seen : null
  }

  #headers(seen: ProxiedRequest, request: IncomingMessage): IncomingHttpHeaders {
    return this.hooks.rewrite?.(seen, { ...request.headers }) ?? request.headers
  }

  #path(seen: ProxiedRequest): string {
    return this.hooks.redirect?.(seen) ?? seen.path
  }

  #forward(request: IncomingMessage, response: http.ServerResponse): void {
    const seen = this.#admit(request, false)
    if (seen === null) return
    const onward = http.request(
      {
        host: this.#target.hostname,
        port: this.#target.port,
        method: seen.method,
        path: this.#path(seen),
        headers: this.#headers(seen, request),
        // No connection is used twice: a reset means one request.
        agent: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        if (seen.path.startsWith('/auth/v1/token')) this.#remember(answer)
        answer.pipe(response)
      },
    )
    onward.on('error', () => request.socket.resetAndDestroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }

  #remember(answer: IncomingMessage): void {
    whenRead(answer, (text) => {
      for (const match of text.matchAll(/"(?:access|refresh)_token":"([^"]+)"/g)) {
        if (match[1] !== undefined) this.tokens.push(match[1])
      }
    })
  }

  #tunnel(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const seen = this.#admit(request, true)
    if (seen === null) return
    const onward = net.connect(Number(this.#target.port), this.#target.hostname)
    this.#keep(onward)
    const lines = Object.entries(this.#headers(seen, request)).map(
      ([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : (value ?? '')}`,
    )
    onward.write([`${seen.method} ${this.#path(seen)} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    onward.write(head)
    socket.pipe(onward)
    onward.pipe(socket)
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  }
}

function credentialOf(request: IncomingMessage): string | null {
  const header = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  return header ?? new URL(request.url ?? '/', 'http://proxy').searchParams.get('token')
}

/** Reads along while a message passes through. */
function whenRead(message: IncomingMessage, use: (text: string) => void): void {
  const parts: Buffer[] = []
  message.on('data', (part: Buffer) => parts.push(part))
  message.on('end', () => use(Buffer.concat(parts).toString('utf8')))
}
