export type Off = () => void

/** The listeners of one store. A snapshot is read after each call, so there is no payload. */
export class Listeners {
  readonly #listeners = new Set<() => void>()

  /** Bound, so that React can keep it as a stable `subscribe`. */
  readonly subscribe = (listener: () => void): Off => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  get size(): number {
    return this.#listeners.size
  }
}
