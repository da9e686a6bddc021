// Counts what one workspace has open: its sockets, timers, requests and subscriptions. The receipt
// of sign-out is read off here, so nothing in a workspace may reach a port other than through it.
import type { Off } from '../lib/emitter.ts'
import type { Clock, HttpFetch, Socket, SocketFactory, SocketRequest } from '../ports.ts'

export interface Tally {
  readonly sockets: number
  readonly timersAndRequests: number
  readonly subscriptions: number
}

export interface MeteredPorts {
  readonly clock: Clock
  readonly sockets: SocketFactory
  readonly fetch: HttpFetch
}

/** The same ports, counted. */
export class Meter {
  readonly clock: Clock
  #sockets = 0
  #timers = 0
  #requests = 0
  #subscriptions = 0
  readonly #ports: MeteredPorts

  constructor(ports: MeteredPorts) {
    this.#ports = ports
    const armed = (): number => this.#timers
    this.clock = {
      now: () => ports.clock.now(),
      monotonic: () => ports.clock.monotonic(),
      after: (delayMs, run) => this.#after(delayMs, run),
      get armed() {
        return armed()
      },
    }
  }

  get tally(): Tally {
    return {
      sockets: this.#sockets,
      timersAndRequests: this.#timers + this.#requests,
      subscriptions: this.#subscriptions,
    }
  }

  /** Open until it closes by itself or is terminated. */
  readonly sockets: SocketFactory = (request: SocketRequest): Socket => {
    const gone = once(() => (this.#sockets -= 1))
    const { handlers } = request
    this.#sockets += 1
    try {
      const socket = this.#ports.sockets({
        ...request,
        handlers: {
          ...handlers,
          close: (ending) => {
            gone()
            handlers.close(ending)
          },
        },
      })
      return metered(socket, gone)
    } catch (error) {
      gone()
      throw error
    }
  }

  /** Pending until its head has come or it failed. A kept-alive connection would outlive sign-out. */
  readonly fetch: HttpFetch = async (input, init) => {
    this.#requests += 1
    const headers = new Headers(init?.headers)
    headers.set('connection', 'close')
    try {
      return await this.#ports.fetch(input, { ...init, headers })
    } finally {
      this.#requests -= 1
    }
  }

  /** Counts a listener until its off-switch is used. */
  subscribed(off: Off): Off {
    this.#subscriptions += 1
    const gone = once(() => (this.#subscriptions -= 1))
    return () => {
      gone()
      off()
    }
  }

  #after(delayMs: number, run: () => void): Off {
    this.#timers += 1
    const gone = once(() => (this.#timers -= 1))
    const cancel = this.#ports.clock.after(delayMs, () => {
      gone()
      run()
    })
    return () => {
      gone()
      cancel()
    }
  }
}

function metered(socket: Socket, gone: () => void): Socket {
  return {
    send: (text) => socket.send(text),
    ping: () => socket.ping(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => {
      gone()
      socket.terminate()
    },
    get bufferedAmount() {
      return socket.bufferedAmount
    },
  }
}

function once(run: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    run()
  }
}
