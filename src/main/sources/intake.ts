import { isFinal } from '../../shared/job.ts'
import type { Job, JobStatus } from '../../shared/job.ts'
import type { Clock } from '../ports.ts'
import { parseFrame } from './frames.ts'
import type { JobSink } from './source.ts'
import { bareJob, idOf, progressOf, statusOf, toJob, wireSchema } from './wire-job.ts'
import type { Identity, Wire } from './wire-job.ts'

/** Jobs remembered so that a change can be put on what it changes. */
const maxRemembered = 10_000
const microsecondsPerMs = 1_000
/** Messages of another tenant after which the server is not listened to any more (F61). */
const maxTrespasses = 3

type Order = Pick<Identity, 'attempt' | 'seq' | 'byTime'>

export interface IntakeOptions {
  readonly sink: JobSink
  readonly clock: Clock
  readonly tenantIds: readonly string[]
  /** A server that keeps naming other tenants. */
  readonly onTrespass: () => void
  /** An event was missed: the state is asked for anew (F52). */
  readonly onGap: () => void
}

/**
 * The door between wire and sink. It owns the last known state of each job of one source, checks
 * tenant and id, puts changes on states, and numbers the events of backends that send no `seq`.
 * It knows no socket.
 */
export class Intake {
  readonly #options: IntakeOptions
  readonly #tenants: ReadonlySet<string>
  readonly #last = new Map<string, Job>()
  #trespasses = 0

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#tenants = new Set(options.tenantIds)
  }

  last(jobId: string): Job | undefined {
    return this.#last.get(jobId)
  }

  forget(jobId: string): void {
    this.#last.delete(jobId)
    this.#options.sink.forget(jobId)
  }

  /** A frame from the socket of one job; null when it was dropped. */
  takeFrame(jobId: string, text: string | null): { readonly finished: boolean } | null {
    const frame = text === null ? null : parseFrame(text)
    if (frame === null) return this.#drop('malformed')
    const job = this.#read(frame.job, { expected: jobId, isChange: frame.kind === 'progress' })
    if (job === null) return null
    this.#options.sink.take(job)
    return { finished: frame.kind === 'finished' }
  }

  /** One job out of an HTTP answer, not yet given to the sink. Null when it was dropped. */
  readListed(raw: unknown): Job | null {
    const wire = wireSchema.safeParse(raw)
    return wire.success
      ? this.#read(wire.data, { expected: null, isChange: false })
      : this.#drop('malformed')
  }

  #read(
    wire: Wire,
    { expected, isChange }: { readonly expected: string | null; readonly isChange: boolean },
  ): Job | null {
    const id = this.#idIn(wire, expected)
    const status = statusOf(wire)
    if (id === null || status === null) return this.#drop('malformed')
    const last = this.#last.get(id)
    const tenantId = this.#tenantIn(wire, last)
    if (tenantId === null) return null
    const identity = { id, tenantId, ...this.#order(wire, last, expected !== null) }
    if (isChange && wire.seq !== undefined) this.#checkOrder(identity, last)
    const job = toJob(wire, identity, base(identity, last, { isChange, now: this.#options.clock }))
    this.#remember(job, last)
    return job
  }

  /** On a job's own socket another job's message is none; there the name may stand for the id. */
  #idIn(wire: Wire, expected: string | null): string | null {
    if (expected === null) return idOf(wire)
    const named = wire.job_id ?? wire.id
    if (named !== undefined) return String(named) === expected ? expected : null
    const name = wire.job_name ?? wire.name
    const known = this.#last.get(expected)?.name
    return name === undefined || name === expected || name === known ? expected : null
  }

  /** Compared after parsing, so that a repeated key cannot say two things (F60). */
  #tenantIn(wire: Wire, last: Job | undefined): string | null {
    if (wire.tenant_id === undefined) {
      const [only] = this.#options.tenantIds
      return last?.tenantId ?? (this.#tenants.size === 1 ? (only ?? null) : this.#drop('malformed'))
    }
    const tenantId = String(wire.tenant_id)
    // A job does not change hands either, not even between two tenants of ours.
    if (this.#tenants.has(tenantId) && (last?.tenantId ?? tenantId) === tenantId) return tenantId
    this.#trespasses += 1
    this.#drop('tenant')
    if (this.#trespasses === maxTrespasses) this.#options.onTrespass()
    return null
  }

  /** Without `seq` the order of arrival counts, and falling back after the end is a new attempt. */
  #order(wire: Wire, last: Job | undefined, live: boolean): Order {
    const attempt = wire.attempt ?? last?.attempt ?? 1
    if (wire.seq !== undefined) return { attempt, seq: wire.seq }
    const known = last?.byTime === true ? last.seq : 0
    const seq = Math.max(this.#options.clock.now() * microsecondsPerMs, known + 1)
    // A list may be older than the end that a socket told: only a socket can begin anew.
    const again = live && last !== undefined && wire.attempt === undefined && startsOver(wire, last)
    return { attempt: again ? attempt + 1 : attempt, seq, byTime: true }
  }

  #checkOrder({ attempt, seq }: Identity, last: Job | undefined): void {
    if (last?.attempt !== attempt) return
    if (seq <= last.seq) this.#options.sink.dropped('order')
    else if (seq > last.seq + 1) this.#options.onGap()
  }

  #remember(job: Job, last: Job | undefined): void {
    const isOlder =
      last !== undefined &&
      (job.attempt < last.attempt || (job.attempt === last.attempt && job.seq <= last.seq))
    if (isOlder) return
    this.#last.delete(job.id)
    this.#last.set(job.id, job)
    if (this.#last.size <= maxRemembered) return
    const [oldest] = this.#last.keys()
    if (oldest !== undefined) this.#last.delete(oldest)
  }

  #drop(why: 'malformed' | 'tenant'): null {
    this.#options.sink.dropped(why)
    return null
  }
}

/** A change stands on the state before it; a new attempt begins bare but for who it is. */
function base(
  identity: Identity,
  last: Job | undefined,
  { isChange, now }: { readonly isChange: boolean; readonly now: Clock },
): Job {
  if (last !== undefined && isChange && last.attempt === identity.attempt) return last
  const bare = bareJob(identity, last?.name ?? identity.id, now.now())
  return last === undefined ? bare : { ...bare, kind: last.kind, createdAt: last.createdAt }
}

function startsOver(wire: Wire, last: Job): boolean {
  if (!isFinal(last.status)) return false
  const status: JobStatus = statusOf(wire) ?? 'running'
  return !isFinal(status) && (progressOf(wire) ?? 0) < last.progress
}
