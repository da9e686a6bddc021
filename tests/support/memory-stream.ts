import type { HttpFetch } from '../../src/main/ports.ts'
import type { WireJob } from '../../src/shared/job.ts'
import type { FakeSocket, FakeSockets } from './fake-socket.ts'

interface Said {
  readonly type: string
  readonly epoch?: string
  readonly offset?: number
  readonly token?: string
}

/** A tenant stream and its lists in memory: for histories of many steps. It answers when served. */
export class MemoryStream {
  readonly #sockets: FakeSockets
  readonly #read = new Map<FakeSocket, number>()
  readonly #begun = new Set<FakeSocket>()
  /** Tokens that were taken on the open socket. */
  readonly #renewed = new Map<FakeSocket, string>()
  readonly #log: { readonly offset: number; readonly job: WireJob }[] = []
  readonly jobs = new Map<string, WireJob>()
  #epochs = 1
  #offset = 0
  /** Newest events that a resume may still go back to. */
  kept = 20
  auth: 'take' | 'refuse' | 'ignore' = 'take'
  isUp = true

  constructor(sockets: FakeSockets) {
    this.#sockets = sockets
  }

  readonly fetch: HttpFetch = async (input) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    const jobs = [...this.jobs.values()]
    const body = pathname.endsWith('/status')
      ? { active_jobs: jobs }
      : { jobs, next_cursor: null, epoch: `e${this.#epochs}`, offset: this.#offset }
    return Response.json(body)
  }

  get open(): FakeSocket[] {
    return this.#sockets.all.filter(({ state }) => state === 'open')
  }

  /** Takes what knocks, and answers what was said. */
  serve(): void {
    for (const socket of this.#sockets.all) {
      if (socket.state === 'connecting') {
        if (this.isUp) socket.accept()
        else socket.end({ status: 503 })
      }
      const read = this.#read.get(socket) ?? 0
      this.#read.set(socket, socket.sent.length)
      for (const text of socket.sent.slice(read)) this.#answer(socket, JSON.parse(text) as Said)
      socket.pong()
    }
  }

  change(job: WireJob): void {
    this.lose(job)
    for (const socket of this.open) {
      if (this.#begun.has(socket)) socket.say({ type: 'event', offset: this.#offset, job })
    }
  }

  /** It happens, and nobody is told. */
  lose(job: WireJob): void {
    this.jobs.set(job.id, job)
    this.#offset += 1
    this.#log.push({ offset: this.#offset, job })
  }

  /** Tells the newest events once more. */
  repeat(count: number): void {
    for (const socket of this.open) {
      if (!this.#begun.has(socket)) continue
      for (const event of this.#log.slice(-count)) socket.say({ type: 'event', ...event })
    }
  }

  /** Begins anew on the open sockets, as a server does that lost count. */
  begin(): void {
    for (const socket of this.open) if (this.#begun.has(socket)) this.#snapshot(socket)
  }

  /** Another history: every job is at its first event again. */
  restart(): void {
    this.#epochs += 1
    this.#offset = 0
    this.#log.length = 0
    for (const [id, job] of this.jobs) {
      this.jobs.set(id, { ...job, seq: 1, attempt: 1, status: 'running', progress: 1 })
    }
    for (const socket of this.open) socket.end({ code: 1012 })
  }

  /** Whoever stands on another token than this one is closed. */
  expire(token: string): void {
    for (const socket of this.open) {
      const own = this.#renewed.get(socket) ?? socket.credential?.token
      if (own !== token) socket.end({ code: 1008, reason: 'token_expired' })
    }
  }

  #answer(socket: FakeSocket, { type, epoch, offset = -1, token = '' }: Said): void {
    if (type === 'auth' && this.auth === 'take') this.#renewed.set(socket, token)
    if (type === 'auth' && this.auth !== 'ignore') {
      socket.say({ type: this.auth === 'take' ? 'authenticated' : 'auth_refused' })
    }
    if (type !== 'resume' || socket.state !== 'open') return
    this.#begun.add(socket)
    const missed = this.#offset - offset
    if (epoch !== `e${this.#epochs}` || missed < 0 || missed > this.kept) {
      this.#snapshot(socket)
      return
    }
    socket.say({ type: 'resumed', epoch, offset, missed })
    for (const event of this.#log) {
      if (event.offset > offset) socket.say({ type: 'event', ...event })
    }
  }

  /** Two jobs a part. */
  #snapshot(socket: FakeSocket): void {
    const jobs = [...this.jobs.values()]
    for (let at = 0; at === 0 || at < jobs.length; at += 2) {
      socket.say({
        type: 'snapshot',
        epoch: `e${this.#epochs}`,
        offset: this.#offset,
        jobs: jobs.slice(at, at + 2),
        more: at + 2 < jobs.length,
      })
    }
  }
}
