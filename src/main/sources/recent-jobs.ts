import type { Job } from '../../shared/job.ts'

/** Jobs a generation; at most twice as many are kept. */
const generationSize = 10_000

/**
 * The last state of the jobs that were heard of most recently. It owns two generations: what is
 * heard of again moves to the young one, and the old one is dropped whole when the young one is
 * full, so that remembering costs one write and no order has to be kept.
 */
export class RecentJobs {
  #young = new Map<string, Job>()
  #old = new Map<string, Job>()

  get(jobId: string): Job | undefined {
    return this.#young.get(jobId) ?? this.#old.get(jobId)
  }

  set(job: Job): void {
    if (this.#young.size >= generationSize && !this.#young.has(job.id)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(job.id, job)
    this.#old.delete(job.id)
  }

  delete(jobId: string): void {
    this.#young.delete(jobId)
    this.#old.delete(jobId)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
