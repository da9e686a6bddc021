import { randomUUID } from 'node:crypto'

/** One client's state, as others see it. */
type Meta = Readonly<Record<string, unknown>> & { readonly phx_ref: string }

/** `presence_state`, and either half of `presence_diff`: metas by key. */
export type PresenceList = Readonly<Record<string, { readonly metas: readonly Meta[] }>>

export interface PresenceDiff {
  readonly joins: PresenceList
  readonly leaves: PresenceList
}

interface Tracked {
  readonly key: string
  readonly state: string
  readonly meta: Meta
}

/** Who is there on one topic. A member is tracked once; several may share a key. */
export class Presence {
  readonly #tracked = new Map<object, Tracked>()

  get size(): number {
    return this.#tracked.size
  }

  /** Null when nothing changed. */
  track(
    member: object,
    key: string,
    state: Readonly<Record<string, unknown>>,
  ): PresenceDiff | null {
    const before = this.#tracked.get(member)
    const text = JSON.stringify(state)
    if (before?.state === text) return null
    const previous = before === undefined ? {} : { phx_ref_prev: before.meta.phx_ref }
    const meta = { ...state, phx_ref: randomUUID(), ...previous }
    const tracked = { key, state: text, meta }
    this.#tracked.set(member, tracked)
    return { joins: listOf([tracked]), leaves: listOf(before === undefined ? [] : [before]) }
  }

  /** Null when the member was not tracked. */
  untrack(member: object): PresenceDiff | null {
    const before = this.#tracked.get(member)
    if (before === undefined) return null
    this.#tracked.delete(member)
    return { joins: {}, leaves: listOf([before]) }
  }

  list(): PresenceList {
    return listOf([...this.#tracked.values()])
  }
}

function listOf(tracked: readonly Tracked[]): PresenceList {
  const metas = new Map<string, Meta[]>()
  for (const { key, meta } of tracked) {
    const others = metas.get(key)
    if (others === undefined) metas.set(key, [meta])
    else others.push(meta)
  }
  // Not by assignment: a key may be `__proto__`.
  return Object.fromEntries([...metas].map(([key, of]) => [key, { metas: of }]))
}
