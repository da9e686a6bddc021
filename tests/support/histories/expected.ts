import { jobKeyOf } from '../../../src/shared/job-key.ts'
import { isFinal } from '../../../src/shared/job.ts'
import type { WireJob } from '../../../src/shared/job.ts'
import { essence } from './truth.ts'

interface Known {
  /** Everything that was ever told of the job, in the order in which it came. */
  readonly told: WireJob[]
  isShown: boolean
  /** Told something new since; counted by what was told. */
  changedAt: number
  /** Only remembered: the sources were lost, or its events are known to be missing. */
  isStale: boolean
}

/**
 * What a desk has to show, worked out the other way round: from the set of all that was told, in
 * whatever order, how often and by whom.
 */
export class Expected {
  readonly #jobs = new Map<string, Known>()
  #count = 0
  #isLost = false

  /** How much was told so far. */
  get count(): number {
    return this.#count
  }

  tell(event: WireJob): void {
    this.#count += 1
    const key = keyOf(event)
    const known = this.#jobs.get(key)
    if (known === undefined) {
      const told = [event]
      this.#jobs.set(key, { told, isShown: true, changedAt: this.#count, isStale: false })
      return
    }
    const before = stateOf(known.told)
    const isNewer =
      event.attempt > before.attempt ||
      (event.attempt === before.attempt && event.seq > before.seq && !isFinal(before.status))
    // Old news of a job that is gone are no news.
    if (!known.isShown && !isNewer) return
    known.isShown = true
    known.told.push(event)
    if (event.attempt < before.attempt) return
    // Old news still raises what was reached.
    const raises = event.attempt === before.attempt && event.progress > before.progress
    if (isNewer || raises) known.changedAt = this.#count
    if (isNewer || raises || event.seq === before.seq) known.isStale = false
  }

  /** A list that was asked for when so much had been told: what it does not name is gone. */
  list(jobs: readonly WireJob[], since: number): void {
    const listed = new Set(jobs.map(keyOf))
    for (const [key, known] of this.#jobs) {
      if (!listed.has(key) && known.changedAt <= since) known.isShown = false
    }
    for (const job of jobs) this.tell(job)
  }

  hide(jobId: string): void {
    for (const known of this.#jobs.values()) {
      if (known.told[0]?.id === jobId) known.isShown = false
    }
  }

  /** The operator has nothing to do with this tenant any more. */
  leave(tenantId: string): void {
    for (const [key, { told }] of this.#jobs) {
      if (told[0]?.tenant_id === tenantId) this.#jobs.delete(key)
    }
  }

  doubt(jobId: string | null): void {
    for (const known of this.#jobs.values()) {
      const { id, status } = stateOf(known.told)
      if ((jobId === null || id === jobId) && !isFinal(status)) known.isStale = true
    }
  }

  lose(): void {
    this.#isLost = true
    for (const known of this.#jobs.values()) known.isStale = true
  }

  /** Ends are ends again. */
  hear(): void {
    if (!this.#isLost) return
    this.#isLost = false
    for (const known of this.#jobs.values()) {
      if (isFinal(stateOf(known.told).status)) known.isStale = false
    }
  }

  confirm(): void {
    for (const known of this.#jobs.values()) known.isStale = false
  }

  get rows(): Map<string, unknown> {
    const shown = [...this.#jobs].filter(([, { isShown }]) => isShown)
    return new Map(
      shown.map(([key, { told, isStale }]) => [
        key,
        { ...(essence(stateOf(told)) as object), remembered: isStale },
      ]),
    )
  }
}

const keyOf = ({ tenant_id, id }: WireJob): string => jobKeyOf({ tenantId: tenant_id, id })

/** The latest attempt; in it its end, else its newest event; with the most that was reached in it. */
function stateOf(told: readonly WireJob[]): WireJob {
  const attempt = Math.max(...told.map((event) => event.attempt))
  const events = told.filter((event) => event.attempt === attempt)
  const newest = events.reduce((one, two) => (two.seq > one.seq ? two : one))
  return { ...newest, progress: Math.max(...events.map(({ progress }) => progress)) }
}
