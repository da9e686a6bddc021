import assert from 'node:assert/strict'
import fc from 'fast-check'

/** What histories were made of. One in which nothing happens keeps every invariant. */
export class Seen {
  readonly #counts = new Map<string, number>()

  note(what: string, times = 1): void {
    this.#counts.set(what, this.of(what) + times)
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  toString(): string {
    return [...this.#counts].map(([what, count]) => `${what} ${count}`).join(', ')
  }
}

/** Real code, generated lives, and what has to hold in each of them. */
export interface Level {
  readonly name: string
  readonly invariants: readonly string[]
  /** Histories in every 100,000 of all levels together. */
  readonly share: number
  /** What has to come up at least once in ten histories. */
  readonly needs: readonly string[]
  readonly property: (seen: Seen) => fc.IRawProperty<unknown>
}

export interface LevelRun {
  readonly seed: number
  readonly runs: number
  /** Nobody will read a smaller history. */
  readonly isFailureEnough?: boolean
}

/** `FC_RUNS=n` makes it n histories of all levels together. */
export function runsOf({ share }: Pick<Level, 'share'>): number {
  const all = Number(process.env.FC_RUNS ?? 100_000)
  return Math.max(1, Math.round((share * all) / 100_000))
}

/** Fewer than this say little about what histories are made of. */
const tellingRuns = 200

/** Throws what fast-check says of the smallest history that breaks an invariant. */
export async function runLevel(level: Level, run: LevelRun): Promise<Seen> {
  const { seed, runs, isFailureEnough = false } = run
  const seen = new Seen()
  await fc.assert(level.property(seen), { seed, numRuns: runs, endOnFailure: isFailureEnough })
  if (runs >= tellingRuns) {
    const rare = level.needs.filter((what) => seen.of(what) < runs / 10)
    assert.deepEqual(rare, [], `too rare in ${runs} histories: ${seen.toString()}`)
  }
  // I15: whatever was said to it, the code has changed nothing that everything shares.
  assert.deepEqual(Object.keys(Object.prototype), [])
  return seen
}
