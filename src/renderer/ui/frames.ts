import type { Off } from './listeners.ts'

/** Time and painting as the stores see them, so that they run on plain Node. */
export interface Frames {
  /** Wall clock, milliseconds since the epoch. */
  now: () => number
  /** Runs before the next paint; never while the window is hidden. */
  onFrame: (run: () => void) => Off
  after: (delayMs: number, run: () => void) => Off
  readonly hidden: boolean
}

export const windowFrames: Frames = {
  now: () => Date.now(),
  onFrame: (run) => {
    const handle = requestAnimationFrame(run)
    return () => cancelAnimationFrame(handle)
  },
  after: (delayMs, run) => {
    const handle = setTimeout(run, delayMs)
    return () => clearTimeout(handle)
  },
  get hidden() {
    return document.hidden
  },
}
