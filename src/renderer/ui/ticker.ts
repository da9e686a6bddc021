import { useSyncExternalStore } from 'react'
import { windowFrames } from './frames.ts'
import type { Frames } from './frames.ts'
import { Listeners } from './listeners.ts'
import type { Off } from './listeners.ts'

/** One beat a second for everything that shows an age; it stands still while nobody looks. */
export class Ticker {
  readonly #frames: Frames
  readonly #listeners = new Listeners()
  #beats = 0
  #stop: Off | null = null

  constructor(frames: Frames) {
    this.#frames = frames
  }

  readonly subscribe = (listener: () => void): Off => {
    const off = this.#listeners.subscribe(listener)
    if (this.#stop === null) this.#arm()
    return () => {
      off()
      if (this.#listeners.size > 0) return
      this.#stop?.()
      this.#stop = null
    }
  }

  /** Counts the beats, so that React sees a change once a second. */
  readonly beats = (): number => this.#beats

  /** The wall clock right now: what is drawn between two beats is as old as it says. */
  nowMs(): number {
    return this.#frames.now()
  }

  /** Moves at once: the window was shown again. */
  beat(): void {
    this.#beats += 1
    this.#listeners.notify()
  }

  #arm(): void {
    this.#stop = this.#frames.after(1_000 - (this.#frames.now() % 1_000), () => {
      this.#arm()
      if (!this.#frames.hidden) this.beat()
    })
  }
}

export const ticker = new Ticker(windowFrames)

/** Wall clock in milliseconds; draws again at least once a second. */
export function useNowMs(): number {
  useSyncExternalStore(ticker.subscribe, ticker.beats)
  return ticker.nowMs()
}
