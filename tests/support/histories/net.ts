import type { HttpFetch, SocketFactory } from '../../../src/main/ports.ts'
import type { FakeClock } from '../fake-clock.ts'
import { FakeSockets } from '../fake-socket.ts'
import type { FakeSocket } from '../fake-socket.ts'
import { memoryAnswer } from './memory-answer.ts'

/** How dials end that are made from now on. */
export type Dialling = 'well' | 'refused' | 'silent' | 'busy' | 'too many' | 'unauthorised'
/** How requests end that are made from now on; a slow answer is as old as its question. */
export type Asking = 'well' | 'slow' | 'silent' | 'unreachable' | 'failing'
/** What becomes of the next message on an open socket. */
export type Garbling = 'lost' | 'doubled' | 'swapped'

/** What stands at the other end. */
export interface Peer {
  /** A socket to this path was accepted. */
  welcome: (socket: FakeSocket, path: string) => void
  said: (socket: FakeSocket, text: string) => void
  /** A body, or null where there is none. */
  answer: (url: URL) => unknown
}

const slowMs = 700

/** Everything between a console and its server, and all that can happen there. */
export class Net {
  readonly sockets = new FakeSockets()
  dialling: Dialling = 'well'
  asking: Asking = 'well'
  garbling: Garbling | null = null
  /** When the console was last told anything: monotonic. */
  heardAtMs = -Infinity
  /** Requests without an answer. */
  pending = 0
  /** Every token that a server was shown, in order. */
  readonly presented: string[] = []
  readonly #clock: FakeClock
  readonly #peers: Readonly<Record<string, Peer>>
  /** Half-open: nothing passes in either direction. */
  readonly #mute = new WeakSet<FakeSocket>()
  readonly #kept = new WeakMap<FakeSocket, unknown>()

  /** Servers by host. */
  constructor(clock: FakeClock, peers: Readonly<Record<string, Peer>>) {
    this.#clock = clock
    this.#peers = peers
  }

  readonly open: SocketFactory = (request) => {
    const socket = this.sockets.dial(request)
    if (socket.credential !== null) this.presented.push(socket.credential.token)
    socket.onSaid = (text) => {
      if (this.#mute.has(socket)) return
      queueMicrotask(() => {
        if (socket.state === 'open') this.#peerOf(new URL(socket.url)).said(socket, text)
      })
    }
    socket.onPing = () =>
      queueMicrotask(() => {
        if (socket.state === 'open' && !this.#mute.has(socket)) this.#heard(() => socket.pong())
      })
    queueMicrotask(() => this.#dialled(socket))
    return socket
  }

  readonly fetch: HttpFetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    this.presented.push(new Headers(init?.headers).get('authorization')?.slice(7) ?? '')
    const signal = init?.signal ?? null
    signal?.throwIfAborted()
    this.pending += 1
    try {
      return await this.#answer(url, signal)
    } finally {
      this.pending -= 1
    }
  }

  get live(): FakeSocket[] {
    return this.sockets.all.filter(({ state }) => state !== 'closed')
  }

  tell(socket: FakeSocket, message: unknown): void {
    if (socket.state !== 'open' || this.#mute.has(socket)) return
    const { garbling } = this
    this.garbling = null
    if (garbling === 'lost') return
    if (garbling === 'swapped') {
      this.#kept.set(socket, message)
      return
    }
    this.#heard(() => socket.say(message))
    const kept = this.#kept.get(socket)
    this.#kept.delete(socket)
    for (const more of [garbling === 'doubled' ? message : undefined, kept]) {
      if (more !== undefined) this.#heard(() => socket.say(more))
    }
  }

  cut(nth: number): void {
    const { live } = this
    live[nth % Math.max(1, live.length)]?.end()
  }

  cutAll(): void {
    for (const socket of this.live) socket.end()
  }

  mute(): void {
    for (const socket of this.live) this.#mute.add(socket)
  }

  /** From now on everything goes well; what is half-open stays so. */
  heal(): void {
    this.dialling = 'well'
    this.asking = 'well'
    this.garbling = null
  }

  #heard(say: () => void): void {
    this.heardAtMs = this.#clock.monotonic()
    say()
  }

  #dialled(socket: FakeSocket): void {
    switch (this.dialling) {
      case 'well':
        this.#heard(() => socket.accept())
        if (socket.state === 'open') {
          const url = new URL(socket.url)
          this.#peerOf(url).welcome(socket, url.pathname)
        }
        break
      case 'refused':
        socket.end({ errorCode: 'ECONNREFUSED' })
        break
      case 'busy':
        socket.end({ status: 503, retryAfterMs: 2_000 })
        break
      case 'too many':
        socket.end({ status: 429 })
        break
      case 'unauthorised':
        socket.end({ status: 401, reason: 'token_expired' })
        break
      case 'silent':
        break
    }
  }

  #peerOf({ hostname }: URL): Peer {
    const peer = this.#peers[hostname]
    if (peer === undefined) throw new Error(`nobody is at ${hostname}`)
    return peer
  }

  async #answer(url: URL, signal: AbortSignal | null): Promise<Response> {
    const { asking } = this
    const body = this.#peerOf(url).answer(url)
    await Promise.resolve()
    if (asking === 'silent') return aborted(signal)
    if (asking === 'slow') await this.#after(slowMs, signal)
    if (asking === 'unreachable') {
      const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
      throw new TypeError('fetch failed', { cause })
    }
    if (asking === 'failing') return memoryAnswer(503, '{"error":{"code":"server_error"}}')
    this.heardAtMs = this.#clock.monotonic()
    return body === null
      ? memoryAnswer(404, '{"error":{"code":"job_unknown"}}')
      : memoryAnswer(200, JSON.stringify(body))
  }

  #after(delayMs: number, signal: AbortSignal | null): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const cancel = this.#clock.after(delayMs, () => resolve(undefined))
    signal?.addEventListener('abort', cancel, { once: true })
    return Promise.race([promise, aborted(signal)])
  }
}

function aborted(signal: AbortSignal | null): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const give = (): void => reject(new DOMException('This operation was aborted', 'AbortError'))
  if (signal?.aborted === true) give()
  else signal?.addEventListener('abort', give, { once: true })
  return promise
}
