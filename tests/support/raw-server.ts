import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/**
 * A TCP server that speaks whatever bytes a test wants: the other end of the faults that no proper
 * server would make. To add one: give `onConnection`, or `onUpgraded` to be past a good handshake.
 */
export class RawServer {
  readonly #server: Server
  readonly connections = new Set<Socket>()
  /** What was received, one text a connection. */
  readonly received: string[] = []
  accepted = 0

  private constructor(onConnection: (socket: Socket) => void) {
    this.#server = createServer((socket) => {
      const index = this.accepted
      this.accepted += 1
      this.connections.add(socket)
      this.received[index] = ''
      socket.on('data', (data) => {
        this.received[index] = `${this.received[index] ?? ''}${data.toString('latin1')}`
      })
      socket.on('error', () => {})
      socket.on('close', () => this.connections.delete(socket))
      onConnection(socket)
    })
  }

  static async listen(onConnection: (socket: Socket) => void): Promise<RawServer> {
    const server = new RawServer(onConnection)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  /** Answers every upgrade properly, then hands over the bare connection. */
  static upgrading(onUpgraded: (socket: Socket) => void, extraHeaders = ''): Promise<RawServer> {
    return RawServer.listen((socket) => {
      let head = ''
      const read = (data: Buffer): void => {
        head += data.toString('latin1')
        const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1]
        if (key === undefined || !head.includes('\r\n\r\n')) return
        socket.off('data', read)
        socket.write(handshake(key, extraHeaders))
        onUpgraded(socket)
      }
      socket.on('data', read)
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get socketUrl(): string {
    return `ws://127.0.0.1:${this.port}/ws/progress/job-1`
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async close(): Promise<void> {
    for (const socket of this.connections) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export function handshake(key: string, extraHeaders = ''): string {
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n${extraHeaders}\r\n`
  )
}

/** One frame as a server sends it: first byte, then the payload with its length. */
export function frame(firstByte: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload)
  if (body.length < 126) return Buffer.concat([Buffer.from([firstByte, body.length]), body])
  const head = Buffer.alloc(body.length < 65_536 ? 4 : 10)
  head[0] = firstByte
  if (body.length < 65_536) {
    head[1] = 126
    head.writeUInt16BE(body.length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(body.length), 2)
  }
  return Buffer.concat([head, body])
}

/** First bytes of frames: final bit and opcode. */
export const opcode = {
  text: 0x81,
  textBegins: 0x01,
  continues: 0x00,
  binary: 0x82,
  close: 0x88,
  ping: 0x89,
} as const
