import type { Frames } from '../../../src/renderer/ui/frames.ts'

/** The fake of Frames: time and painting happen only when the test says so. */
export class FakeFrames implements Frames {
  hidden = false
  #nowMs: number
  #frames: (() => void)[] = []
  #timers: { readonly at: number; readonly run: () => void }[] = []

  constructor(nowMs = Date.UTC(2026, 10, 20, 14, 0, 0)) {
    this.#nowMs = nowMs
  }

  now = (): number => this.#nowMs

  onFrame = (run: () => void): (() => void) => {
    this.#frames.push(run)
    return () => {
      this.#frames = this.#frames.filter((known) => known !== run)
    }
  }

  after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: this.#nowMs + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((known) => known !== timer)
    }
  }

  /** Frames and timers that still wait. */
  get waiting(): number {
    return this.#frames.length + this.#timers.length
  }

  /** One frame: what was asked for before it, not what it asks for itself. */
  paint(): void {
    for (const run of this.#frames.splice(0)) run()
  }

  advance(byMs: number): void {
    const end = this.#nowMs + byMs
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#nowMs = Math.max(this.#nowMs, next.at)
      this.#timers = this.#timers.filter((known) => known !== next)
      next.run()
    }
    this.#nowMs = end
  }
}
