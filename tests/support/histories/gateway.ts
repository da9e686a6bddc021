import { isFinal } from '../../../src/shared/job.ts'
import type { WireJob } from '../../../src/shared/job.ts'
import type { FakeSocket } from '../fake-socket.ts'
import type { Net, Peer } from './net.ts'
import type { Truth } from './truth.ts'

interface Event {
  readonly offset: number
  readonly job: WireJob
}

/** Newest events that a resume may go back to. */
const kept = 8

/** A gateway in memory: its lists, a socket a job, and the stream of a tenant (gateway-protocol). */
export class Gateway implements Peer {
  readonly #truth: Truth
  readonly #tenantIds: readonly string[]
  readonly #watchers = new Map<FakeSocket, string>()
  /** Streams; true once they have begun. */
  readonly #streams = new Map<FakeSocket, boolean>()
  #log: Event[] = []
  #offset = 0
  #epoch = 1
  net!: Net

  constructor(truth: Truth, tenantIds: readonly string[]) {
    this.#truth = truth
    this.#tenantIds = tenantIds
  }

  welcome(socket: FakeSocket, path: string): void {
    if (path.endsWith('/ws')) this.#streams.set(socket, false)
    else this.#watch(socket, path.split('/').at(-1) ?? '')
  }

  said(socket: FakeSocket, text: string): void {
    const said = JSON.parse(text) as { type: string; epoch?: string; offset?: number }
    if (said.type === 'resume') this.#resume(socket, said)
    if (said.type === 'auth') this.net.tell(socket, { type: 'authenticated' })
  }

  answer({ pathname: path }: URL): unknown {
    const jobs = this.#truth.of(this.#tenantIds)
    const id = /\/api\/v1\/jobs\/([^/]+)$/.exec(path)?.[1]
    if (id !== undefined) return jobs.find((job) => job.id === id) ?? null
    const epoch = `e${this.#epoch}`
    if (path.endsWith('/jobs')) return { jobs, next_cursor: null, epoch, offset: this.#offset }
    const active_jobs = jobs.filter(({ status }) => !isFinal(status))
    return { tenant_ids: this.#tenantIds, active_jobs, connections: 0 }
  }

  /** Something happened to a job: everybody who watches is told. */
  tell(event: WireJob, before: WireJob | undefined): void {
    if (!this.#tenantIds.includes(event.tenant_id)) return
    this.#offset += 1
    this.#log = [...this.#log, { offset: this.#offset, job: event }].slice(-kept)
    for (const [socket, jobId] of this.#watchers) {
      if (jobId === event.id) this.#progress(socket, event, before)
    }
    for (const [socket, hasBegun] of this.#streams) {
      if (hasBegun) this.net.tell(socket, { type: 'event', offset: this.#offset, job: event })
    }
  }

  /** There is no such job any more. */
  forget(jobId: string): void {
    for (const [socket, id] of this.#watchers) {
      if (id === jobId) socket.end({ code: 4404, reason: 'job_unknown' })
    }
  }

  /** It starts again, and remembers nothing of what it told. */
  restart(): void {
    this.#epoch += 1
    this.#offset = 0
    this.#log = []
    this.net.cutAll()
  }

  /** A job of somebody else, by an id that may also be one of ours. */
  trespass(job: WireJob): void {
    for (const socket of this.#watchers.keys()) {
      this.net.tell(socket, { type: 'snapshot', job })
    }
    for (const socket of this.#streams.keys()) {
      this.net.tell(socket, { type: 'progress', ...job, job_id: job.id })
    }
  }

  /** What is not over, or was a moment ago: the rest has to be asked for. */
  #current(): WireJob[] {
    const lately = new Set(this.#log.slice(-2).map(({ job }) => job.id))
    return this.#truth
      .of(this.#tenantIds)
      .filter(({ id, status }) => !isFinal(status) || lately.has(id))
  }

  #watch(socket: FakeSocket, jobId: string): void {
    const job = this.#truth.find(this.#tenantIds, jobId)
    if (job === undefined) {
      socket.end({ code: 4404, reason: 'job_unknown' })
      return
    }
    this.#watchers.set(socket, jobId)
    this.net.tell(socket, { type: 'snapshot', job })
    if (isFinal(job.status)) this.#finish(socket, job)
  }

  #progress(socket: FakeSocket, event: WireJob, before: WireJob | undefined): void {
    if (isFinal(event.status)) {
      this.#finish(socket, event)
      return
    }
    const { id, name, tenant_id, attempt, seq } = event
    const who = { type: 'progress', job_id: id, job_name: name, tenant_id, attempt, seq }
    const changes = Object.entries(event).filter(
      ([key, value]) => before?.[key as keyof WireJob] !== value,
    )
    this.net.tell(socket, { ...Object.fromEntries(changes), ...who })
  }

  #finish(socket: FakeSocket, job: WireJob): void {
    this.net.tell(socket, { type: 'finished', job })
    this.#watchers.delete(socket)
    if (socket.state === 'open') socket.end({ code: 1000 })
  }

  #resume(socket: FakeSocket, from: { readonly epoch?: string; readonly offset?: number }): void {
    const epoch = `e${this.#epoch}`
    const missed = this.#offset - (from.offset ?? -1)
    this.#streams.set(socket, true)
    if (from.epoch !== epoch || missed < 0 || missed > this.#log.length) {
      const jobs = this.#current()
      this.net.tell(socket, { type: 'snapshot', epoch, offset: this.#offset, jobs })
      return
    }
    this.net.tell(socket, { type: 'resumed', epoch, offset: from.offset, missed })
    for (const event of this.#log.slice(this.#log.length - missed)) {
      this.net.tell(socket, { type: 'event', ...event })
    }
  }
}
