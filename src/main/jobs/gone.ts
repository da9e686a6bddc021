import { isFinal } from '../../shared/job.ts'
import type { Job } from '../../shared/job.ts'
import { apart } from './merge.ts'

/** What is kept of a job that was removed: enough to hold it to its word if it comes back. */
type LastWord = Pick<Job, 'attempt' | 'seq' | 'byTime' | 'updatedAt' | 'status' | 'progress'>

const maxWords = 20_000

/** The last word on removed jobs: an older one does not bring them back. It owns its own bounds. */
export class Gone<Key> {
  readonly #words = new Map<Key, LastWord>()

  has(key: Key): boolean {
    return this.#words.has(key)
  }

  note(key: Key, { attempt, seq, byTime, updatedAt, status, progress }: Job): void {
    this.#words.delete(key)
    this.#words.set(key, {
      attempt,
      seq,
      updatedAt,
      status,
      progress,
      ...(byTime !== undefined && { byTime }),
    })
    const [oldest] = this.#words.keys()
    if (oldest !== undefined && this.#words.size > maxWords) this.#words.delete(oldest)
  }

  /** The job as it may be shown again; null when nothing newer was said of it (I10). */
  returned(key: Key, job: Job): Job | null {
    const gone = this.#words.get(key)
    if (gone === undefined || job.attempt > gone.attempt) return job
    if (job.attempt < gone.attempt || apart(job, gone) <= 0) return null
    if (isFinal(gone.status) && job.status !== gone.status) return null
    return job.progress < gone.progress ? { ...job, progress: gone.progress } : job
  }

  /** Some are not held to their word any more. */
  forget(which: (key: Key) => boolean): void {
    for (const key of this.#words.keys()) {
      if (which(key)) this.#words.delete(key)
    }
  }

  clear(): void {
    this.#words.clear()
  }
}
