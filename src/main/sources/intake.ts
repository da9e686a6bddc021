import { isFinal } from '../../shared/job.ts'
import type { Job, JobStatus, UntoldField } from '../../shared/job.ts'
import type { Clock } from '../ports.ts'
import { parseFrame } from './frames.ts'
import { RecentJobs } from './recent-jobs.ts'
import type { JobSink } from './source.ts'
import { isBefore, orderOfRow } from './table/row-order.ts'
import { idOf, progressOf, readWire, statusOf, toJob } from './wire-job.ts'
import type { Identity, Wire } from './wire-job.ts'

const microsecondsPerMs = 1_000
/** Messages of another tenant after which the server is not listened to any more (F61). */
const maxTrespasses = 3

export interface IntakeOptions {
  readonly sink: JobSink
  readonly clock: Clock
  readonly tenantIds: readonly string[]
  /** A server that keeps naming other tenants. */
  readonly onTrespass: () => void
  /** An event of this job was missed: what the sink has just taken may lack something (F52). */
  readonly onGap: (jobId: string) => void
  /** A job's own socket begins before what was known: perhaps the numbers begin again (F53). */
  readonly onBehind?: () => void
}

export interface RowMode {
  /** It tells a change: what is left out is as it was. */
  readonly isChange: boolean
  readonly untold: readonly UntoldField[]
}

/**
 * The door between wire and sink. It owns the last known state of each job of one source, checks
 * tenant and id, puts changes on states, and numbers the events of backends that send no `seq`.
 * It knows no socket.
 */
