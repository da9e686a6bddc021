import { jobKeyOf } from '../../../src/shared/job-key.ts'
import { isFinal } from '../../../src/shared/job.ts'
import type { WireJob } from '../../../src/shared/job.ts'
import { essence } from './truth.ts'

interface Known {
  /** Every event that counted, in the order in which it came. */
  readonly events: WireJob[]
  /** Sources that told of it and have not said since that it is gone: with none it is not shown. */
  readonly tellers: Set<string>
  /** Those of them that answer for it now: with none it is only remembered. */
  readonly vouchers: Set<string>
}

/**
 * What a desk has to show, worked out the other way round: from the set of all that was told, in
 * whatever order, how often and by whom.
 */
export class Expected {
  readonly #jobs = new Map<string, Known>()
  readonly #up = new Set<string>()

  tell(source: string, event: WireJob): void {
    const key = keyOf(event)
    const known = this.#jobs.get(key)
    if (known === undefined) {
      const [tellers, vouchers] = [new Set([source]), new Set([source])]
      this.#jobs.set(key, { events: [event], tellers, vouchers })
      return
    }
    const { events, tellers, vouchers } = known
    const before = stateOf(events)
    const isNewer =
      event.attempt > before.attempt ||
      (event.attempt === before.attempt && event.seq > before.seq && !isFinal(before.status))
    // Old news of a job that is gone are no news.
    if (tellers.size === 0 && !isNewer) return
    events.push(event)
    tellers.add(source)
    if (event.attempt < before.attempt) return
    // Old news still raises what was reached.
    const raises = event.attempt === before.attempt && event.progress > before.progress
    if (isNewer || raises || event.seq === before.seq) vouchers.add(source)
  }

  /** All that a source has: what it does not name is gone, unless another one told of it. */
  list(source: string, jobs: readonly WireJob[]): void {
    const listed = new Set(jobs.map(keyOf))
    for (const [key, known] of this.#jobs) if (!listed.has(key)) unsay(known, source)
    for (const job of jobs) this.tell(source, job)
  }

  forget(source: string, jobId: string): void {
    for (const known of this.#jobs.values()) {
      if (known.events[0]?.id === jobId) unsay(known, source)
    }
  }

  /** The operator has nothing to do with this tenant any more. */
  leave(tenantId: string): void {
    for (const [key, { events }] of this.#jobs) {
      if (events[0]?.tenant_id === tenantId) this.#jobs.delete(key)
    }
  }

  doubt(source: string, jobId: string | null): void {
    for (const { events, vouchers } of this.#jobs.values()) {
      const { id, status } = stateOf(events)
      if ((jobId === null || id === jobId) && !isFinal(status)) vouchers.delete(source)
    }
  }

  lose(source: string): void {
    this.#up.delete(source)
    for (const { vouchers } of this.#jobs.values()) vouchers.delete(source)
  }

  /** Ends that it told of are ends again. */
  hear(source: string): void {
    if (this.#up.has(source)) return
    this.#up.add(source)
    for (const { events, tellers, vouchers } of this.#jobs.values()) {
      if (tellers.has(source) && isFinal(stateOf(events).status)) vouchers.add(source)
    }
  }

  confirm(source: string): void {
    for (const { tellers, vouchers } of this.#jobs.values()) {
      if (tellers.has(source)) vouchers.add(source)
    }
  }

  get rows(): Map<string, unknown> {
    const shown = [...this.#jobs].filter(([, { tellers }]) => tellers.size > 0)
    return new Map(
      shown.map(([key, { events, vouchers }]) => [
        key,
        { ...(essence(stateOf(events)) as object), remembered: vouchers.size === 0 },
      ]),
    )
  }
}

const keyOf = ({ tenant_id, id }: WireJob): string => jobKeyOf({ tenantId: tenant_id, id })

function unsay({ tellers, vouchers }: Known, source: string): void {
  tellers.delete(source)
  vouchers.delete(source)
}

/** The latest attempt; in it its end, else its newest event; with the most that was reached in it. */
function stateOf(events: readonly WireJob[]): WireJob {
  const attempt = Math.max(...events.map((event) => event.attempt))
  const those = events.filter((event) => event.attempt === attempt)
  const newest = those.reduce((one, two) => (two.seq > one.seq ? two : one))
  return { ...newest, progress: Math.max(...those.map(({ progress }) => progress)) }
}
