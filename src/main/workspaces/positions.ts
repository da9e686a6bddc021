import { sourceKinds } from '../../shared/profile.ts'
import type { SourceKind } from '../../shared/profile.ts'
import type { Position } from '../sources/source.ts'

/** Where each source of a workspace was; kept and restored with its rows, as one moment. */
export class Positions {
  readonly #byKind = new Map<SourceKind, () => string | null>()

  of(kind: SourceKind): Position {
    return {
      read: () => this.#byKind.get(kind)?.() ?? null,
      write: (position) => {
        this.#byKind.set(kind, position)
      },
    }
  }

  /** All of them, to be kept with the rows of the same moment. */
  get all(): Readonly<Record<string, string>> {
    const all: Record<string, string> = {}
    for (const [kind, position] of this.#byKind) {
      const text = position()
      if (text !== null) all[kind] = text
    }
    return all
  }

  /** Where the sources were when the rows that are shown now were kept. */
  restore(kept: Readonly<Record<string, string>>): void {
    for (const kind of sourceKinds) {
      const text = kept[kind]
      if (text !== undefined) this.#byKind.set(kind, () => text)
    }
  }

  /** Everything is forgotten: the next dial begins from nothing. */
  clear(): void {
    this.#byKind.clear()
  }
}
