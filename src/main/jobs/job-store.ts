import { jobKeyOf } from '../../shared/job-key.ts'
import { isFinal } from '../../shared/job.ts'
import type { Job } from '../../shared/job.ts'
import { compareEvents, isOlder, merge } from './merge.ts'
import { Tally } from './tally.ts'
import type { Counts } from './tally.ts'

/** Names a job: two families of sources, or two tenants, may use the same id for different jobs. */
export type JobKey = `${string} ${string}`

export const keyOf = (family: string, job: Pick<Job, 'tenantId' | 'id'>): JobKey =>
  `${family} ${jobKeyOf(job)}`
/** The key without its family, as the windows know it. */
export const windowKeyOf = (key: JobKey): string => key.slice(key.indexOf(' ') + 1)

export interface StoredJob {
  readonly job: Job
  /** Wall clock, milliseconds since the epoch. */
  readonly heardAtMs: number
  /** The source behind it is not connected. */
  readonly remembered: boolean
}

export interface JobStoreOptions {
  /** A job was changed, added or removed. */
  readonly onTouched: (key: JobKey) => void
  /** Finished jobs kept; past it the one that finished first goes. */
  readonly maxFinished?: number
}

/** What is kept of a job that was removed: enough to hold it to its word if it comes back. */
type LastWord = Pick<Job, 'attempt' | 'seq' | 'byTime' | 'updatedAt' | 'status' | 'progress'>

/** What a `take` came to. */
export type Taken = 'changed' | 'same' | 'older'

/** A job that is heard of again is shown as fresh at most this often: it costs a row in a batch. */
const heardStepMs = 5_000
const maxGone = 20_000

/**
 * The latest state of every job of one workspace. It owns ordering, dedupe and memory bounds; it
 * has no I/O, no timer and no clock, and knows neither tenant names nor windows.
 */
export class JobStore {
  readonly #options: JobStoreOptions
  readonly #jobs = new Map<JobKey, StoredJob>()
  /** In order of finishing, as we heard it. */
  readonly #finished = new Set<JobKey>()
  /** The last word on removed jobs: an older one does not bring them back. */
  readonly #gone = new Map<JobKey, LastWord>()
  readonly #tally = new Tally()

  constructor(options: JobStoreOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#jobs.size
  }

  get counts(): ReadonlyMap<string, Readonly<Counts>> {
    return this.#tally.all
  }

  get(key: JobKey): StoredJob | undefined {
    return this.#jobs.get(key)
  }

  keys(): Iterable<JobKey> {
    return this.#jobs.keys()
  }

