import type { Off } from '../lib/emitter.ts'

/** Lets a limited number of dials be under way at once; the others wait in order of arrival. */
export class DialGate {
  readonly #places: number
  readonly #waiting = new Set<() => void>()
  #inside = 0

  constructor(places = 50) {
    this.#places = places
  }

  /** Runs `start` when there is a place, perhaps at once. The answer leaves, or stops waiting. */
  enter(start: () => void): Off {
    let inside = false
    const go = (): void => {
      inside = true
      this.#inside += 1
      start()
    }
    if (this.#inside < this.#places) go()
    else this.#waiting.add(go)
    return () => {
      this.#waiting.delete(go)
      if (!inside) return
      inside = false
      this.#inside -= 1
      this.#admit()
    }
  }

  #admit(): void {
    const [first] = this.#waiting
    if (first === undefined) return
    this.#waiting.delete(first)
    first()
  }
}
