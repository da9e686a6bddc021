// The two transports of Engine.IO on our own ports instead of the client's: its polling follows
// redirects with all headers and lets go of no request, its WebSocket takes 100 MiB and deflate.
import { Fetch as Polling, WebSocket } from 'socket.io-client'
import { AppError } from '../../lib/app-error.ts'
import { Secret } from '../../lib/secret.ts'
import { parseRetryAfter, refusalCode } from '../../lib/sockets.ts'
import type { Cancel, Clock, HttpFetch, Socket, SocketEnding, SocketFactory } from '../../ports.ts'
import { codeOf, dialTimeout, networkErrorCode } from '../error-codes.ts'
import { readText } from '../gateway-http.ts'
import { isPortalAnswer, statusSeen } from '../portal.ts'

/** What the transports of one attempt stand on, and whom they tell. */
export interface Ground {
  readonly clock: Clock
  readonly sockets: SocketFactory
  readonly fetch: HttpFetch
  /** Ends every request. */
  readonly signal: AbortSignal
  readonly headers: (url: string) => Readonly<Record<string, Secret>>
  /** An answer came; it may set cookies, as those that keep a client with one server. */
  readonly onAnswer: (url: string, response: Response) => void
  /** The peer gave a sign of life that is no message. */
  readonly onAlive: () => void
  readonly onTry: () => void
  /** How a transport ended; the next one may do. */
  readonly onFailed: (ending: SocketEnding) => void
}

/** The first snapshot is one packet: 5,000 jobs of ours are about 2.5 MB. */
export const maxPacketBytes = 4 * 1024 * 1024

/** A WebSocket that says nothing for so long is taken for blocked, and polling is tried. */
const websocketWithinMs = 10_000

const noEnding: SocketEnding = {
  code: null,
  reason: '',
  status: null,
  retryAfterMs: null,
  errorCode: null,
}
export const endingBy = (some: Partial<SocketEnding>): SocketEnding => ({ ...noEnding, ...some })
/** What makes no sense to Engine.IO, in the words of ws. */
export const nonsense = endingBy({ errorCode: 'WS_ERR_UNEXPECTED_MESSAGE' })

/** `transportOptions` of the client carries the ground to where transports are made. */
const groundOf = (options: unknown): Ground =>
  (options as { readonly ground: { readonly current: Ground } }).ground.current

/** As much of a browser's WebSocket as the client touches. */
class Shim {
  binaryType = ''
  onopen: () => void = nothing
  onclose: (event: unknown) => void = nothing
  onmessage: (event: { readonly data: string | Buffer }) => void = nothing
  onerror: (event: unknown) => void = nothing
  readonly #ground: Ground
  #socket: Socket | null = null
  #cancelDeadline: Cancel | null
  /** Before the first word a failure is the transport's, and the next one is tried. */
  #heard = false

  constructor(ground: Ground, url: string) {
    this.#ground = ground
    ground.onTry()
    this.#cancelDeadline = ground.clock.after(websocketWithinMs, () =>
      this.#fail(endingBy({ errorCode: dialTimeout })),
    )
    try {
      this.#socket = ground.sockets({
        url: new Secret(url),
        headers: ground.headers(url),
        maxFrameBytes: maxPacketBytes,
        handlers: {
          open: () => this.onopen(),
          message: (text) => this.#take(text),
          pong: () => ground.onAlive(),
          close: (ending) => this.#fail(ending),
        },
      })
    } catch (error) {
      // Later: nobody listens yet.
      queueMicrotask(() => this.#fail(endingBy({ errorCode: codeOf(error) })))
    }
  }

  send(text: string): void {
    this.#socket?.send(text)
  }

  /** False where sockets have no ping. */
  ping(): boolean {
    return this.#socket?.ping() ?? true
  }

  close(): void {
    this.#disarm()
    this.#socket?.terminate()
    this.#socket = null
  }

  #take(text: string | null): void {
    this.#disarm()
    try {
      // Binary is an attachment, which no event of ours has; the client waits for it all the same.
      this.onmessage({ data: text ?? Buffer.alloc(0) })
      this.#heard = true
    } catch {
      this.#fail(nonsense)
    }
  }

  #fail(ending: SocketEnding): void {
    if (this.#ground.signal.aborted) return
    this.close()
    this.#ground.onFailed(ending)
    if (this.#heard) this.onclose(ending)
    else this.onerror(ending)
  }

  #disarm(): void {
    this.#cancelDeadline?.()
    this.#cancelDeadline = null
  }
}

const nothing = (): void => undefined

export class WebSocketTransport extends WebSocket {
  override createSocket(uri: string): Shim {
    return new Shim(groundOf(this.opts), uri)
  }

  ping(): boolean {
    return (this.ws as Shim | null)?.ping() ?? true
  }
}

export class PollingTransport extends Polling {
  override doOpen(): void {
    groundOf(this.opts).onTry()
    super.doOpen()
  }

  override doPoll(): void {
    void this.#ask(null).then((text) => {
      if (text === null || groundOf(this.opts).signal.aborted) return
      try {
        this.onData(text)
      } catch {
        this.#fail(nonsense)
      }
    })
  }

  override doWrite(data: string, callback: () => void): void {
    void this.#ask(data).then((text) => {
      if (text !== null && !groundOf(this.opts).signal.aborted) callback()
    })
  }

  /** Nothing is said: the server sees its pending request end, and that ends all of them. */
  override doClose(): void {
    return
  }

  /** Null when there was no answer, and why was told. */
  async #ask(data: string | null): Promise<string | null> {
    const ground = groundOf(this.opts)
    const url = this.uri()
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(ground.headers(url))) headers[name] = value.reveal()
    // What is posted is answered by "ok", as a page.
    headers.Accept = data === null ? 'text/plain' : 'text/html'
    if (data !== null) headers['Content-Type'] = 'text/plain;charset=UTF-8'
    try {
      const method = data === null ? 'GET' : 'POST'
      const response = await ground.fetch(url, {
        method,
        headers,
        body: data,
        redirect: 'manual',
        signal: ground.signal,
      })
      if (response.ok) ground.onAnswer(url, response)
      const text = await this.#read(response)
      if (text !== null && !ground.signal.aborted) ground.onAlive()
      return text
    } catch (error) {
      const errorCode = error instanceof AppError ? nonsense.errorCode : networkErrorCode(error)
      this.#fail(endingBy({ errorCode }))
      return null
    }
  }

  async #read(response: Response): Promise<string | null> {
    const type = response.headers.get('content-type') ?? ''
    if (response.ok) {
      const text = await readText(response)
      // Any other page is somebody else's.
      if (!isPortalAnswer(response) || /^ok$/i.test(text)) return text
    }
    const reason = type.includes('json') ? refusalCode(await readText(response)) : ''
    await response.body?.cancel()
    const status = statusSeen(response.status)
    const retryAfterMs = parseRetryAfter(
      response.headers.get('retry-after'),
      groundOf(this.opts).clock.now(),
    )
    const isForgotten = status === 400 && this.query.sid !== undefined
    this.#fail(isForgotten ? endingBy({ code: 1006 }) : endingBy({ status, reason, retryAfterMs }))
    return null
  }

  #fail(ending: SocketEnding): void {
    const { signal, onFailed } = groundOf(this.opts)
    if (signal.aborted || this.readyState === 'closed') return
    onFailed(ending)
    this.onError('polling failed', null)
  }
}
