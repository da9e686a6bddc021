import type { Cancel, Clock } from '../../src/main/ports.ts'

/** How slow a way is. */
export interface Slowness {
  /** Asked for every piece, in milliseconds. */
  readonly latencyMs?: () => number
  readonly bytesPerSecond?: number
}

interface Piece {
  readonly arrivesAtMs: number
  readonly deliver: () => void
}

/**
 * One direction of one connection: what is put in comes out in order, as late as the way is slow.
 * It owns what is still on the way, and one timer.
 */
export class Link {
  readonly #clock: Clock
  readonly #slowness: () => Slowness
  readonly #onWay: Piece[] = []
  #cancel: Cancel | null = null
  #closed = false
  /** When the last piece has left. */
  #leftAtMs = 0

  constructor(clock: Clock, slowness: () => Slowness) {
    this.#clock = clock
    this.#slowness = slowness
  }

  /** `byMs` more than the way takes by itself. */
  send(bytes: number, deliver: () => void, byMs = 0): void {
    if (this.#closed) return
    const { latencyMs, bytesPerSecond = Infinity } = this.#slowness()
    const nowMs = this.#clock.monotonic()
    this.#leftAtMs = Math.max(nowMs, this.#leftAtMs) + (bytes / bytesPerSecond) * 1_000
    const arrivesAtMs = this.#leftAtMs + (latencyMs?.() ?? 0) + byMs
    // Nothing overtakes what was put in before it.
    const behindMs = this.#onWay.at(-1)?.arrivesAtMs ?? nowMs
    if (arrivesAtMs <= nowMs && this.#onWay.length === 0) deliver()
    else {
      this.#onWay.push({ arrivesAtMs: Math.max(behindMs, arrivesAtMs), deliver })
      this.#arm()
    }
  }

  /** What is on the way is lost, and nothing more is put in. */
  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#onWay.length = 0
  }

  #arm(): void {
    const [first] = this.#onWay
    if (first === undefined || this.#cancel !== null) return
    this.#cancel = this.#clock.after(first.arrivesAtMs - this.#clock.monotonic(), () => {
      this.#cancel = null
      this.#onWay.shift()
      first.deliver()
      this.#arm()
    })
  }
}
