/** So many requests a minute for each key, as a bucket that refills evenly. */
export class RequestBudget {
  readonly #perMinute: number
  readonly #now: () => number
  readonly #buckets = new Map<string, { left: number; atMs: number }>()

  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute
    this.#now = now
  }

  /** Null when the request may pass; otherwise seconds to wait. */
  spend(key: string): number | null {
    const nowMs = this.#now()
    const bucket = this.#buckets.get(key) ?? { left: this.#perMinute, atMs: nowMs }
    const refill = ((nowMs - bucket.atMs) / 60_000) * this.#perMinute
    const left = Math.min(this.#perMinute, bucket.left + refill)
    if (this.#buckets.size > 10_000) this.#buckets.clear()
    this.#buckets.set(key, { left: left < 1 ? left : left - 1, atMs: nowMs })
    return left < 1 ? Math.ceil(((1 - left) / this.#perMinute) * 60) : null
  }
}
