import type { WebSocket, WebSocketOptions } from 'electron'
import { maxFrameBytes } from '../../lib/sockets.ts'
import type { Socket, SocketFactory, SocketHandlers, SocketRequest } from '../../ports.ts'
import { endingOf, isEnding } from './chromium-endings.ts'

/** As much of Electron's `net.WebSocket` as is used. */
export type ChromiumWebSocket = Pick<
  WebSocket,
  'addEventListener' | 'send' | 'close' | 'readyState' | 'bufferedAmount'
>

export type OpenChromiumWebSocket = (
  url: string,
  options: Pick<WebSocketOptions, 'headers'>,
) => ChromiumWebSocket

const opened = 1

/**
 * The SocketFactory on Chromium's network stack: proxies, and the system's trust store. It has no
 * ping, no way to end a connection at once, no limit to what it takes in, and it tells why an
 * opening failed only in words (chromium-endings).
 */
export function chromiumSockets(open: OpenChromiumWebSocket): SocketFactory {
  return (request) => new ChromiumSocket(request, open)
}

class ChromiumSocket implements Socket {
  readonly #ws: ChromiumWebSocket
  readonly #maxBytes: number
  #handlers: SocketHandlers | null
  #opened = false

  constructor(request: SocketRequest, open: OpenChromiumWebSocket) {
    this.#handlers = request.handlers
    this.#maxBytes = request.maxFrameBytes ?? maxFrameBytes
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, value.reveal()]),
    )
    this.#ws = open(request.url.reveal(), { headers })
    this.#ws.addEventListener('open', () => {
      this.#opened = true
      this.#handlers?.open()
    })
    this.#ws.addEventListener('message', (event) => {
      this.#take('data' in event ? event.data : null)
    })
    this.#ws.addEventListener('close', (event) => {
      if (isEnding(event)) this.#end(endingOf(event, this.#opened))
    })
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount
  }

  send(text: string): void {
    if (this.#ws.readyState === opened) this.#ws.send(text)
  }

  ping(): boolean {
    return false
  }

  close(code?: number, reason?: string): void {
    this.#ws.close(code, reason)
  }

  /** Nothing is heard any more from here on. Chromium gives a silent peer another minute. */
  terminate(): void {
    this.#handlers = null
    this.#ws.close()
  }

  #take(data: unknown): void {
    if (typeof data !== 'string') {
      this.#handlers?.message(null)
      return
    }
    // Too late to spare the memory, but nobody reads it.
    if (Buffer.byteLength(data) <= this.#maxBytes) {
      this.#handlers?.message(data)
      return
    }
    this.#end({
      code: 1006,
      reason: '',
      status: null,
      retryAfterMs: null,
      errorCode: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    })
    this.#ws.close()
  }

  #end(ending: Parameters<SocketHandlers['close']>[0]): void {
    const handlers = this.#handlers
    this.#handlers = null
    handlers?.close(ending)
  }
}
