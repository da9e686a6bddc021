import { createLog } from '../../src/main/lib/log.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import type { HttpFetch, Socket, SocketEnding, SocketFactory } from '../../src/main/ports.ts'
import { SocketIoClients } from '../../src/main/sources/socketio/io-client.ts'
import type { IoMessage } from '../../src/main/sources/socketio/io-messages.ts'
import { SessionBridge } from '../../src/main/sources/socketio/session-bridge.ts'
import { FakeClock, settleAll } from './fake-clock.ts'
import { FakeSockets } from './fake-socket.ts'
import type { FakeSocket } from './fake-socket.ts'

/** A request of Engine.IO's polling that waits for the test to answer it. */
export interface Poll {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly redirect: string | undefined
  readonly signal: AbortSignal | null | undefined
  readonly reply: (response: Response) => Promise<void>
  readonly fail: (error: Error) => Promise<void>
}

const upgrades = ['polling', 'websocket']
/** What a server of Engine.IO says first; it offers more than anybody asked for. */
export const handshake = (timing = { pingInterval: 25_000, pingTimeout: 20_000 }): string =>
  `0${JSON.stringify({ sid: 'sid-1', upgrades, maxPayload: 1_000_000, ...timing })}`

/** An answer of Engine.IO to a poll. */
export const packets = (text: string, headers: Record<string, string> = {}): Response =>
  new Response(text, { headers: { 'content-type': 'text/plain; charset=UTF-8', ...headers } })

/** The clients of Socket.IO on fake sockets and fake requests: the test plays bridge and server. */
export class IoBench {
  readonly scope = new Scope('test')
  readonly clock = new FakeClock()
  readonly sockets = new FakeSockets()
  readonly polls: Poll[] = []
  /** Tokens with which a session was asked for. */
  readonly bridged: string[] = []
  /** What the runner was told, in order. */
  readonly told: string[] = []
  readonly messages: IoMessage[] = []
  readonly endings: SocketEnding[] = []
  onBridge: () => Response | Promise<Response> = () => granted()
  dial: SocketFactory
  readonly #clients: SocketIoClients
  readonly #opened: Socket[] = []
  readonly #url: string

  constructor(url = 'ws://gw.test:8000/base/socket.io/') {
    const { scope, clock } = this
    this.#url = url
    this.dial = this.sockets.open
    const bridge = new SessionBridge({
      scope,
      clock,
      fetch: this.#fetch,
      gatewayUrl: url.replace(/^ws/, 'http').replace('socket.io/', ''),
      log: createLog('test', clock, () => undefined),
    })
    this.#clients = new SocketIoClients({
      clock,
      sockets: (request) => this.dial(request),
      fetch: this.#fetch,
      bridge,
    })
  }

  /** As the runner does: bridges, then dials. */
  async open(token: string | null = 'token-1'): Promise<Socket> {
    const headers = token === null ? {} : { Authorization: new Secret(`Bearer ${token}`) }
    const socket = this.#clients.open({
      url: new Secret(this.#url),
      headers,
      handlers: {
        open: () => this.told.push('open'),
        message: (message) => {
          this.told.push(message.kind)
          this.messages.push(message)
        },
        pong: () => this.told.push('pong'),
        close: (ending) => {
          this.told.push('close')
          this.endings.push(ending)
        },
      },
    })
    this.#opened.push(socket)
    await settleAll()
    return socket
  }

  /** Opens, and is welcome by websocket. */
  async connect(said: object = { sid: 'io-1' }): Promise<Socket> {
    const socket = await this.open()
    this.ws.accept()
    await this.say(handshake(), `40${JSON.stringify(said)}`)
    return socket
  }

  /** Opens, has no websocket, and is welcome by polling. */
  async connectPolling(): Promise<Socket> {
    const socket = await this.open()
    await this.end({ errorCode: 'ECONNRESET' })
    await this.poll().reply(packets(handshake()))
    await this.poll('POST').reply(ok())
    await this.poll().reply(packets('40{"sid":"io-1"}'))
    return socket
  }

  /** The websocket that was dialled last. */
  get ws(): FakeSocket {
    return this.sockets.last
  }

  /** The last request of this method. */
  poll(method = 'GET'): Poll {
    const poll = this.polls.findLast((asked) => asked.method === method)
    if (poll === undefined) throw new Error(`nothing was asked by ${method}`)
    return poll
  }

  /** Said by the websocket, one after the other. */
  async say(...texts: string[]): Promise<void> {
    for (const text of texts) this.ws.say(text)
    await settleAll()
  }

  /** The websocket ends. */
  async end(ending: Partial<SocketEnding> = {}): Promise<void> {
    this.ws.end(ending)
    await settleAll()
  }

  async close(): Promise<void> {
    for (const socket of this.#opened) socket.terminate()
    await this.scope.close('test over')
  }

  readonly #fetch: HttpFetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const headers = Object.fromEntries(new Headers(init?.headers))
    if (url.pathname.includes('/api/auth/session')) {
      if (init?.method === 'POST') this.bridged.push(headers.authorization ?? '')
      return Promise.resolve(this.onBridge())
    }
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    this.polls.push({
      method: init?.method ?? 'GET',
      url,
      headers,
      body: init?.body,
      redirect: init?.redirect,
      signal: init?.signal,
      reply: (response) => {
        resolve(response)
        return settleAll()
      },
      fail: (error) => {
        reject(error)
        return settleAll()
      },
    })
    return promise
  }
}

function granted(): Response {
  return Response.json(
    { success: true },
    { headers: { 'set-cookie': 'sb_session=session-1; Path=/' } },
  )
}

/** What answers a post. */
export const ok = (text = 'ok'): Response =>
  new Response(text, { headers: { 'content-type': 'text/html' } })
