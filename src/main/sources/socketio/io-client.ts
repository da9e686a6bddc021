import { Manager } from 'socket.io-client'
import type { Socket as IoSocket } from 'socket.io-client'
import type { Socket, SocketFactory, SocketRequest } from '../../ports.ts'
import { Attempt } from './io-attempt.ts'
import type { IoPorts } from './io-attempt.ts'
import type { IoMessage } from './io-messages.ts'
import { PollingTransport, WebSocketTransport } from './io-transports.ts'
import type { Ground } from './io-transports.ts'

/**
 * A Socket.IO client as one socket after another, so that our own runner dials, waits and stops it:
 * it never reconnects by itself. The same client stays over all attempts, because what it needs for
 * recovery is known to it alone.
 */
export class SocketIoClient {
  readonly #manager: Manager
  readonly #io: IoSocket
  readonly #ports: IoPorts
  readonly #ground: { current: Ground | null } = { current: null }
  #attempt: Attempt | null = null

  /** `url` is that of Engine.IO, ws or wss. */
  constructor(url: URL, ports: IoPorts) {
    this.#ports = ports
    const options = { ground: this.#ground }
    this.#manager = new Manager(url.origin, {
      path: url.pathname,
      transports: [WebSocketTransport, PollingTransport],
      transportOptions: { websocket: options, polling: options },
      tryAllTransports: true,
      upgrade: false,
      autoConnect: false,
      reconnection: false,
    })
    // The runner has a deadline of its own.
    this.#manager.timeout(false)
    this.#io = this.#manager.socket('/', {
      auth: (say: (auth: object) => void) => say(this.#attempt?.auth ?? {}),
    })
    this.#io.on('connect', () => this.#attempt?.welcome(this.#io.recovered))
    this.#io.on('disconnect', (reason) => this.#attempt?.lost(reason))
    this.#io.on('connect_error', (error) => this.#attempt?.refused(error))
    this.#io.onAny((name: string, payload: unknown) => this.#attempt?.say(name, payload))
  }

  /** `onGone` is told once, of an attempt after which the client may be used again. */
  open(request: SocketRequest<IoMessage>, onGone: () => void): Socket {
    const attempt = new Attempt({
      request,
      ports: this.#ports,
      io: this.#io,
      connect: () => this.#connect(),
      onGone,
    })
    this.#attempt = attempt
    this.#ground.current = attempt.ground
    void attempt.begin()
    return attempt
  }

  #connect(): Manager['engine'] {
    // What an earlier attempt did not get to is told again.
    this.#io.receiveBuffer = []
    this.#io.sendBuffer = []
    this.#io.connect()
    return this.#manager.engine
  }
}

/** Clients that are not in use are used again, the one that was connected last first. */
export class SocketIoClients {
  readonly #ports: IoPorts
  #spare: SocketIoClient | null = null

  constructor(ports: IoPorts) {
    this.#ports = ports
  }

  readonly open: SocketFactory<IoMessage> = (request) => {
    const client = this.#spare ?? new SocketIoClient(new URL(request.url.reveal()), this.#ports)
    this.#spare = null
    return client.open(request, () => (this.#spare = client))
  }
}
