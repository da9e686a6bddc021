import type { JobStatus } from '../../shared/job.ts'

export type Counts = Record<JobStatus, number>

/** Jobs by status, per tenant, kept up to date one job at a time. */
export class Tally {
  readonly #tenants = new Map<string, Counts>()

  add(tenantId: string, status: JobStatus): void {
    this.#of(tenantId)[status] += 1
  }

  remove(tenantId: string, status: JobStatus): void {
    this.#of(tenantId)[status] -= 1
  }

  /** Forgets every tenant but these. */
  retain(tenantIds: readonly string[]): void {
    for (const tenantId of [...this.#tenants.keys()]) {
      if (!tenantIds.includes(tenantId)) this.#tenants.delete(tenantId)
    }
  }

  /** Every tenant that ever had a job here, in order of first appearance. */
  get all(): ReadonlyMap<string, Readonly<Counts>> {
    return this.#tenants
  }

  clear(): void {
    this.#tenants.clear()
  }

  #of(tenantId: string): Counts {
    const known = this.#tenants.get(tenantId)
    if (known !== undefined) return known
    const counts: Counts = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 }
    this.#tenants.set(tenantId, counts)
    return counts
  }
}
