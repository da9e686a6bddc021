import { createHash } from 'node:crypto'

export interface GuessLimits {
  readonly most: number
  readonly windowMs: number
}

const usual: GuessLimits = { most: 30, windowMs: 5 * 60_000 }
/** How many are remembered at a time; past that the oldest is forgotten. */
const mostKept = 10_000

/** Counts wrong passwords or codes by whom they are for, so that none is guessed without end. */
export class WrongGuesses {
  readonly #limits: GuessLimits
  readonly #now: () => number
  readonly #byKey = new Map<string, readonly number[]>()

  constructor(limits = usual, now: () => number = Date.now) {
    this.#limits = limits
    this.#now = now
  }

  tooMany(whom: string): boolean {
    return this.#recent(keyOf(whom)).length >= this.#limits.most
  }

  add(whom: string): void {
    const key = keyOf(whom)
    const times = [...this.#recent(key), this.#now()].slice(-this.#limits.most)
    this.#byKey.delete(key)
    this.#byKey.set(key, times)
    const [oldest] = this.#byKey.keys()
    if (this.#byKey.size > mostKept && oldest !== undefined) this.#byKey.delete(oldest)
  }

  /** The right one clears the slate. */
  forget(whom: string): void {
    this.#byKey.delete(keyOf(whom))
  }

  #recent(key: string): readonly number[] {
    const since = this.#now() - this.#limits.windowMs
    return (this.#byKey.get(key) ?? []).filter((at) => at > since)
  }
}

/** Short, however long what somebody typed is. */
function keyOf(whom: string): string {
  return createHash('sha256').update(whom.toLowerCase()).digest('base64url')
}
