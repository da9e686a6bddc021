import { randomBytes } from 'node:crypto'

export interface RawFrame {
  readonly fin: boolean
  /** RSV bits, zero unless an extension was agreed on. */
  readonly rsv: number
  readonly opcode: number
  readonly masked: boolean
  /** Unmasked. */
  readonly payload: Buffer
  /** The whole frame as it came. */
  readonly bytes: Buffer
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
  return Buffer.concat([head, length, key, unmask(body, key)])
}

/** What the payload of a close frame says. */
export function readClose(payload: Buffer): { readonly code: number; readonly reason: string } {
  return payload.length < 2
    ? { code: 1005, reason: '' }
    : { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString('utf8') }
}

/** The payload of a close frame. */
export function closePayload(code: number, reason = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])
}

/** Cuts a stream of bytes into frames; whatever the rules say of them, they are only cut. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
  }

  /** The next whole frame, or null until more bytes came. */
  take(): RawFrame | null {
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
    const body = Buffer.from(bytes.subarray(start, start + size))
    return {
      fin: (bytes[0]! & 128) !== 0,
      rsv: (bytes[0]! >> 4) & 7,
      opcode: bytes[0]! & 15,
      masked,
      payload: masked ? unmask(body, bytes.subarray(start - 4, start)) : body,
      bytes: Buffer.from(bytes.subarray(0, start + size)),
    }
  }
}

const unmask = (body: Buffer, key: Buffer): Buffer =>
  Buffer.from(body.map((byte, at) => byte ^ key[at % 4]!))

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
