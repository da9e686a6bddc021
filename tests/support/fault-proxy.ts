import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import { systemClock } from '../../src/main/lib/clock.ts'
import type { Clock } from '../../src/main/ports.ts'
import { Link } from './fault-proxy-link.ts'
import type { Slowness } from './fault-proxy-link.ts'
import { ProxyLog } from './fault-proxy-log.ts'
import { Rules } from './fault-proxy-rules.ts'
import type { Actions, Cut, Match, Place, Side } from './fault-proxy-rules.ts'
import { Tunnel } from './fault-proxy-tunnel.ts'
import { forward, readRequest } from './fault-proxy-requests.ts'
import type { ProxiedRequest } from './fault-proxy-requests.ts'
import { answerUpgrade } from './fault-proxy-upgrades.ts'

/** What the proxy does with a new request or upgrade. */
export type ProxyMode =
  /** Forwards. */
  | 'pass'
  /** Resets the connection. */
  | 'reset'
  /** Reads, and never answers. */
  | 'silent'

interface Hooks {
  /** Changes the headers of what is forwarded. */
  rewrite: (request: ProxiedRequest, headers: IncomingHttpHeaders) => IncomingHttpHeaders
  /** Changes the path of what is forwarded. */
  redirect: (request: ProxiedRequest) => string
  /** Chooses what happens to one request; the general mode is used where it answers undefined. */
  decide: (request: ProxiedRequest) => ProxyMode | undefined
}

export interface FaultProxyOptions {
  /** Time of delays and slowness. */
  readonly clock?: Clock
}

/**
 * Stands between a client and a real backend: forwards HTTP and WebSocket, and does to them what its
 * rules say. It keeps a log of everything, and every token that the backend handed out. To use it,
 * most common first: `rule({ on: 'to-client', nth: 3 }, { act: 'drop' })`, `cut`, `silence`,
 * `inject`, `slowness`, `log`, `mode`, `hooks`. Frames are looked into on connections that were made
 * while `frames` was set or a rule for frames stood; on others only bytes pass.
 */
export class FaultProxy {
  readonly requests: ProxiedRequest[] = []
  /** Access and refresh tokens seen in answers of the token endpoint, in order. */
  readonly tokens: string[] = []
  readonly log = new ProxyLog()
  mode: ProxyMode = 'pass'
  hooks: Partial<Hooks> = {}
  frames = false
  /** Of both ways, for what is put on them from now on. */
  slowness: Slowness = {}
  readonly #rules = new Rules()
  readonly #target: URL
  readonly #clock: Clock
  readonly #server: net.Server
  readonly #http: http.Server
  readonly #sockets = new Set<Socket>()
  readonly #tunnels = new Set<Tunnel>()
  /** The number of each client's connection. */
  readonly #numbers = new WeakMap<Socket, number>()
  #connections = 0

