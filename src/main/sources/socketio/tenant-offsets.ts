/** Whether an event is the next of its tenant, was told before, or comes after one that was not. */
export type Step = 'next' | 'old' | 'hole'

/**
 * How far one connection has heard of each tenant. Every event of a tenant has the offset after the
 * one before, so whatever is missing shows.
 */
export class TenantOffsets {
  #last = new Map<string, number>()
  /** How far the connection before this one had heard, until it is told where things stand. */
  #before: ReadonlyMap<string, number> | null = null

  /** A connection that is not told what it missed: until it is settled, any offset may come. */
  begin(): void {
    this.#before ??= this.#last
    this.#last = new Map()
  }

  take(tenantId: string, offset: number): Step {
    const last = this.#last.get(tenantId)
    if (last !== undefined && offset <= last) return 'old'
    // Past a hole nothing is counted: it has to be made good first.
    if (last !== undefined && offset > last + 1) return 'hole'
    this.#last.set(tenantId, offset)
    return 'next'
  }

  /** Where things stand. True when everything up to there is known to have been heard. */
  settle(offsets: Readonly<Record<string, number>>): boolean {
    const heard = this.#before ?? this.#last
    const told = Object.entries(offsets)
    const isWhole =
      told.length > 0 && told.every(([tenantId, offset]) => offset <= (heard.get(tenantId) ?? -1))
    for (const [tenantId, offset] of told) {
      this.#last.set(tenantId, Math.max(offset, this.#last.get(tenantId) ?? 0))
    }
    this.#before = null
    return isWhole
  }

  /** Another history: its offsets have nothing to do with what was heard. */
  restart(): void {
    if (this.#before === null) this.#last = new Map()
    else this.#before = new Map()
  }
}
