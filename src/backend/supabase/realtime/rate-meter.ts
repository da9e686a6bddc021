const windowSeconds = 10

/** Whether something happens too often, on average over ten seconds: bursts are fine. */
export class RateMeter {
  readonly #most: number
  readonly #now: () => number
  #second = 0
  #sum = 0
  readonly #counts = new Array<number>(windowSeconds).fill(0)

  /** `now`: monotonic, milliseconds. */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#most = perSecond * windowSeconds
    this.#now = now
  }

  /** Counts once; false past the limit. */
  take(): boolean {
    const second = Math.floor(this.#now() / 1_000)
    const passed = Math.min(second - this.#second, windowSeconds)
    for (let step = 1; step <= passed; step += 1) this.#forget(second - passed + step)
    this.#second = second
    const slot = second % windowSeconds
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1
    this.#sum += 1
    return this.#sum <= this.#most
  }

  #forget(second: number): void {
    const slot = second % windowSeconds
    this.#sum -= this.#counts[slot] ?? 0
    this.#counts[slot] = 0
  }
}
