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

  /** Everything is forgotten: the next dial begins from nothing. */
  clear(): void {
    this.#byKind.clear()
  }
}
