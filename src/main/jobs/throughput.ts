/** One value of a ring stands for this long, in milliseconds. */
export const slotMs = 2_000
const slotsKept = 30

interface Ring {
  readonly values: number[]
  current: number
}

/** Events a second for each tenant: one value every 2 s, the last minute. Time is passed in. */
export class Throughput {
  readonly #rings = new Map<string, Ring>()
  #slot: number | null = null

  count(tenantId: string, nowMs: number): void {
    this.advance(nowMs)
    const ring = this.#rings.get(tenantId)
    if (ring === undefined) this.#rings.set(tenantId, { values: [], current: 1 })
    else ring.current += 1
  }

  /** Finished values, oldest first. */
  of(tenantId: string): number[] {
    return [...(this.#rings.get(tenantId)?.values ?? [])]
  }

  /** True when a minute went by without an event: then nothing here changes with time. */
  get still(): boolean {
    for (const { values, current } of this.#rings.values()) {
      if (current > 0 || values.some((value) => value > 0)) return false
    }
    return true
  }

  /** Closes the slots that are over. */
  advance(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs)
    const passed = Math.min(slotsKept + 1, slot - (this.#slot ?? slot))
    this.#slot = slot
    for (let index = 0; index < passed; index += 1) {
      for (const ring of this.#rings.values()) {
        ring.values.push((ring.current / slotMs) * 1_000)
        ring.current = 0
        if (ring.values.length > slotsKept) ring.values.shift()
      }
    }
  }

  /** Nobody listened up to now: that is not the same as silence, and leaves no values. */
  passOver(nowMs: number): void {
    this.#slot = Math.floor(nowMs / slotMs)
  }

  clear(): void {
    this.#rings.clear()
  }
}

const gaugeSlotMs = 500
const gaugeSlots = 10

/** Events a second over the last 5 s. */
export class Gauge {
  readonly #counts = new Array<number>(gaugeSlots).fill(0)
  #slot = 0

  count(nowMs: number): void {
    this.#advance(nowMs)
    const at = this.#slot % gaugeSlots
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  perSecond(nowMs: number): number {
    this.#advance(nowMs)
    const sum = this.#counts.reduce((total, count) => total + count, 0)
    return (sum / (gaugeSlots * gaugeSlotMs)) * 1_000
  }

  #advance(nowMs: number): void {
    const slot = Math.floor(nowMs / gaugeSlotMs)
    const passed = Math.min(gaugeSlots, slot - this.#slot)
    for (let index = 1; index <= passed; index += 1) {
      this.#counts[(slot - passed + index) % gaugeSlots] = 0
    }
    this.#slot = Math.max(slot, this.#slot)
  }
}
