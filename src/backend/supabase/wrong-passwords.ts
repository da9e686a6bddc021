const windowMs = 5 * 60_000
const mostInWindow = 30
/** Addresses remembered at a time; past that the oldest is forgotten. */
const mostAddresses = 10_000

/** Counts wrong passwords by address, so that one cannot be guessed without end. */
export class WrongPasswords {
  readonly #now: () => number
  readonly #byAddress = new Map<string, number[]>()

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  tooMany(address: string): boolean {
    return this.#recent(address).length >= mostInWindow
  }

  add(address: string): void {
    const key = address.toLowerCase()
    const times = [...this.#recent(address), this.#now()]
    this.#byAddress.delete(key)
    this.#byAddress.set(key, times)
    const [oldest] = this.#byAddress.keys()
    if (this.#byAddress.size > mostAddresses && oldest !== undefined) this.#byAddress.delete(oldest)
  }

  /** The right password clears the slate. */
  forget(address: string): void {
    this.#byAddress.delete(address.toLowerCase())
  }

  #recent(address: string): readonly number[] {
    const since = this.#now() - windowMs
    return (this.#byAddress.get(address.toLowerCase()) ?? []).filter((at) => at > since)
  }
}
