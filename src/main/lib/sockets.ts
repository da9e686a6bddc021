import { WebSocket } from 'ws'
import type { ClientOptions } from 'ws'
import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import type {
  Socket,
  SocketEnding,
  SocketFactory,
  SocketHandlers,
  SocketRequest,
} from '../ports.ts'

/** Largest frame or reassembled message that a source takes, in bytes (gateway-protocol §8). */
export const maxFrameBytes = 64 * 1024

/** How much of a refusal's body is read to find its code, in bytes. */
const maxRefusalBytes = 4 * 1024

/** `closeTimeout` is newer than the published types of ws. */
const limits: ClientOptions & { readonly closeTimeout: number } = {
  maxPayload: maxFrameBytes,
  maxFragments: 64,
  maxBufferedChunks: 4_096,
  // Off, so that a small frame can never unfold into a large message.
  perMessageDeflate: false,
  followRedirects: false,
  // A peer that closes the WebSocket but keeps the connection is cut off after this.
  closeTimeout: 2_000,
}

/** What `errorCode` says when ws refused the handshake without an error code of its own. */
export const handshakeErrorCode = 'WS_ERR_HANDSHAKE'

/**
 * The SocketFactory on `ws`. It owns one WebSocket a call and nothing else; it sets no deadline
 * (ws's own is an idle timeout, which a dripping server defeats) and it knows no token. Names are
 * found as the system finds them; only tests give another way.
 */
export const socketFactory =
  (lookup?: LookupFunction): SocketFactory =>
  (request) =>
    new WsSocket(request, lookup)

export const openSocket: SocketFactory = socketFactory()

class WsSocket implements Socket {
  readonly #ws: WebSocket
  #handlers: SocketHandlers | null
  #opened = false
  #errorCode: string | null = null

  constructor(request: SocketRequest, lookup: LookupFunction | undefined) {
    this.#handlers = request.handlers
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, value.reveal()]),
    )
    this.#ws = new WebSocket(request.url.reveal(), {
      ...limits,
      headers,
      maxPayload: request.maxFrameBytes ?? maxFrameBytes,
      ...(lookup !== undefined && { lookup }),
    })
    this.#ws.on('open', () => {
      this.#opened = true
      this.#handlers?.open()
    })
    this.#ws.on('message', (data: Buffer, isBinary) => {
      this.#handlers?.message(isBinary ? null : data.toString('utf8'))
    })
    this.#ws.on('pong', () => this.#handlers?.pong())
    // Only noted here: the ending is told once, by `close`. The listener stays on for good, because
    // ws reports an abort after `terminate()` as an error, and nobody else would catch it.
    this.#ws.on('error', (error) => {
      this.#errorCode ??= codeOf(error)
    })
    this.#ws.on('close', (code, reason) => {
      this.#end({
        code: this.#opened ? code : null,
        reason: reason.toString('utf8'),
        status: null,
        retryAfterMs: null,
        errorCode: this.#errorCode,
      })
    })
    this.#ws.on('unexpected-response', (_request, response) => {
      void this.#refuse(response)
    })
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount
  }

  send(text: string): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(text)
  }

  ping(): boolean {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping()
    return true
  }

  close(code?: number, reason?: string): void {
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#handlers = null
    this.#ws.terminate()
  }

  async #refuse(response: IncomingMessage): Promise<void> {
    const reason = await readRefusal(response)
    response.destroy()
    this.#end({
      code: null,
      reason,
      status: response.statusCode ?? 0,
      retryAfterMs: parseRetryAfter(response.headers['retry-after'], Date.now()),
      errorCode: null,
    })
    // The handshake is over for us; ws waits for a caller to say so.
    this.#ws.terminate()
  }

  #end(ending: SocketEnding): void {
    const handlers = this.#handlers
    this.#handlers = null
    handlers?.close(ending)
  }
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : handshakeErrorCode
}

/** The `error.code` of a JSON refusal (gateway-protocol §2), or nothing. Never throws. */
async function readRefusal(response: IncomingMessage): Promise<string> {
  const isJson = response.headers['content-type']?.includes('json') ?? false
  if (!isJson || (response.statusCode ?? 0) < 400) return ''
  let text = ''
  try {
    response.setEncoding('utf8')
    for await (const chunk of response) {
      text += String(chunk)
      if (text.length > maxRefusalBytes) return ''
    }
  } catch {
    return ''
  }
  return refusalCode(text)
}

/** The `error.code` in the body of an error answer, or an empty string. */
export function refusalCode(text: string): string {
  return /"code"\s*:\s*"([a-z_]{1,64})"/.exec(text)?.[1] ?? ''
}

/** `Retry-After` in either form, as milliseconds from now; null when absent or unreadable. */
export function parseRetryAfter(value: string | null | undefined, nowMs: number): number | null {
  if (value === null || value === undefined) return null
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs)
}