  private constructor(target: URL, { clock = systemClock() }: FaultProxyOptions) {
    this.#target = target
    this.#clock = clock
    this.#http = http.createServer((request, response) => this.#request(request, response))
    this.#http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#upgrade(request, socket, head)
    })
    // Without it a second small frame would wait for the first to be acknowledged, for 40 ms.
    this.#server = net.createServer({ noDelay: true }, (socket) => this.#connect(socket))
  }

  static async start(targetUrl: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(targetUrl), options)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Answers how the rule is taken back. */
  rule<P extends Place>(match: Match<P>, action: Actions[P]): () => void {
    return this.#rules.add(match, action)
  }

  clearRules(): void {
    this.#rules.clear()
  }

  /** Breaks every connection that stands, as a cable would, or ends it without a word. */
  cut(how: 'rst' | 'fin' = 'rst'): void {
    for (const socket of this.#sockets) {
      if (how === 'rst') socket.resetAndDestroy()
      else if (!socket.writableEnded) socket.destroySoon()
    }
  }

  /** On every connection whose frames are looked into: nothing more comes through to this side. */
  silence(side: Side): void {
    for (const tunnel of this.#tunnels) tunnel.silence(side)
  }

  /** On every such connection: a message that the other side never sent. */
  inject(to: Side, text: string): void {
    for (const tunnel of this.#tunnels) tunnel.inject(to, text)
  }

  /** On every such connection: a goodbye in the server's name. */
  close(code: number, reason = ''): void {
    for (const tunnel of this.#tunnels) tunnel.close(code, reason)
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

  /** A client's connection reaches HTTP only when no rule keeps it. */
  #connect(socket: Socket): void {
    this.#connections += 1
    const connection = this.#connections
    this.#numbers.set(socket, connection)
    this.#keep(socket)
    const action = this.mode === 'reset' ? reset : this.#rules.decide({ place: 'connect' })
    this.log.add({ place: 'connect', connection, done: action?.act ?? 'pass' })
    socket.on('close', () => this.log.add({ place: 'closed', connection, done: 'pass' }))
    if (action === null) this.#http.emit('connection', socket)
    else if (action.act === 'never-answer') socket.resume()
    else if (action.how === 'rst') socket.resetAndDestroy()
    else socket.end()
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  /** Notes what was asked for; answers what is done with it. */
  #admit<P extends 'request' | 'upgrade'>(request: IncomingMessage, place: P): Admitted<P> {
    const seen = readRequest(request, place === 'upgrade')
    this.requests.push(seen)
    const mode = this.hooks.decide?.(seen) ?? this.mode
    const { path, method } = seen
    const action =
      modes[mode] ?? this.#rules.decide({ place, path, method, headers: request.headers })
    const connection = this.#numbers.get(request.socket) ?? 0
    this.log.add({ place, connection, path, done: action?.act ?? 'pass' })
    return { seen, action, connection }
  }

  #request(request: IncomingMessage, response: http.ServerResponse): void {
    const { seen, action } = this.#admit(request, 'request')
    const go = (): void =>
      forward(request, response, {
        target: this.#target,
        seen,
        path: this.#path(seen),
        headers: this.#headers(seen, request),
        link: new Link(this.#clock, () => this.slowness),
        losesReply: action?.act === 'lose-reply',
        onToken: (token) => this.tokens.push(token),
      })
    if (action === null) {
      this.#later(this.slowness.latencyMs?.() ?? 0, request.socket, go)
      return
    }
    switch (action.act) {
      case 'cut':
        if (action.how === 'rst') request.socket.resetAndDestroy()
        else request.socket.destroySoon()
        break
      case 'never-answer':
        request.resume()
        break
      case 'respond':
        request.resume()
        response.writeHead(action.status, action.headers).end(action.body)
        break
      case 'delay':
        this.#later(action.ms, request.socket, go)
        break
      case 'lose-reply':
        go()
        break
    }
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { seen, action, connection } = this.#admit(request, 'upgrade')
    const go = (): void => this.#tunnel(request, { socket, head, seen, connection })
    if (action?.act === 'delay') this.#later(action.ms, socket, go)
    else if (action === null) this.#later(this.slowness.latencyMs?.() ?? 0, socket, go)
    else answerUpgrade(request, socket, action)
  }

  #later(ms: number, socket: Socket, run: () => void): void {
    if (ms <= 0) {
      run()
      return
    }
    const cancel = this.#clock.after(ms, () => {
      socket.off('close', cancel)
      run()
    })
    socket.once('close', cancel)
  }

  #headers(seen: ProxiedRequest, request: IncomingMessage): IncomingHttpHeaders {
    return this.hooks.rewrite?.(seen, { ...request.headers }) ?? request.headers
  }

  #path(seen: ProxiedRequest): string {
    return this.hooks.redirect?.(seen) ?? seen.path
  }

  #tunnel(request: IncomingMessage, { socket, head, seen, connection }: Upgrading): void {
    const { port, hostname } = this.#target
    const onward = net.connect({ port: Number(port), host: hostname, noDelay: true })
    this.#keep(onward)
    const lines = Object.entries(this.#headers(seen, request)).map(
      ([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : (value ?? '')}`,
    )
    onward.write([`${seen.method} ${this.#path(seen)} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    if (this.frames || this.#rules.readsFrames) this.#look(socket, onward, { seen, connection })
    else {
      socket.pipe(onward)
      onward.pipe(socket)
      socket.on('close', () => onward.destroy())
      onward.on('close', () => socket.destroy())
    }
    if (head.length > 0) socket.unshift(head)
  }

  #look(client: Socket, server: Socket, { seen, connection }: Seen): void {
    const tunnel = new Tunnel({
      client,
      server,
      connection,
      path: seen.path,
      rules: this.#rules,
      log: this.log,
      clock: this.#clock,
      slowness: () => this.slowness,
    })
    this.#tunnels.add(tunnel)
    client.on('close', () => this.#tunnels.delete(tunnel))
  }
}

interface Seen {
  readonly seen: ProxiedRequest
  readonly connection: number
}

interface Admitted<P extends 'request' | 'upgrade'> extends Seen {
  readonly action: Actions[P] | null
}

interface Upgrading extends Seen {
  readonly socket: Socket
  readonly head: Buffer
}

const reset: Cut = { act: 'cut', how: 'rst' }
const modes: Readonly<Record<ProxyMode, Actions['connect'] | null>> = {
  pass: null,
  reset,
  silent: { act: 'never-answer' },
}
