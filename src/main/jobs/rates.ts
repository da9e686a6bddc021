import type { Job, JobRow } from '../../shared/job.ts'

/** How far back a rate looks, in milliseconds. */
const windowMs = 30_000
/** Samples closer than this are one. */
const stepMs = 1_000
/** Less than this says nothing about the time left. */
const leastSamples = 3
const leastSpanMs = 5_000
const slices = 5
/** The range never claims to know better than this, and never strays further. */
const leastSpread = 0.1
const mostSpread = 3

interface Sample {
  /** Monotonic milliseconds. */
  readonly atMs: number
  /** Units done since the first sample, over all steps; null when the job does not count. */
  readonly done: number | null
  /** How much of all the work is done: 0 to 1. Counters speak of one step, progress of the job. */
  readonly share: number
}

/** The speed of one attempt of one job, from what was heard of it in the last 30 s. */
export class Pace {
  readonly attempt: number
  #samples: Sample[] = []
  /** Units of the steps before: a counter that falls back has begun anew with another step. */
  #carried = 0
  #counted = 0

  constructor(attempt: number) {
    this.attempt = attempt
  }

  hear(job: Job, atMs: number): void {
    const sample = { atMs, done: this.#count(job), share: job.progress / 100 }
    const beforeLast = this.#samples.at(-2)
    if (beforeLast !== undefined && atMs - beforeLast.atMs < stepMs) this.#samples.pop()
    this.#samples.push(sample)
  }

  #count({ counters }: Job): number | null {
    if (counters === null) return null
    if (counters.done < this.#counted) this.#carried += this.#counted
    this.#counted = counters.done
    return this.#carried + counters.done
  }

  /** Units a second; null when the job counts nothing or too little was heard. */
  perSecond(nowMs: number): number | null {
    // A job may begin to count only after it was heard of.
    const samples = this.#recent(nowMs).filter(({ done }) => done !== null)
    const [first] = samples
    const last = samples.at(-1)
    if (first === undefined || last === undefined) return null
    const spanMs = nowMs - first.atMs
    // A job that was silent for the whole window did nothing in it.
    if (samples.length < 2) return first.done !== null && spanMs > windowMs ? 0 : null
    if (first.done === null || last.done === null || spanMs < stepMs) return null
    return Math.max(0, ((last.done - first.done) / spanMs) * 1_000)
  }

  /**
   * The time left as a range: at the fastest and at the slowest of five equal slices of what was
   * seen. Null is "not enough data", also for a job that stands still.
   */
  left(nowMs: number): JobRow['left'] {
    const samples = this.#recent(nowMs)
    const [first] = samples
    const last = samples.at(-1)
    if (first === undefined || last === undefined || samples.length < leastSamples) return null
    const spanMs = nowMs - first.atMs
    const mean = (last.share - first.share) / spanMs
    if (spanMs < leastSpanMs || mean <= 0) return null
    const speeds = Array.from({ length: slices }, (_, index) => {
      const from = first.atMs + (spanMs * index) / slices
      const to = first.atMs + (spanMs * (index + 1)) / slices
      return (shareAt(samples, to) - shareAt(samples, from)) / (to - from)
    })
    const slow = clamp(Math.min(...speeds), mean / mostSpread, mean * (1 - leastSpread))
    const fast = clamp(Math.max(...speeds), mean * (1 + leastSpread), mean * mostSpread)
    const open = 1 - last.share
    return { lowMs: Math.round(open / fast), highMs: Math.round(open / slow) }
  }

  #recent(nowMs: number): readonly Sample[] {
    const from = this.#samples.findIndex(({ atMs }) => nowMs - atMs <= windowMs)
    // The last sample always stays: it is where the next one will be measured from.
    this.#samples = from === -1 ? this.#samples.slice(-1) : this.#samples.slice(from)
    return this.#samples
  }
}

/** Between two samples the work is taken to have moved evenly; after the last one, not at all. */
function shareAt(samples: readonly Sample[], atMs: number): number {
  const after = samples.findIndex((sample) => sample.atMs >= atMs)
  const right = samples[after]
  const left = samples[after - 1]
  if (right === undefined) return samples.at(-1)?.share ?? 0
  if (left === undefined || right.atMs === left.atMs) return right.share
  const part = (atMs - left.atMs) / (right.atMs - left.atMs)
  return left.share + (right.share - left.share) * part
}

const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value))
