import { openSocket } from '../../src/main/lib/sockets.ts'
import type { Socket, SocketFactory, SocketHandlers } from '../../src/main/ports.ts'

interface Dialled {
  readonly path: string
  readonly token: string | undefined
  readonly socket: Socket
  readonly handlers: SocketHandlers
  longest: number
  /** The text that was told last. */
  last: string
  isOver: boolean
}

/** Real sockets, every dial of them kept; the test may cut them, as a network that goes away. */
export class RecordedSockets {
  readonly all: Dialled[] = []

  readonly open: SocketFactory = (request) => {
    const socket = openSocket({
      ...request,
      handlers: {
        ...request.handlers,
        message: (text) => {
          dialled.longest = Math.max(dialled.longest, text?.length ?? 0)
          request.handlers.message(text)
          dialled.last = text ?? ''
        },
        close: (ending) => {
          dialled.isOver = true
          request.handlers.close(ending)
        },
      },
    })
    const dialled: Dialled = {
      path: new URL(request.url.reveal()).pathname,
      token: request.headers.Authorization?.reveal().replace('Bearer ', ''),
      socket,
      handlers: request.handlers,
      longest: 0,
      last: '',
      isOver: false,
    }
    this.all.push(dialled)
    return {
      send: (text) => socket.send(text),
      ping: () => socket.ping(),
      close: (code, reason) => socket.close(code, reason),
      terminate: () => {
        dialled.isOver = true
        socket.terminate()
      },
      get bufferedAmount() {
        return socket.bufferedAmount
      },
    }
  }

  /** Dials that are neither closed nor given up. */
  get live(): Dialled[] {
    return this.all.filter(({ isOver }) => !isOver)
  }

  cut(): void {
    for (const { socket, handlers } of this.live) {
      socket.terminate()
      handlers.close({
        code: 1006,
        reason: '',
        status: null,
        retryAfterMs: null,
        errorCode: 'ECONNRESET',
      })
    }
  }
}
