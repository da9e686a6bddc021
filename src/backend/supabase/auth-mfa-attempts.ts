const windowMs = 60_000
const mostInWindow = 15

/** Counts how often somebody tries a code, so that none is found by trying them all. */
export class Attempts {
  readonly #now: () => number
  readonly #byUser = new Map<string, readonly number[]>()

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** False when this would be one too many. */
  take(userId: string): boolean {
    const now = this.#now()
    this.#forgetBefore(now - windowMs)
    const recent = (this.#byUser.get(userId) ?? []).filter((at) => at > now - windowMs)
    if (recent.length >= mostInWindow) return false
    this.#byUser.delete(userId)
    this.#byUser.set(userId, [...recent, now])
    return true
  }

  /** The right code clears the slate. */
  forget(userId: string): void {
    this.#byUser.delete(userId)
  }

  /** The map is in the order of the last try. */
  #forgetBefore(before: number): void {
    for (const [userId, times] of this.#byUser) {
      if ((times.at(-1) ?? 0) > before) return
      this.#byUser.delete(userId)
    }
  }
}
