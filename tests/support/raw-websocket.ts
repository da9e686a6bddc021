import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** RFC 6455 §1.3: what the accept header is made with. */
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export interface RawFrame {
  readonly fin: boolean
  /** RSV bits, zero unless an extension was agreed on. */
  readonly rsv: number
  readonly opcode: number
  readonly masked: boolean
  readonly payload: Buffer
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export interface FrameOptions {
  readonly fin?: boolean
  readonly rsv?: number
  readonly mask?: boolean
}

/** A frame as a client sends it, unless the options break a rule. */
export function encode(
  opcode: number,
  payload: Buffer | string,
  options: FrameOptions = {},
): Buffer {
  const { fin = true, rsv = 0, mask = true } = options
  const body = Buffer.from(payload)
  const size = body.length
  const length =
    size < 126
      ? Buffer.from([size])
      : size < 65_536
        ? Buffer.from([126, size >> 8, size & 255])
        : Buffer.concat([Buffer.from([127, 0, 0, 0, 0]), uint32(size)])
  length[0] = (length[0] ?? 0) | (mask ? 128 : 0)
  const head = Buffer.from([(fin ? 128 : 0) | (rsv << 4) | opcode])
  if (!mask) return Buffer.concat([head, length, body])
  const key = randomBytes(4)
  return Buffer.concat([head, length, key, body.map((byte, at) => byte ^ key[at % 4]!)])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A client of RFC 6455 that knows nothing of any library, and may break every rule. */
export class RawWebSocket {
  readonly socket: Socket
  /** The status line and headers of the answer, as text. */
  response = ''
  #bytes = Buffer.alloc(0)
  #ended = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
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
      const frame = this.#take()
      if (frame !== null) return frame
      if (this.#ended) return null
      await once(this.socket, 'grown')
    }
  }

  /** Skips everything until the close frame. */
  async closing(): Promise<{ readonly code: number; readonly reason: string } | null> {
    for (;;) {
      const frame = await this.frame()
      if (frame === null) return null
      if (frame.opcode !== opcodes.close) continue
      const { payload } = frame
      return payload.length < 2
        ? { code: 1005, reason: '' }
        : { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString('utf8') }
    }
  }

  /** Resolves when the server has closed the connection. */
  async gone(): Promise<void> {
    while (!this.#ended) await once(this.socket, 'grown')
  }

  async #readResponse(): Promise<void> {
    for (;;) {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end >= 0) {
        this.response = this.#bytes.subarray(0, end).toString('latin1')
        this.#bytes = this.#bytes.subarray(end + 4)
        return
      }
      if (this.#ended) throw new Error('the connection ended before an answer')
      await once(this.socket, 'grown')
    }
  }

  #take(): RawFrame | null {
    const bytes = this.#bytes
    if (bytes.length < 2) return null
    const masked = (bytes[1]! & 128) !== 0
    const short = bytes[1]! & 127
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    const start = 2 + lengthBytes + (masked ? 4 : 0)
    if (bytes.length < start) return null
    const size =
      short === 126
        ? bytes.readUInt16BE(2)
        : short === 127
          ? Number(bytes.readBigUInt64BE(2))
          : short
    if (bytes.length < start + size) return null
    this.#bytes = bytes.subarray(start + size)
    return {
      fin: (bytes[0]! & 128) !== 0,
      rsv: (bytes[0]! >> 4) & 7,
      opcode: bytes[0]! & 15,
      masked,
      payload: Buffer.from(bytes.subarray(start, start + size)),
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
