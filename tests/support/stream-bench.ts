import type { WireJob } from '../../src/shared/job.ts'
import type { HttpFetch, SocketFactory } from '../../src/main/ports.ts'
import { parseJson } from '../../src/main/sources/frames.ts'
import type { Position } from '../../src/main/sources/source.ts'
import { openStreamSource } from '../../src/main/sources/stream-source.ts'
import { settleAll } from './fake-clock.ts'
import type { FakeSocket } from './fake-socket.ts'
import { FakeSockets } from './fake-socket.ts'
import { SourceBench } from './source-bench.ts'
import { wireJob } from './wire-jobs.ts'

/** A stream source of which the test is the server: word by word, and list by list. */
export class StreamBench {
  readonly sockets = new FakeSockets()
  readonly bench: SourceBench
  /** Every list that was asked for, in order: what is active, all, or how far the server is. */
  readonly asked: string[] = []
  /** What the list of all jobs names, and where it says the server is. */
  jobs: WireJob[] = []
  offset = 3
  /** Before a list is given out: whether it can be had. */
  meanwhile: () => boolean | Promise<boolean> = () => true

  constructor(position?: Position) {
    this.bench = new SourceBench({
      gatewayUrl: 'http://127.0.0.1:1',
      open: openStreamSource,
      sockets: this.#dial,
      fetch: this.#fetch,
      ...(position !== undefined && { position }),
    })
  }

  /** The newest socket is taken. */
  async accept(): Promise<void> {
    await settleAll()
    this.sockets.last.accept()
    await settleAll()
  }

  /** It loses its socket; by and by it dials, and is taken again. */
  async redial(code = 1012): Promise<void> {
    await this.end(code)
    await this.pass(1_000)
    await this.accept()
  }

  async end(code = 1012): Promise<void> {
    this.sockets.last.end({ code })
    await settleAll()
  }

  async say(message: unknown, socket: FakeSocket = this.sockets.last): Promise<void> {
    socket.say(message)
    await settleAll()
  }

  /** Everything of which there is a snapshot, and from where it goes on. */
  snapshot(jobs: readonly WireJob[], { epoch = 'e', offset = 3 } = {}): Promise<void> {
    return this.say({ type: 'snapshot', epoch, offset, jobs })
  }

  resumed(missed: number, offset = 3): Promise<void> {
    return this.say({ type: 'resumed', epoch: 'e', offset, missed })
  }

  event(offset: number, changes: Partial<WireJob>): Promise<void> {
    return this.say({ type: 'event', offset, job: wireJob(changes) })
  }

  pass(ms: number): Promise<void> {
    return this.bench.clock.advance(ms, settleAll)
  }

  /** The first words on the newest socket. */
  get resume(): unknown {
    return parseJson(this.sockets.last.sent[0] ?? '')
  }

  get remembered(): string[] {
    return this.bench.rows.filter((row) => row.remembered).map(({ id }) => id)
  }

  readonly #dial: SocketFactory = (request) => {
    const socket = this.sockets.dial(request)
    socket.onPing = () => queueMicrotask(() => socket.pong())
    return socket
  }

  readonly #fetch: HttpFetch = async (input) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input)
    const what = pathname.endsWith('/status') ? 'active' : search === '?limit=1' ? 'place' : 'all'
    this.asked.push(what)
    const body =
      what === 'active'
        ? { active_jobs: this.jobs }
        : { jobs: this.jobs, next_cursor: null, epoch: 'e', offset: this.offset }
    return (await this.meanwhile()) ? Response.json(body) : new Response('', { status: 503 })
  }
}
