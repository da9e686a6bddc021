import { isFinal, type WireJob } from '../../shared/job.ts'
import type { JobChange } from './feed.ts'

/** Of a change, what a channel goes by. */
export type JobEvent = Pick<JobChange, 'attempt' | 'seq' | 'changes'>

/** Who watches a job. Texts are ready to be sent; all watchers share them. */
export interface Watcher {
  /** The whole state: at the beginning, and wherever changes were skipped. */
  snapshot: (job: WireJob) => void
  progress: (text: string, job: WireJob) => void
  finished: (job: WireJob) => void
  /** There is no such job (any more). */
  unknown: () => void
}

/** What a channel makes of an event. */
type Sequel = 'next' | 'old' | 'gap'

/**
 * One job that somebody watches: its latest state, and everyone who is told of changes. Events
 * that come before the state was read wait for it, so nothing falls between the two.
 */
export class JobChannel {
  readonly jobId: string
  readonly #watchers = new Set<Watcher>()
  readonly #live = new Set<Watcher>()
  #state: WireJob | null = null
  #early: JobEvent[] | null = []

  constructor(jobId: string) {
    this.jobId = jobId
  }

  get watched(): boolean {
    return this.#watchers.size > 0
  }

  /** Tells the watcher where things stand as soon as that is known. */
  join(watcher: Watcher): void {
    this.#watchers.add(watcher)
    if (this.#early === null) this.#greet(watcher)
  }

  leave(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    this.#live.delete(watcher)
  }

  /**
   * The state as read, and then the events that were waiting. Answers as `take` does. A read that
   * was overtaken by another one changes nothing.
   */
  settle(state: WireJob | null): 'done' | 'gap' {
    if (this.#early === null && isOlder(state, this.#state)) return 'done'
    const early = this.#early ?? []
    this.#early = null
    this.#state = isOlder(state, this.#state) ? this.#state : state
    for (const watcher of [...this.#watchers]) this.#greet(watcher)
    return early.filter((event) => this.take(event) === 'gap').length > 0 ? 'gap' : 'done'
  }

  /** Answers whether the state has to be read again, because something is missing before the event. */
  take(event: JobEvent): 'done' | 'gap' {
    if (this.#early !== null) {
      this.#early.push(event)
      return 'done'
    }
    const state = this.#state
    if (state === null) return 'gap'
    const sequel = sequelOf(state, event)
    if (sequel === 'next') this.#apply(state, event)
    return sequel === 'gap' ? 'gap' : 'done'
  }

  /** From now on events wait again, until `settle`. */
  reread(): void {
    this.#early ??= []
    this.#live.clear()
  }

  #greet(watcher: Watcher): void {
    const state = this.#state
    if (state === null) {
      watcher.unknown()
      return
    }
    watcher.snapshot(state)
    if (isFinal(state.status)) watcher.finished(state)
    else this.#live.add(watcher)
  }

  #apply(state: WireJob, event: JobEvent): void {
    const { attempt, seq, changes } = event
    const job = { ...state, ...changes, attempt, seq }
    this.#state = job
    if (isFinal(job.status)) {
      for (const watcher of [...this.#live]) watcher.finished(job)
      return
    }
    const text = JSON.stringify({
      type: 'progress',
      job_id: job.id,
      job_name: job.name,
      tenant_id: job.tenant_id,
      attempt,
      seq,
      ...changes,
    })
    for (const watcher of [...this.#live]) watcher.progress(text, job)
  }
}

function isOlder(state: WireJob | null, than: WireJob | null): boolean {
  if (state === null || than === null) return false
  return state.attempt < than.attempt || (state.attempt === than.attempt && state.seq < than.seq)
}

function sequelOf(state: WireJob, event: JobEvent): Sequel {
  if (event.attempt < state.attempt) return 'old'
  if (event.attempt > state.attempt) {
    return event.attempt === state.attempt + 1 && event.seq === 1 ? 'next' : 'gap'
  }
  if (event.seq <= state.seq) return 'old'
  return event.seq === state.seq + 1 ? 'next' : 'gap'
}
