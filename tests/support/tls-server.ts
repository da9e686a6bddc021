import { createServer } from 'node:tls'
import type { Server, TlsOptions, TLSSocket } from 'node:tls'
import { readFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import type { Certificate } from './certificates.ts'

/** A server of any certificate. What it is told behind the handshake is kept; it answers by `answer`. */
export class TlsServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Bytes that came through the encryption: everything that a client meant to say. */
  told = ''
  /** Connections, whether a handshake came about or not. */
  connections = 0

  private constructor(options: TlsOptions, answer: (socket: TLSSocket, text: string) => void) {
    this.#server = createServer(options, (socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (data: Buffer) => {
        this.told += data.toString('latin1')
        answer(socket, data.toString('latin1'))
      })
    })
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('tlsClientError', () => undefined)
  }

  static async listen(
    certificate: Certificate,
    answer: (socket: TLSSocket, text: string) => void = () => undefined,
  ): Promise<TlsServer> {
    const server = new TlsServer(read(certificate), answer)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  /** Shows another certificate from now on. */
  become(certificate: Certificate): void {
    this.#server.setSecureContext(read(certificate))
  }

  get origin(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const read = ({ certFile, keyFile }: Certificate): TlsOptions => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
})
