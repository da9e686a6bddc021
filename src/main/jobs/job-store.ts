import { jobKeyOf } from '../../shared/job-key.ts'
import { isFinal } from '../../shared/job.ts'
import type { Job, JobStatus } from '../../shared/job.ts'
import { JobIndex } from './job-index.ts'
import type { Era } from './era.ts'
import { Gone } from './gone.ts'
import { isOlder, merge } from './merge.ts'
import { Tally } from './tally.ts'
import type { Counts } from './tally.ts'

/** Names a job: two families of sources, or two tenants, may use the same id for different jobs. */
export type JobKey = `${string} ${string}`

export const keyOf = (family: string, job: Pick<Job, 'tenantId' | 'id'>): JobKey =>
  `${family} ${jobKeyOf(job)}`
/** The key without its family, as the windows know it. */
export const windowKeyOf = (key: JobKey): string => key.slice(key.indexOf(' ') + 1)

/** A source as the store knows it: one bit, so that a row remembers all of its sources in a number. */
export interface Teller {
  readonly family: string
  readonly bit: number
}

/** A job as it was in an earlier start. */
export interface KeptJob {
  readonly job: Job
  /** Wall clock, milliseconds since the epoch. */
  readonly heardAtMs: number
  /** The sources that have told of it and have not said since that it is gone. */
  readonly told: number
}

export interface StoredJob extends KeptJob {
  readonly key: JobKey
  /** Nobody who is connected answers for it. */
  readonly remembered: boolean
}

/** The one object of a job for as long as it is known: an event costs no other. */
interface Entry extends StoredJob {
  readonly family: string
  job: Job
  heardAtMs: number
  told: number
  /** Those of `told` that are connected and answer for it now; with none it is only remembered. */
  vouched: number
  remembered: boolean
  /** In which it came to say what it says. */
  era: Era
}

export interface JobStoreOptions {
  /** A job was changed or added, or is gone. */
  readonly onTouched: (key: JobKey, isGone: boolean) => void
  /** Finished jobs kept; past it the one that finished first goes. */
  readonly maxFinished?: number
}

/** What a `take` came to. */
export type Taken = 'changed' | 'same' | 'older'

/** A job that is heard of again is shown as fresh at most this often: it costs a row in a batch. */
const heardStepMs = 5_000

/**
 * The latest state of every job of one workspace, and who answers for it. It owns ordering, dedupe
 * and memory bounds; it has no I/O, no timer and no clock, and knows neither tenant names nor windows.
 */
export class JobStore {
  readonly #options: JobStoreOptions
  readonly #jobs = new JobIndex<Entry>()
  readonly #maxFinished: number
  /** In order of finishing, as we heard it. */
  readonly #finished = new Set<JobKey>()
  readonly #gone = new Gone<JobKey>()
  readonly #tally = new Tally()
  #era: Era = { epoch: null, begun: 0 }

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

  values(): Iterable<StoredJob> {
    return this.#jobs.values()
  }

  find(family: string, { tenantId, id }: Job): StoredJob | undefined {
    return this.#jobs.find(family, tenantId, id)
  }

  take(teller: Teller, job: Job, nowMs: number): Taken {
    const { family, bit } = teller
    const entry = this.#jobs.find(family, job.tenantId, job.id)
    if (entry === undefined) return this.#add(teller, job, nowMs)
    const before = entry.job
    const merged = merge(before, job)
    entry.told |= bit
    if (merged !== before) {
      entry.job = merged
      entry.era = this.#era
      entry.heardAtMs = nowMs
      entry.vouched |= bit
      entry.remembered = false
      this.#settle(entry, before.status)
      return 'changed'
    }
    if (isOlder(job, merged)) return 'older'
    this.#hear(entry, bit, nowMs)
    return 'same'
  }

  /** Everything that this source has: what is missing here, and nobody else told of, is gone. */
  takeAll(teller: Teller, jobs: readonly Job[], nowMs: number): void {
    const listed = new Set(jobs.map((job) => keyOf(teller.family, job)))
    for (const entry of this.#jobs.values()) {
      if (!listed.has(entry.key)) this.#unsay(entry, teller.bit)
    }
    for (const job of jobs) this.take(teller, job, nowMs)
  }

  /** This source may be behind with this job, or with every unfinished one, until it tells of it. */
  doubt({ family, bit }: Teller, jobId: string | null): void {
    for (const entry of jobId === null ? this.#jobs.values() : this.#named(family, jobId)) {
      if (!isFinal(entry.job.status)) this.#answer(entry, entry.vouched & ~bit)
    }
  }

