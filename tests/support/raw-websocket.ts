import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FrameReader, opcodes, readClose, type RawFrame } from './raw-frames.ts'

/** RFC 6455 §1.3: what the accept header is made with. */
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A client of RFC 6455 that knows nothing of any library, and may break every rule. */
export class RawWebSocket {
  readonly socket: Socket
  /** The status line and headers of the answer, as text. */
  response = ''
  readonly #frames = new FrameReader()
  /** What came before the end of the answer's head. */
  #head = Buffer.alloc(0)
  #ended = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      if (this.response === '') this.#head = Buffer.concat([this.#head, chunk])
      else this.#frames.push(chunk)
      socket.emit('grown')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#ended = true
      socket.emit('grown')
    })
  }

  /** Sends the request lines as given; headers of a good handshake come from `handshake`. */
  static async request(origin: string, lines: readonly string[]): Promise<RawWebSocket> {
    const { hostname, port } = new URL(origin)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    const raw = new RawWebSocket(socket)
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
    await raw.#readResponse()
    return raw
  }

  get status(): number {
    return Number(this.response.split(' ')[1])
  }

  header(name: string): string | null {
    const line = this.response
      .split('\r\n')
      .find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    return line === undefined ? null : line.slice(line.indexOf(':') + 1).trim()
  }

  write(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  /** The next frame, or null at the end of the connection. */
  async frame(): Promise<RawFrame | null> {
    for (;;) {
      const frame = this.#frames.take()
      if (frame !== null) return frame
      if (this.#ended) return null
      await this.#grown()
    }
  }

  /** Skips everything until the close frame. */
  async closing(): Promise<{ readonly code: number; readonly reason: string } | null> {
    for (;;) {
      const frame = await this.frame()
      if (frame === null) return null
      if (frame.opcode !== opcodes.close) continue
      return readClose(frame.payload)
    }
  }

  /** Resolves when the server has closed the connection. */
  async gone(): Promise<void> {
    while (!this.#ended) await this.#grown()
  }

  /** Not `once`, which an error of the connection would reject: its end is told all the same. */
  #grown(): Promise<void> {
    return new Promise((resolve) => this.socket.once('grown', resolve))
  }

  async #readResponse(): Promise<void> {
    for (;;) {
      const end = this.#head.indexOf('\r\n\r\n')
      if (end >= 0) {
        this.response = this.#head.subarray(0, end).toString('latin1')
        this.#frames.push(this.#head.subarray(end + 4))
        return
      }
      if (this.#ended) throw new Error('the connection ended before an answer')
      await this.#grown()
    }
  }
}

export interface Handshake {
  readonly path: string
  readonly key: string
  /** Changes or, with null, leaves out a header. */
  readonly headers?: Readonly<Record<string, string | null>>
}

/** The request lines of RFC 6455 §4.1. */
export function handshake({ path, key, headers = {} }: Handshake): string[] {
  const all: Record<string, string | null> = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Version': '13',
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}`],
  )
  return [`GET ${path} HTTP/1.1`, ...lines]
}

export const newKey = (): string => randomBytes(16).toString('base64')

export const acceptOf = (key: string): string =>
  createHash('sha1')
    .update(key + guid)
    .digest('base64')
