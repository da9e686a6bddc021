import type { Socket, SocketEnding, SocketFactory, SocketRequest } from '../../src/main/ports.ts'

/** The fake of one Socket: the test plays the server. */
export class FakeSocket implements Socket {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly #request: SocketRequest
  readonly #onGone: () => void
  state: 'connecting' | 'open' | 'closed' = 'connecting'
  pings = 0
  /** False: as a socket that has no ping. */
  canPing = true
  closes = 0
  readonly sent: string[] = []
  /** What the peer makes of what is said to it, and of a ping. */
  onSaid: (text: string) => void = () => undefined
  onPing: () => void = () => undefined
  readonly bufferedAmount = 0

  constructor(request: SocketRequest, onGone: () => void) {
    this.#request = request
    this.#onGone = onGone
    this.url = request.url.reveal()
    this.headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, value.reveal()]),
    )
  }

  /** The longest message that it was asked to take; the port decides when undefined. */
  get maxFrameBytes(): number | undefined {
    return this.#request.maxFrameBytes
  }

  /** The token that came with the dial, and how. */
  get credential(): { readonly form: 'header' | 'query'; readonly token: string } | null {
    const header = this.headers.Authorization
    if (header !== undefined) return { form: 'header', token: header.replace('Bearer ', '') }
    const token = new URL(this.url).searchParams.get('token')
    return token === null ? null : { form: 'query', token }
  }

  accept(): void {
    if (this.state !== 'connecting') return
    this.state = 'open'
    this.#request.handlers.open()
  }

  say(message: unknown): void {
    if (this.state !== 'open') return
    this.#request.handlers.message(typeof message === 'string' ? message : JSON.stringify(message))
  }

  sayBinary(): void {
    if (this.state === 'open') this.#request.handlers.message(null)
  }

  pong(): void {
    if (this.state === 'open') this.#request.handlers.pong()
  }

  /** The connection ends from the other side; fields not given are as for a broken one. */
  end(ending: Partial<SocketEnding> = {}): void {
    if (this.state === 'closed') return
    const code = this.state === 'open' ? 1006 : null
    this.#gone()
    this.#request.handlers.close({
      code,
      reason: '',
      status: null,
      retryAfterMs: null,
      errorCode: null,
      ...ending,
    })
  }

  /** All that a port could still say that does not keep its word about `terminate()`. */
  haunt(message: unknown): void {
    const { open, message: say, pong, close } = this.#request.handlers
    open()
    say(typeof message === 'string' ? message : JSON.stringify(message))
    pong()
    close({ code: 1006, reason: '', status: null, retryAfterMs: null, errorCode: null })
  }

  send(text: string): void {
    this.sent.push(text)
    this.onSaid(text)
  }

  ping(): boolean {
    if (!this.canPing) return false
    this.pings += 1
    this.onPing()
    return true
  }

  close(): void {
    this.closes += 1
  }

  terminate(): void {
    if (this.state !== 'closed') this.#gone()
  }

  #gone(): void {
    this.state = 'closed'
    this.#onGone()
  }
}

/** The fake of the SocketFactory port: every socket ever dialled, newest last. */
export class FakeSockets {
  readonly all: FakeSocket[] = []
  #live = 0
  /** Most sockets that were alive at one moment. */
  peak = 0

  readonly open: SocketFactory = (request) => this.dial(request)

  dial(request: SocketRequest): FakeSocket {
    const socket = new FakeSocket(request, () => {
      this.#live -= 1
    })
    this.#live += 1
    this.peak = Math.max(this.peak, this.#live)
    this.all.push(socket)
    return socket
  }

  /** Sockets connecting or open. */
  get live(): number {
    return this.#live
  }

  get last(): FakeSocket {
    const last = this.all.at(-1)
    if (last === undefined) throw new Error('nothing was dialled')
    return last
  }

  /** Live sockets whose address ends with this path. */
  to(path: string): FakeSocket[] {
    return this.all.filter(
      (socket) => socket.state !== 'closed' && new URL(socket.url).pathname.endsWith(path),
    )
  }
}