  /** What this source ever told of is as the server has it now: nothing of it is only remembered. */
  confirm({ bit }: Teller, nowMs: number): void {
    for (const entry of this.#jobs.values()) {
      if ((entry.told & bit) === 0) continue
      if (entry.remembered) this.#hear(entry, bit, nowMs)
      else entry.vouched |= bit
    }
  }

  /**
   * The history of this source begins again: nothing that it told holds anything to its word. What
   * others told since they began the same epoch does.
   */
  restart({ family, bit }: Teller, epoch: string): void {
    if (this.#era.epoch !== epoch) this.#era = { epoch, begun: 0 }
    const others = this.#era.begun & ~bit
    for (const entry of this.#jobs.values()) {
      if ((entry.told & bit) === 0) continue
      if (entry.era === this.#era && (entry.told & others) !== 0) this.#unsay(entry, bit)
      else this.#remove(entry)
    }
    this.#gone.forget((key) => key.startsWith(`${family} `))
    this.#era.begun |= bit
  }

  forget({ family, bit }: Teller, jobId: string): void {
    for (const entry of this.#named(family, jobId)) this.#unsay(entry, bit)
  }

  /** The operator sees these tenants only, from now on: nothing of another one stays (I12). */
  retain(tenantIds: readonly string[]): void {
    for (const entry of this.#jobs.values()) {
      if (!tenantIds.includes(entry.job.tenantId)) this.#remove(entry)
    }
    this.#tally.retain(tenantIds)
  }

  /** Jobs of an earlier start: remembered, as old as they are, and only where nothing newer is known. */
  recall(family: string, jobs: Iterable<KeptJob>): void {
    for (const { job, heardAtMs, told } of jobs) {
      const key = keyOf(family, job)
      if (this.#jobs.get(key) !== undefined || this.#gone.has(key)) continue
      const words = { told, vouched: 0, remembered: true, era: this.#era }
      const entry = { key, family, job, heardAtMs, ...words }
      this.#jobs.add(entry)
      this.#settle(entry, null)
    }
  }

  /** A source is disconnected: it answers for nothing any more. */
  lose({ bit }: Teller): void {
    for (const entry of this.#jobs.values()) this.#answer(entry, entry.vouched & ~bit)
  }

  /** This source answers only for ends, and for what was heard within this time (wall clock). */
  fade(
    { bit }: Teller,
    { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  ): void {
    for (const entry of this.#jobs.values()) {
      const { job, heardAtMs, vouched } = entry
      const isRecent = heardAtMs >= fromMs && heardAtMs <= toMs
      if (!isRecent && !isFinal(job.status)) this.#answer(entry, vouched & ~bit)
    }
  }

  /** A source is back: its ends are still ends; the rest is true when it tells of it again. */
  regain({ bit }: Teller): void {
    for (const entry of this.#jobs.values()) {
      if (isFinal(entry.job.status)) this.#answer(entry, entry.vouched | (entry.told & bit))
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

  #add({ family, bit }: Teller, job: Job, nowMs: number): Taken {
    const key = keyOf(family, job)
    const back = this.#gone.returned(key, job)
    if (back === null) return 'older'
    const words = { told: bit, vouched: bit, remembered: false, era: this.#era }
    const entry = { key, family, job: back, heardAtMs: nowMs, ...words }
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

  #hear(entry: Entry, bit: number, nowMs: number): void {
    const isNews = entry.remembered || nowMs - entry.heardAtMs >= heardStepMs
    entry.vouched |= bit
    if (!isNews) return
    entry.heardAtMs = nowMs
    entry.remembered = false
    this.#options.onTouched(entry.key, false)
  }

  /** This source has it no more. The last one that says so takes it away. */
  #unsay(entry: Entry, bit: number): void {
    if ((entry.told & bit) === 0) return
    entry.told &= ~bit
    if (entry.told === 0) this.#remove(entry)
    else this.#answer(entry, entry.vouched & ~bit)
  }

  /** Others answer for a job than before; it is touched if that changes how it is shown. */
  #answer(entry: Entry, vouched: number): void {
    entry.vouched = vouched
    if (entry.remembered === (vouched === 0)) return
    entry.remembered = vouched === 0
    this.#options.onTouched(entry.key, false)
  }

  #remove(entry: Entry): void {
    const { key, job } = entry
    this.#jobs.remove(entry)
    this.#finished.delete(key)
    this.#tally.remove(job.tenantId, job.status)
    this.#gone.note(key, job)
    this.#options.onTouched(key, true)
  }
}
