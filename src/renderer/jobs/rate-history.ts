/** The last 30 s of each job's rate, one sample a second: what the detail chart draws. */
const keptSamples = 31
const sampleEveryMs = 1_000
export const shownMs = 30_000

export interface RateSamples {
  /** Milliseconds since the epoch, ascending. */
  readonly atMs: readonly number[]
  readonly perSecond: readonly number[]
}

export class RateHistory {
  readonly #byJob = new Map<string, { atMs: number[]; perSecond: number[] }>()

  add(key: string, perSecond: number | null, atMs: number): void {
    if (perSecond === null) return
    let kept = this.#byJob.get(key)
    if (kept === undefined) {
      kept = { atMs: [], perSecond: [] }
      this.#byJob.set(key, kept)
    }
    const last = kept.atMs.at(-1)
    if (last !== undefined && atMs < last + sampleEveryMs) return
    kept.atMs.push(atMs)
    kept.perSecond.push(perSecond)
    if (kept.atMs.length > keptSamples) {
      kept.atMs.shift()
      kept.perSecond.shift()
    }
  }

  /** What was sampled within the last 30 s before `nowMs`. */
  within(key: string, nowMs: number): RateSamples {
    const kept = this.#byJob.get(key)
    if (kept === undefined) return { atMs: [], perSecond: [] }
    const from = kept.atMs.findIndex((at) => at >= nowMs - shownMs)
    if (from < 0) return { atMs: [], perSecond: [] }
    return { atMs: kept.atMs.slice(from), perSecond: kept.perSecond.slice(from) }
  }

  forget(key: string): void {
    this.#byJob.delete(key)
  }

  clear(): void {
    this.#byJob.clear()
  }
}
