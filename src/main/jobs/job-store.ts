import { jobKeyOf } from '../../shared/job-key.ts'
import { isFinal } from '../../shared/job.ts'
import type { Job, JobStatus } from '../../shared/job.ts'
import { JobIndex } from './job-index.ts'
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
  readonly key: JobKey
  readonly job: Job
  /** Wall clock, milliseconds since the epoch. */
  readonly heardAtMs: number
  /** The source behind it is not connected. */
  readonly remembered: boolean
}

/** The one object of a job for as long as it is known: an event costs no other. */
interface Entry extends StoredJob {
  readonly family: string
  job: Job
  heardAtMs: number
  remembered: boolean
}

export interface JobStoreOptions {
  /** A job was changed or added, or is gone. */
  readonly onTouched: (key: JobKey, isGone: boolean) => void
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
  readonly #jobs = new JobIndex<Entry>()
  readonly #maxFinished: number
  /** In order of finishing, as we heard it. */
  readonly #finished = new Set<JobKey>()
  /** The last word on removed jobs: an older one does not bring them back. */
  readonly #gone = new Map<JobKey, LastWord>()
  readonly #tally = new Tally()

  constructor(options: JobStoreOptions) {
    this.#options = options
    this.#maxFinished = options.maxFinished ?? 5_000
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

  find(family: string, { tenantId, id }: Job): StoredJob | undefined {
    return this.#jobs.find(family, tenantId, id)
  }

  take(family: string, job: Job, nowMs: number): Taken {
    const entry = this.#jobs.find(family, job.tenantId, job.id)
    if (entry === undefined) return this.#add(family, job, nowMs)
    const before = entry.job
    const merged = merge(before, job)
    if (merged !== before) {
      entry.job = merged
      entry.heardAtMs = nowMs
      entry.remembered = false
      this.#settle(entry, before.status)
      return 'changed'
    }
    if (isOlder(job, merged)) return 'older'
    this.#hear(entry, nowMs)
    return 'same'
  }

  /** Everything that the server has of this family: what is missing here is gone. */
  takeAll(family: string, jobs: readonly Job[], nowMs: number): void {
    const listed = new Set(jobs.map((job) => keyOf(family, job)))
    for (const entry of this.#jobs.values()) {
      if (entry.family === family && !listed.has(entry.key)) this.#remove(entry)
    }
    for (const job of jobs) this.take(family, job, nowMs)
  }

  /** What is known of this job, or of every unfinished one, may be behind: true when heard again. */
  doubt(family: string, jobId: string | null): void {
    for (const entry of jobId === null ? this.#jobs.values() : this.#named(family, jobId)) {
      if (entry.remembered || isFinal(entry.job.status) || entry.family !== family) continue
      entry.remembered = true
      this.#options.onTouched(entry.key, false)
    }
  }

  /** What is known of this family is what the server has: nothing of it is only remembered. */
  confirm(family: string, nowMs: number): void {
    for (const entry of this.#jobs.values()) {
      if (entry.remembered && entry.family === family) this.#hear(entry, nowMs)
    }
  }

  /** The server's history of this family begins again: nothing known holds anything to its word. */
  restart(family: string): void {
    for (const entry of this.#jobs.values()) {
      if (entry.family === family) this.#remove(entry)
    }
    for (const key of this.#gone.keys()) {
      if (key.startsWith(`${family} `)) this.#gone.delete(key)
    }
  }

  forget(family: string, jobId: string): void {
    for (const entry of this.#named(family, jobId)) this.#remove(entry)
  }

  /** The operator sees these tenants only, from now on: nothing of another one stays (I12). */
  retain(tenantIds: readonly string[]): void {
    for (const entry of this.#jobs.values()) {
      if (!tenantIds.includes(entry.job.tenantId)) this.#remove(entry)
    }
    this.#tally.retain(tenantIds)
  }

  /** The sources are disconnected: everything is only remembered from now on. */
  markRemembered(): void {
    for (const entry of this.#jobs.values()) this.#mark(entry, true)
  }

  /** The sources are back: ends are still ends; the rest is true when it is heard again. */
  markConnected(): void {
    for (const entry of this.#jobs.values()) {
      if (isFinal(entry.job.status)) this.#mark(entry, false)
    }
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

  #add(family: string, job: Job, nowMs: number): Taken {
    const key = keyOf(family, job)
    const back = returned(job, this.#gone.get(key))
    if (back === null) return 'older'
    const entry = { key, family, job: back, heardAtMs: nowMs, remembered: false }
    this.#jobs.add(entry)
    this.#settle(entry, null)
    return 'changed'
  }

  /** The job says something new: counts and bounds follow. */
  #settle({ key, job: { tenantId, status } }: Entry, before: JobStatus | null): void {
    if (status !== before) {
      if (before !== null) this.#tally.remove(tenantId, before)
      this.#tally.add(tenantId, status)
      if (isFinal(status)) this.#finished.add(key)
      else this.#finished.delete(key)
    }
    this.#options.onTouched(key, false)
    if (this.#finished.size > this.#maxFinished) this.#removeFirstFinished()
  }

  #removeFirstFinished(): void {
    const [first] = this.#finished
    const entry = first === undefined ? undefined : this.#jobs.get(first)
    if (entry !== undefined) this.#remove(entry)
  }

  /** A server that names no tenant means whichever of the operator's has this job. */
  #named(family: string, id: string): Entry[] {
    return [...this.#tally.all.keys()].flatMap((tenantId) => {
      const entry = this.#jobs.find(family, tenantId, id)
      return entry === undefined ? [] : [entry]
    })
  }

  #hear(entry: Entry, nowMs: number): void {
    if (!entry.remembered && nowMs - entry.heardAtMs < heardStepMs) return
    entry.heardAtMs = nowMs
    entry.remembered = false
    this.#options.onTouched(entry.key, false)
  }

  #remove(entry: Entry): void {
    const { key, job } = entry
    this.#jobs.remove(entry)
    this.#finished.delete(key)
    this.#tally.remove(job.tenantId, job.status)
    this.#gone.delete(key)
    this.#gone.set(key, lastWordOf(job))
    const [oldest] = this.#gone.keys()
    if (oldest !== undefined && this.#gone.size > maxGone) this.#gone.delete(oldest)
    this.#options.onTouched(key, true)
  }

  #mark(entry: Entry, remembered: boolean): void {
    if (entry.remembered === remembered) return
    entry.remembered = remembered
    this.#options.onTouched(entry.key, false)
  }
}

function lastWordOf({ attempt, seq, byTime, updatedAt, status, progress }: Job): LastWord {
  const word = { attempt, seq, updatedAt, status, progress }
  return byTime === undefined ? word : { ...word, byTime }
}

/** A removed job as it may be shown again; null when nothing newer was said of it (I10). */
function returned(job: Job, gone: LastWord | undefined): Job | null {
  if (gone === undefined || job.attempt > gone.attempt) return job
  if (job.attempt < gone.attempt || compareEvents(job, gone) <= 0) return null
  if (isFinal(gone.status) && job.status !== gone.status) return null
  return job.progress < gone.progress ? { ...job, progress: gone.progress } : job
}
