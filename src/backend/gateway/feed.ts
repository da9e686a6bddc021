import type { WireJob } from '../../shared/job.ts'

/** One change of a job, as the log of changes holds it (docs/adr/0019-change-log.md). */
export interface JobChange {
  /** Rises in the order of commits over all tenants; it may skip numbers. */
  readonly position: number
  readonly tenantId: string
  /** Rises by one with every change of the tenant. */
  readonly offset: number
  readonly jobId: string
  readonly attempt: number
  readonly seq: number
  /** The whole job after the change, as JSON; `job` is the same, read. */
  readonly jobText: string
  readonly job: WireJob
  /** The wire fields that changed; of a new job, all but those that name it. */
  readonly changes: Partial<WireJob>
}

/** Every change of every tenant, once and in order. Whoever listens must fence by tenant itself. */
export interface JobFeed {
  /** The last change that was told. */
  readonly position: number
  /** The tenant's offset at that position. */
  offsetOf: (tenantId: string) => number
  /**
   * Told of all changes from now on. Null: some are lost for good (the gateway was cut off for
   * longer than changes are kept), so whoever holds a state reads it again. Returns its own
   * off-switch.
   */
  subscribe: (listener: (changes: readonly JobChange[] | null) => void) => () => void
}
