import type { WebSocket } from 'ws'
import type { WireJob } from '../../src/shared/job.ts'
import type { ScriptedGateway } from './scripted-gateway.ts'

interface Said {
  readonly type: string
  readonly epoch?: string
  readonly offset?: number
  readonly parts?: boolean
  readonly token?: string
}

interface Client {
  readonly socket: WebSocket
  readonly token: string | null
  /** Past its snapshot or resume. */
  begun: boolean
}

/**
 * A tenant stream (gateway-protocol §4) on a scripted gateway: numbers what happens to its jobs,
 * keeps it, resumes, takes newer tokens, and misbehaves as a test says:
 *   - an event that nobody is told: `lose`; another history: `restart`; a shorter memory: `kept`
 *   - a server as the seeds have it: `resumes = false`
 *   - what becomes of a newer token: `auth`
 *   - parts of a snapshot: `partSize`, `losesLastParts`
 */
export class ScriptedStream {
  readonly #gateway: ScriptedGateway
  readonly #clients = new Set<Client>()
  readonly #log: { readonly offset: number; readonly job: WireJob }[] = []
  /** Everything that any client said, in order. */
  readonly said: Said[] = []
  /** Newest events that a resume may still go back to. */
  kept = Infinity
  resumes = true
  auth: 'take' | 'refuse' | 'ignore' = 'take'
  partSize = Infinity
  /** The last part of so many snapshots is lost on the way. */
  losesLastParts = 0
  /** Jobs that no snapshot names, as those that were over long ago. */
  omits: readonly string[] = []

  constructor(gateway: ScriptedGateway) {
    this.#gateway = gateway
    gateway.epoch = 'e1'
    gateway.onSocket = (socket, _id, { token }) => this.#welcome(socket, token)
  }

  get epoch(): string {
    return this.#gateway.epoch
  }

  get offset(): number {
    return this.#gateway.offset
  }

  /** Tokens of the clients that are connected now. */
  get tokens(): (string | null)[] {
    return [...this.#clients].map(({ token }) => token)
  }

  /** What clients began with: their resumes. */
  get resumed(): Said[] {
    return this.said.filter(({ type }) => type === 'resume')
  }

  /** Changes a job, or begins one, and says so. */
  push(job: WireJob): void {
    this.#record(job)
    this.#tell(job)
  }

  /** It happened, and nobody is told. */
  lose(job: WireJob): void {
    this.#record(job)
  }

  /** Another history, with these jobs and no memory of what was before. */
  restart(epoch: string, jobs: readonly WireJob[]): void {
    this.#gateway.epoch = epoch
    this.#gateway.offset = 0
    this.#log.length = 0
    this.#gateway.jobs.clear()
    for (const job of jobs) this.#gateway.put(job)
  }

  /** To all, as it is. */
  say(message: unknown): void {
    for (const { socket } of this.#clients) {
      socket.send(typeof message === 'string' ? message : JSON.stringify(message))
    }
  }

  snapshot(socket: WebSocket): void {
    const jobs = [...this.#gateway.jobs.values()].filter(({ id }) => !this.omits.includes(id))
    const { epoch, offset } = this
    for (let at = 0; at === 0 || at < jobs.length; at += this.partSize) {
      const more = at + this.partSize < jobs.length
      const part = this.partSize === Infinity ? jobs : jobs.slice(at, at + this.partSize)
      if (!more && this.losesLastParts > 0) {
        this.losesLastParts -= 1
        return
      }
      socket.send(
        JSON.stringify({ type: 'snapshot', epoch, offset, jobs: part, ...(more && { more }) }),
      )
    }
  }

  #record(job: WireJob): void {
    this.#gateway.put(job)
    this.#gateway.offset += 1
    this.#log.push({ offset: this.offset, job })
  }

  #tell(job: WireJob): void {
    const message = this.resumes
      ? { type: 'event', offset: this.offset, job }
      : { type: 'progress', job_id: job.id, ...job }
    for (const { socket, begun } of this.#clients) {
      if (begun) socket.send(JSON.stringify(message))
    }
  }

  #welcome(socket: WebSocket, token: string | null): void {
    const refusal = this.#gateway.refuse(token)
    if (refusal !== null) {
      socket.close(1008, refusal)
      return
    }
    const client: Client = { socket, token, begun: !this.resumes }
    this.#clients.add(client)
    socket.on('close', () => this.#clients.delete(client))
    socket.on('message', (data: Buffer) => {
      const said = JSON.parse(data.toString('utf8')) as Said
      this.said.push(said)
      if (said.type === 'resume' && this.resumes) this.#resume(client, said)
      if (said.type === 'auth' && this.auth !== 'ignore') {
        const type = this.auth === 'take' ? 'authenticated' : 'auth_refused'
        socket.send(JSON.stringify({ type }))
      }
    })
  }

  #resume(client: Client, { epoch, offset = -1 }: Said): void {
    client.begun = true
    const missed = this.offset - offset
    if (epoch !== this.epoch || missed < 0 || missed > this.kept) {
      this.snapshot(client.socket)
      return
    }
    client.socket.send(JSON.stringify({ type: 'resumed', epoch, offset, missed }))
    for (const event of this.#log) {
      if (event.offset <= offset) continue
      client.socket.send(JSON.stringify({ type: 'event', ...event }))
    }
  }
}
