import type { Manager, Socket as IoSocket } from 'socket.io-client'
import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import type {
  Clock,
  HttpFetch,
  Socket,
  SocketEnding,
  SocketFactory,
  SocketHandlers,
  SocketRequest,
} from '../../ports.ts'
import { classify } from '../close-codes.ts'
import type { IoEvent, IoMessage } from './io-messages.ts'
import { endingBy, maxPacketBytes, nonsense, WebSocketTransport } from './io-transports.ts'
import type { Ground } from './io-transports.ts'
import type { SessionBridge } from './session-bridge.ts'

export interface IoPorts {
  readonly clock: Clock
  readonly sockets: SocketFactory
  readonly fetch: HttpFetch
  readonly bridge: SessionBridge
}

const farewell = z.object({ reason: z.string().max(64) })

export interface AttemptOptions {
  readonly request: SocketRequest<IoMessage>
  readonly ports: IoPorts
  readonly io: IoSocket
  /** Dials, and answers what is dialled with. */
  readonly connect: () => Engine
  readonly onGone: () => void
}

type Engine = Manager['engine']

/** One connection of the client, from its handshake to its end. */
export class Attempt implements Socket {
  readonly ground: Ground
  readonly bufferedAmount = 0
  readonly #options: AttemptOptions
  readonly #controller = new AbortController()
  #handlers: SocketHandlers<IoMessage> | null
  #engine: Engine | null = null
  #early: IoEvent[] = []
  #earlyBytes = 0
  #isOpen = false
  #mayReturn = true
  #wasBridgedAgain = false
  /** Why the server ends it, as it said itself. */
  #farewell = ''
  /** How the last transport ended. */
  #ending: SocketEnding | null = null

  constructor(options: AttemptOptions) {
    const { request, ports } = options
    const { clock, sockets, fetch, bridge } = ports
    const { cookies } = bridge
    this.#options = options
    this.#handlers = request.handlers
    this.ground = {
      clock,
      sockets,
      fetch,
      signal: this.#controller.signal,
      headers: (url) => ({ ...request.headers, ...cookies.headers(url) }),
      onAnswer: (url, response) => cookies.take(url, response),
      onAlive: () => this.#alive(),
      onTry: () => (this.#ending = null),
      onFailed: (ending) => (this.#ending = ending),
    }
  }

  /** Said in `auth` as well: not every server reads the headers. */
  get auth(): object {
    return { token: this.#token.reveal() }
  }

  /** The bridge comes first; then the client dials. */
  async begin(): Promise<void> {
    const unbridged = await this.#options.ports.bridge.open(this.#token)
    if (this.#handlers === null) return
    if (unbridged === null) this.#attend(this.#options.connect())
    else if (unbridged.kind === 'failed') this.#end(endingBy({ failure: unbridged.failure }))
    else this.#end(endingBy({ code: 1008, reason: unbridged.failure.code }))
  }

  #attend(engine: Engine): void {
    this.#engine = engine
    engine.on('packet', ({ type, data }) => {
      if (type !== 'message') this.#alive()
      else if (!this.#isOpen && typeof data === 'string') this.#limit(data.length)
    })
    // The manager does not notice one that ends before its handshake.
    engine.on('close', (reason) => {
      if (reason !== 'forced close') this.lost(reason)
    })
  }

  /** The client leaves it undefined where the server keeps nothing. */
  welcome(isRecovered: boolean | undefined): void {
    const recovered = isRecovered === true
    const early = this.#early
    this.#early = []
    this.#isOpen = true
    this.#handlers?.open()
    const restart = (): void => {
      this.#mayReturn = false
      this.#end(nonsense)
    }
    this.#handlers?.message({ kind: 'welcome', recovered, missed: early.length, restart })
    for (const event of early) this.#handlers?.message(event)
  }

  say(name: string, payload: unknown): void {
    if (name === 'session:ended') {
      const said = farewell.safeParse(payload)
      if (said.success) this.#farewell = said.data.reason
    }
    const event: IoEvent = { kind: 'event', name, payload }
    if (this.#isOpen) this.#handlers?.message(event)
    else this.#early.push(event)
  }

  refused(error: Error): void {
    if (!('data' in error)) {
      this.#end(this.#ending ?? nonsense)
      return
    }
    const { data, message } = error as { readonly data: unknown; readonly message: unknown }
    const code = z.object({ code: z.string() }).safeParse(data)
    const reason = code.success ? code.data.code : String(message)
    if (reason !== 'bridge_required' || this.#wasBridgedAgain) {
      this.#end(endingBy({ code: 1008, reason }))
      return
    }
    this.#wasBridgedAgain = true
    this.#options.ports.bridge.lapse()
    void this.begin()
  }

  lost(reason: string): void {
    switch (reason) {
      case 'io client disconnect':
        this.#end(endingBy({ code: 1000 }))
        break
      case 'io server disconnect':
        this.#end(
          this.#farewell === ''
            ? endingBy({ code: 1000 })
            : endingBy({ code: 1008, reason: this.#farewell }),
        )
        break
      case 'ping timeout':
        this.#end(endingBy({ errorCode: 'ETIMEDOUT' }))
        break
      case 'transport close':
        this.#end(this.#ending ?? endingBy({ code: 1006 }))
        break
      default:
        this.#end(this.#ending ?? nonsense)
    }
  }

  /** As on the tenant stream: `type` and what goes with it. Here that is a name, and is answered. */
  send(text: string): void {
    const { type, ...said } = JSON.parse(text) as { readonly type: 'auth' | 'ping' }
    if (!this.#isOpen || this.#handlers === null) return
    this.#options.io.emit(type, said, (payload: unknown) =>
      this.#handlers?.message({
        kind: 'answer',
        type: type === 'ping' ? 'pong' : type,
        payload,
      }),
    )
  }

  ping(): boolean {
    const transport = this.#engine?.transport
    if (transport instanceof WebSocketTransport) return transport.ping()
    // Polling has no ping, but whatever is posted is answered.
    this.#options.io.emit('ping', {})
    return true
  }

  close(): void {
    this.#options.io.disconnect()
  }

  terminate(): void {
    if (this.#controller.signal.aborted) return
    this.#handlers = null
    this.#controller.abort()
    // Before the client's own farewell, which would wait for a peer that reads no more.
    this.#engine?.transport.close()
    this.#options.io.disconnect()
    if (this.#mayReturn) this.#options.onGone()
  }

  get #token(): Secret {
    const { Authorization } = this.#options.request.headers
    return new Secret(Authorization?.reveal().replace('Bearer ', '') ?? '')
  }

  #alive(): void {
    if (this.#isOpen) this.#handlers?.pong()
  }

  /** Whoever is not welcome yet is told nothing that has no end. */
  #limit(bytes: number): void {
    this.#earlyBytes += bytes
    if (this.#earlyBytes > 2 * maxPacketBytes) this.#end(nonsense)
  }

  #end(ending: SocketEnding): void {
    const handlers = this.#handlers
    // It may be the session that is refused: the next token is bridged anew.
    if (handlers !== null && classify(ending).kind === 'refused') this.#options.ports.bridge.lapse()
    this.terminate()
    handlers?.close(ending)
  }
}
