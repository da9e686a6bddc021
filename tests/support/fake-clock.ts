import type { Cancel, Clock } from '../../src/main/ports.ts'

interface Timer {
  at: number
  readonly run: () => void
}

/** The fake of the Clock port: time moves only when the test says so. */
export class FakeClock implements Clock {
  #wallMs: number
  #monotonicMs = 0
  readonly #timers = new Set<Timer>()

  constructor(wallMs = Date.UTC(2026, 10, 20, 14, 0, 0)) {
    this.#wallMs = wallMs
  }

  now = (): number => this.#wallMs
  monotonic = (): number => this.#monotonicMs

  after = (delayMs: number, run: () => void): Cancel => {
    const timer: Timer = { at: this.#monotonicMs + Math.max(0, delayMs), run }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  get armed(): number {
    return this.#timers.size
  }

  /** Due times of what is armed, as delays from now, soonest first. */
  get delays(): number[] {
    return [...this.#timers].map((timer) => timer.at - this.#monotonicMs).sort((a, b) => a - b)
  }

  /** Moves both clocks forward, running what falls due, and lets promises settle after each timer. */
  async advance(byMs: number, settled: () => Promise<void> = settle): Promise<void> {
    const end = this.#monotonicMs + byMs
    for (;;) {
      const next = this.#soonest()
      if (next === null || next.at > end) break
      this.#move(Math.max(0, next.at - this.#monotonicMs))
      this.#timers.delete(next)
      next.run()
      await settled()
    }
    this.#move(end - this.#monotonicMs)
    await settled()
  }

  /** The wall clock jumps; the monotonic one does not. */
  jump(byMs: number): void {
    this.#wallMs += byMs
  }

  /** Time goes by while nothing runs, as when the event loop is busy; what fell due runs late. */
  stall(byMs: number): void {
    this.#move(byMs)
  }

  /** The computer sleeps as Linux does: time goes by, and no timer comes any nearer. */
  sleep(byMs: number): void {
    this.#move(byMs)
    for (const timer of this.#timers) timer.at += byMs
  }

  #soonest(): Timer | null {
    let soonest: Timer | null = null
    // In the order of arming: of two that fall due together the first one stays.
    for (const timer of this.#timers) if (timer.at < (soonest?.at ?? Infinity)) soonest = timer
    return soonest
  }

  #move(byMs: number): void {
    this.#monotonicMs += byMs
    this.#wallMs += byMs
  }
}

/** Lets every promise that can settle without time or I/O settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

/** The same, however long the chains of promises are. */
export function settleAll(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
