import type { Job, JobRow } from '../../shared/job.ts'

/** How far back a rate looks, in milliseconds. */
const windowMs = 30_000
/** Samples closer than this are one. */
const stepMs = 2_000
/** Less than this says nothing about the time left. */
const leastRateMs = 1_000
const leastSamples = 3
const leastSpanMs = 5_000
const slices = 5
/** The range never claims to know better than this, and never strays further. */
const leastSpread = 0.1
const mostSpread = 3

/** Numbers a sample takes up; all samples of a job lie in one array of plain numbers. */
const width = 3
/** Within a sample: monotonic milliseconds. */
const atMs = 0
/** Units done since the first sample, over all steps; not a number when the job does not count. */
const done = 1
/** How much of all the work is done: 0 to 1. Counters speak of one step, progress of the job. */
const share = 2

/** The speed of one attempt of one job, from what was heard of it in the last 30 s. */
export class Pace {
  readonly attempt: number
  #samples: number[] = []
  /** Units of the steps before: a counter that falls back has begun anew with another step. */
  #carried = 0
  #counted = 0

  constructor(attempt: number) {
    this.attempt = attempt
  }

  hear(job: Job, nowMs: number): void {
    const count = this.#count(job)
    const part = job.progress / 100
    const samples = this.#samples
    const end = samples.length - width
    // The newest sample moves along until it is a whole step away from the one before it.
    if (end > 0 && this.#at(-1, atMs) - this.#at(-2, atMs) < stepMs) {
      samples[end + atMs] = nowMs
      samples[end + done] = count
      samples[end + share] = part
      return
    }
    // Not pushed: an array that grows takes room for many jobs' worth of samples at once.
    this.#samples = end < 0 ? [nowMs, count, part] : samples.concat([nowMs, count, part])
    this.#forget(nowMs)
  }

  /** Units a second; null when the job counts nothing or too little was heard. */
  perSecond(nowMs: number): number | null {
    this.#forget(nowMs)
    // A job may begin to count only after it was heard of.
    let first = 0
    let last = this.#size - 1
    while (first <= last && Number.isNaN(this.#at(first, done))) first += 1
    while (first <= last && Number.isNaN(this.#at(last, done))) last -= 1
    if (first > last) return null
    const spanMs = nowMs - this.#at(first, atMs)
    // A job that was silent for the whole window did nothing in it.
    if (first === last) return spanMs > windowMs ? 0 : null
    if (spanMs < leastRateMs) return null
    return Math.max(0, ((this.#at(last, done) - this.#at(first, done)) / spanMs) * 1_000)
  }

  /**
   * The time left as a range: at the fastest and at the slowest of five equal slices of what was
   * seen. Null is "not enough data", also for a job that stands still.
   */
  left(nowMs: number): JobRow['left'] {
    this.#forget(nowMs)
    if (this.#size < leastSamples) return null
    const firstMs = this.#at(0, atMs)
    const spanMs = nowMs - firstMs
    const mean = (this.#at(-1, share) - this.#at(0, share)) / spanMs
    if (spanMs < leastSpanMs || mean <= 0) return null
    const speeds = Array.from({ length: slices }, (_, index) => {
      const from = firstMs + (spanMs * index) / slices
      const to = firstMs + (spanMs * (index + 1)) / slices
      return (this.#shareAt(to) - this.#shareAt(from)) / (to - from)
    })
    const slow = clamp(Math.min(...speeds), mean / mostSpread, mean * (1 - leastSpread))
    const fast = clamp(Math.max(...speeds), mean * (1 + leastSpread), mean * mostSpread)
    const open = 1 - this.#at(-1, share)
    return { lowMs: Math.round(open / fast), highMs: Math.round(open / slow) }
  }

  get #size(): number {
    return this.#samples.length / width
  }

  /** One number of a sample; -1 is the newest one. */
  #at(sample: number, field: number): number {
    const from = sample < 0 ? this.#samples.length + sample * width : sample * width
    return this.#samples[from + field] ?? Number.NaN
  }

  #count({ counters }: Job): number {
    if (counters === null) return Number.NaN
    if (counters.done < this.#counted) this.#carried += this.#counted
    this.#counted = counters.done
    return this.#carried + counters.done
  }

  /** The last sample always stays: it is where the next one will be measured from. */
  #forget(nowMs: number): void {
    let old = 0
    while (old < this.#size - 1 && nowMs - this.#at(old, atMs) > windowMs) old += 1
    if (old > 0) this.#samples = this.#samples.slice(old * width)
  }

  /** Between two samples the work is taken to have moved evenly; after the last one, not at all. */
  #shareAt(whenMs: number): number {
    let right = 0
    while (right < this.#size && this.#at(right, atMs) < whenMs) right += 1
    if (right === this.#size) return this.#at(-1, share)
    const [toMs, to] = [this.#at(right, atMs), this.#at(right, share)]
    if (right === 0) return to
    const [fromMs, from] = [this.#at(right - 1, atMs), this.#at(right - 1, share)]
    return toMs === fromMs ? to : from + (to - from) * ((whenMs - fromMs) / (toMs - fromMs))
  }
}

const clamp = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, value))
