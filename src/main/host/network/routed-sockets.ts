import type { Socket, SocketEnding, SocketFactory, SocketRequest } from '../../ports.ts'
import type { Routes } from './routes.ts'

/** The two ways in which a socket can be opened. */
export interface SocketWays {
  readonly routes: Pick<Routes, 'to'>
  readonly direct: SocketFactory
  readonly system: SocketFactory
}

/** A SocketFactory that goes the way that leads there. */
export function routedSockets(ways: SocketWays): SocketFactory {
  return (request) => new RoutedSocket(request, ways)
}

/** Stands for a socket from before it is known which kind it will be. It owns that one socket. */
class RoutedSocket implements Socket {
  #socket: Socket | null = null
  /** Null once it is over. */
  #request: SocketRequest | null

  constructor(request: SocketRequest, ways: SocketWays) {
    this.#request = request
    void this.#open(ways)
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  send(text: string): void {
    this.#socket?.send(text)
  }

  ping(): boolean {
    return this.#socket?.ping() ?? false
  }

  close(code?: number, reason?: string): void {
    if (this.#socket !== null) this.#socket.close(code, reason)
    else this.#fail(null)
  }

  terminate(): void {
    this.#request = null
    this.#socket?.terminate()
  }

  async #open({ routes, direct, system }: SocketWays): Promise<void> {
    const request = this.#request
    if (request === null) return
    const route = await routes.to(request.url.reveal())
    if (this.#request === null) return
    try {
      this.#socket = route === 'direct' ? direct(request) : system(request)
    } catch (error) {
      // Its message may hold the address, and that a token: only the code is passed on.
      const code = error instanceof Error && 'code' in error ? error.code : null
      this.#fail(typeof code === 'string' ? code : 'ERR_INVALID_URL')
    }
  }

  /** It never became a socket. */
  #fail(errorCode: string | null): void {
    const ending: SocketEnding = {
      code: null,
      reason: '',
      status: null,
      retryAfterMs: null,
      errorCode,
    }
    const handlers = this.#request?.handlers
    this.#request = null
    handlers?.close(ending)
  }
}