  take(family: string, job: Job, nowMs: number): Taken {
    const key = keyOf(family, job)
    const stored = this.#jobs.get(key)
    if (stored === undefined) {
      const back = returned(job, this.#gone.get(key))
      if (back === null) return 'older'
      this.#put(key, { job: back, heardAtMs: nowMs, remembered: false }, null)
      return 'changed'
    }
    const merged = merge(stored.job, job)
    if (merged !== stored.job) {
      this.#put(key, { job: merged, heardAtMs: nowMs, remembered: false }, stored.job)
      return 'changed'
    }
    if (isOlder(job, merged)) return 'older'
    this.#hear(key, stored, nowMs)
    return 'same'
  }

  /** Everything that the server has of this family: what is missing here is gone. */
  takeAll(family: string, jobs: readonly Job[], nowMs: number): void {
    const listed = new Set(jobs.map((job) => keyOf(family, job)))
    for (const key of [...this.#jobs.keys()]) {
      if (key.startsWith(`${family} `) && !listed.has(key)) this.#remove(key)
    }
    for (const job of jobs) this.take(family, job, nowMs)
  }

  /** What is known of this job, or of every unfinished one, may be behind: true when heard again. */
  doubt(family: string, jobId: string | null): void {
    const keys = jobId === null ? this.#jobs.keys() : this.#keysOf(family, jobId)
    for (const key of keys) {
      const stored = this.#jobs.get(key)
      if (stored === undefined || stored.remembered || isFinal(stored.job.status)) continue
      if (!key.startsWith(`${family} `)) continue
      this.#jobs.set(key, { ...stored, remembered: true })
      this.#options.onTouched(key)
    }
  }

  forget(family: string, jobId: string): void {
    for (const key of this.#keysOf(family, jobId)) this.#remove(key)
  }

  /** The operator sees these tenants only, from now on: nothing of another one stays (I12). */
  retain(tenantIds: readonly string[]): void {
    for (const [key, { job }] of [...this.#jobs]) {
      if (!tenantIds.includes(job.tenantId)) this.#remove(key)
    }
    this.#tally.retain(tenantIds)
  }

  /** The sources are disconnected: everything is only remembered from now on. */
  markRemembered(): void {
    this.#mark((stored) => (stored.remembered ? stored : { ...stored, remembered: true }))
  }

  /** The sources are back: ends are still ends; the rest is true when it is heard again. */
  markConnected(): void {
    this.#mark((stored) =>
      stored.remembered && isFinal(stored.job.status) ? { ...stored, remembered: false } : stored,
    )
  }

  /** Drops everything without a word; answers how many jobs there were. */
  clear(): number {
    const { size } = this.#jobs
    this.#jobs.clear()
    this.#finished.clear()
    this.#gone.clear()
    this.#tally.clear()
    return size
  }

  #put(key: JobKey, stored: StoredJob, before: Job | null): void {
    const { tenantId, status } = stored.job
    if (before !== null) this.#tally.remove(before.tenantId, before.status)
    this.#tally.add(tenantId, status)
    this.#jobs.set(key, stored)
    if (!isFinal(status)) this.#finished.delete(key)
    else this.#finished.add(key)
    this.#options.onTouched(key)
    const [first] = this.#finished
    if (first !== undefined && this.#finished.size > (this.#options.maxFinished ?? 5_000)) {
      this.#remove(first)
    }
  }

  /** A server that names no tenant means whichever of the operator's has this job. */
  #keysOf(family: string, id: string): JobKey[] {
    return [...this.#tally.all.keys()].map((tenantId) => keyOf(family, { tenantId, id }))
  }

  #hear(key: JobKey, stored: StoredJob, nowMs: number): void {
    if (!stored.remembered && nowMs - stored.heardAtMs < heardStepMs) return
    this.#jobs.set(key, { ...stored, heardAtMs: nowMs, remembered: false })
    this.#options.onTouched(key)
  }

  #remove(key: JobKey): void {
    const stored = this.#jobs.get(key)
    if (stored === undefined) return
    const { tenantId, status, ...job } = stored.job
    this.#jobs.delete(key)
    this.#finished.delete(key)
    this.#tally.remove(tenantId, status)
    this.#gone.delete(key)
    const { attempt, seq, byTime, updatedAt, progress } = job
    this.#gone.set(key, {
      attempt,
      seq,
      updatedAt,
      status,
      progress,
      ...(byTime !== undefined && { byTime }),
    })
    const [oldest] = this.#gone.keys()
    if (oldest !== undefined && this.#gone.size > maxGone) this.#gone.delete(oldest)
    this.#options.onTouched(key)
  }

  #mark(change: (stored: StoredJob) => StoredJob): void {
    for (const [key, stored] of this.#jobs) {
      const changed = change(stored)
      if (changed === stored) continue
      this.#jobs.set(key, changed)
      this.#options.onTouched(key)
    }
  }
}

/** A removed job as it may be shown again; null when nothing newer was said of it (I10). */
function returned(job: Job, gone: LastWord | undefined): Job | null {
  if (gone === undefined || job.attempt > gone.attempt) return job
  if (job.attempt < gone.attempt || compareEvents(job, gone) <= 0) return null
  if (isFinal(gone.status) && job.status !== gone.status) return null
  return job.progress < gone.progress ? { ...job, progress: gone.progress } : job
}
