import type { Job } from '../../shared/job.ts'

/** Jobs a generation; at most twice as many are kept. */
const generationSize = 10_000

type Tenant = Map<string, Job>

/**
 * The last state of the jobs that were heard of most recently. It owns two generations: what is
 * heard of again moves to the young one, and the old one is dropped whole when the young one is
 * full, so that remembering costs one write and no order has to be kept.
 */
export class RecentJobs {
  #young = new Map<string, Tenant>()
  #old = new Map<string, Tenant>()
  #size = 0

  get(tenantId: string, jobId: string): Job | undefined {
    return this.#young.get(tenantId)?.get(jobId) ?? this.#old.get(tenantId)?.get(jobId)
  }

  set(job: Job): void {
    const { id, tenantId } = job
    const known = this.#young.get(tenantId)
    if (known?.has(id) === true) {
      known.set(id, job)
      return
    }
    if (this.#size >= generationSize) this.#age()
    const jobs = this.#young.get(tenantId) ?? new Map<string, Job>()
    this.#young.set(tenantId, jobs.set(id, job))
    this.#size += 1
    this.#old.get(tenantId)?.delete(id)
  }

  delete(tenantId: string, jobId: string): void {
    if (this.#young.get(tenantId)?.delete(jobId) === true) this.#size -= 1
    this.#old.get(tenantId)?.delete(jobId)
  }

  clear(): void {
    this.#age()
    this.#old = new Map()
  }

  #age(): void {
    this.#old = this.#young
    this.#young = new Map()
    this.#size = 0
  }
}
