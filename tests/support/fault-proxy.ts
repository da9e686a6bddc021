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
}

interface Hooks {
  /** Changes the headers of what is forwarded. */
  rewrite: (request: ProxiedRequest, headers: IncomingHttpHeaders) => IncomingHttpHeaders
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
    const seen = { method: request.method ?? 'GET', path: request.url ?? '/', upgrade }
    this.requests.push(seen)
    const mode = this.hooks.decide?.(seen) ?? this.mode
    if (mode === 'reset') request.socket.resetAndDestroy()
    if (mode === 'silent') request.resume()
    return mode === 'pass' ? seen : null
  }

  #headers(seen: ProxiedRequest, request: IncomingMessage): IncomingHttpHeaders {
    return this.hooks.rewrite?.(seen, { ...request.headers }) ?? request.headers
  }

  #forward(request: IncomingMessage, response: http.ServerResponse): void {
    const seen = this.#admit(request, false)
    if (seen === null) return
    const onward = http.request(
      {
        host: this.#target.hostname,
        port: this.#target.port,
        method: seen.method,
        path: seen.path,
        headers: this.#headers(seen, request),
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
    const parts: Buffer[] = []
    answer.on('data', (part: Buffer) => parts.push(part))
    answer.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8')
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
    onward.write([`${seen.method} ${seen.path} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    onward.write(head)
    socket.pipe(onward)
    onward.pipe(socket)
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  }
}