export class Intake {
  readonly #options: IntakeOptions
  readonly #tenants: ReadonlySet<string>
  readonly #last = new RecentJobs()
  #trespasses = 0
  /** The change that is being read left one out. */
  #leavesOut = false

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#tenants = new Set(options.tenantIds)
  }

  /** Of a job that two tenants have by the same name: whichever is known. */
  last(jobId: string): Job | undefined {
    for (const tenantId of this.#tenants) {
      const last = this.#last.get(tenantId, jobId)
      if (last !== undefined) return last
    }
    return undefined
  }

  /** The server's history begins again: no last state holds anything to its word. */
  restart(): void {
    this.#last.clear()
  }

  forget(jobId: string): void {
    for (const tenantId of this.#tenants) this.#last.delete(tenantId, jobId)
    this.#options.sink.forget(jobId)
  }

  /** A frame from the socket of one job; null when it was dropped. */
  takeFrame(jobId: string, text: string | null): { readonly finished: boolean } | null {
    const frame = text === null ? null : parseFrame(text)
    if (frame === null) return this.#drop('malformed')
    const last = frame.kind === 'snapshot' ? this.last(jobId) : undefined
    const job = this.#read(frame.job, jobId, frame.kind === 'progress')
    if (job === null) return null
    this.#give(job)
    if (last !== undefined && isBehind(job, last)) this.#options.onBehind?.()
    return frame.kind === 'finished' ? over : goingOn
  }

  /** A change, or the state, of whichever job it names; null when it was dropped. */
  takeAny(raw: unknown): Job | null {
    const wire = readWire(raw)
    const job = wire === null ? this.#drop('malformed') : this.#read(wire, null, true)
    if (job !== null) this.#give(job)
    return job
  }

  /** One job out of an HTTP answer, not yet given to the sink. Null when it was dropped. */
  readListed(raw: unknown): Job | null {
    const wire = readWire(raw)
    return wire === null ? this.#drop('malformed') : this.#read(wire, null, false)
  }

  /**
   * A row of a table, given to the sink and answered. Null when it was dropped, also for being older
   * than what was known of the row.
   */
  takeRow(raw: unknown, { isChange, untold }: RowMode): Job | null {
    const wire = readWire(raw)
    const id = wire && idOf(wire)
    if (wire === null || id === null || statusOf(wire) === null) return this.#drop('malformed')
    const last = this.#lastOf(wire, id, false)
    const tenantId = this.#tenantIn(wire, last)
    if (tenantId === null) return null
    const order = orderOfRow(wire, last)
    if (order === null) return this.#drop('malformed')
    if (last !== undefined && isBefore(order, last)) return this.#drop('order')
    const state = isChange && last?.attempt === order.attempt ? last : null
    const ground = { state, last, nowMs: this.#options.clock.now() }
    const told = toJob(wire, { id, tenantId, ...order }, ground)
    const job = untold.length === 0 ? told : { ...told, untold }
    this.#last.set(job)
    this.#options.sink.take(job)
    return job
  }

  /** `expected` is the job whose own socket it is. */
  #read(wire: Wire, expected: string | null, isChange: boolean): Job | null {
    const id = this.#idIn(wire, expected)
    if (id === null || statusOf(wire) === null) return this.#drop('malformed')
    const last = this.#lastOf(wire, id, expected !== null)
    const tenantId = this.#tenantIn(wire, last)
    if (tenantId === null) return null
    const live = isChange || expected !== null
    const identity = this.#identify(wire, last, { id, tenantId, live })
    if (isChange && wire.seq !== undefined) this.#checkOrder(identity, last)
    // A change stands on the state before it; a new attempt begins bare but for who it is.
    const state = isChange && last?.attempt === identity.attempt ? last : null
    const job = toJob(wire, identity, { state, last, nowMs: this.#options.clock.now() })
    if (last === undefined || !isOlder(job, last)) this.#last.set(job)
    return job
  }

  /** On a job's own socket another job's message is none; there the name may stand for the id. */
  #idIn(wire: Wire, expected: string | null): string | null {
    if (expected === null) return idOf(wire)
    const named = wire.job_id ?? wire.id
    if (named !== undefined) return String(named) === expected ? expected : null
    const name = wire.job_name ?? wire.name
    const known = this.last(expected)?.name
    return name === undefined || name === expected || name === known ? expected : null
  }

  /** Two tenants may use one name, but not on one job's own socket: there it would change hands. */
  #lastOf({ tenant_id }: Wire, id: string, isOwnSocket: boolean): Job | undefined {
    return tenant_id === undefined || isOwnSocket
      ? this.last(id)
      : this.#last.get(String(tenant_id), id)
  }

  /** Compared after parsing, so that a repeated key cannot say two things (F60). */
  #tenantIn(wire: Wire, last: Job | undefined): string | null {
    if (wire.tenant_id === undefined) {
      const [only] = this.#options.tenantIds
      return last?.tenantId ?? (this.#tenants.size === 1 ? (only ?? null) : this.#drop('malformed'))
    }
    const tenantId = String(wire.tenant_id)
    if (last === undefined ? this.#tenants.has(tenantId) : last.tenantId === tenantId) {
      return last?.tenantId ?? tenantId
    }
    this.#trespasses += 1
    this.#drop('tenant')
    if (this.#trespasses === maxTrespasses) this.#options.onTrespass()
    return null
  }

  /** Without `seq` the order of arrival counts, and falling back after the end is a new attempt. */
  #identify(
    wire: Wire,
    last: Job | undefined,
    {
      id,
      tenantId,
      live,
    }: { readonly id: string; readonly tenantId: string; readonly live: boolean },
  ): Identity {
    const attempt = wire.attempt ?? last?.attempt ?? 1
    if (wire.seq !== undefined) return { id, tenantId, attempt, seq: wire.seq }
    const known = last?.byTime === true ? last.seq : 0
    const seq = Math.max(this.#options.clock.now() * microsecondsPerMs, known + 1)
    // A list may be older than the end that a socket told: only a socket can begin anew.
    const again = live && last !== undefined && wire.attempt === undefined && startsOver(wire, last)
    return { id, tenantId, attempt: again ? attempt + 1 : attempt, seq, byTime: true }
  }

  #checkOrder({ attempt, seq }: Identity, last: Job | undefined): void {
    if (last?.attempt !== attempt) return
    if (seq <= last.seq) this.#options.sink.dropped('order')
    else this.#leavesOut = seq > last.seq + 1
  }

  /** The sink has it before anybody doubts it. */
  #give(job: Job): void {
    this.#options.sink.take(job)
    if (!this.#leavesOut) return
    this.#leavesOut = false
    this.#options.onGap(job.id)
  }

  #drop(why: 'malformed' | 'tenant' | 'order'): null {
    this.#options.sink.dropped(why)
    return null
  }
}

const over = { finished: true } as const
const goingOn = { finished: false } as const

/** Told by the server's own numbers. */
const isBehind = (job: Job, last: Job): boolean =>
  last.byTime !== true && job.attempt === last.attempt && job.seq < last.seq

const isOlder = (job: Job, last: Job): boolean =>
  job.attempt < last.attempt || (job.attempt === last.attempt && job.seq <= last.seq)

function startsOver(wire: Wire, last: Job): boolean {
  if (!isFinal(last.status)) return false
  const status: JobStatus = statusOf(wire) ?? 'running'
  return !isFinal(status) && (progressOf(wire) ?? 0) < last.progress
}
