import type { Frames } from '../ui/frames.ts'
import type { Off } from '../ui/listeners.ts'

/** After the last key, wheel or pointer move over the list, it is still being read for this long. */
const readingForMs = 10_000

/**
 * Tells whether somebody reads the list: it is scrolled, or was touched a moment ago. While it is
 * read, rows keep their places.
 */
export class Reading {
  readonly #frames: Frames
  readonly #tell: (reading: boolean) => void
  #scrolled = false
  #cancel: Off | null = null

  constructor(frames: Frames, tell: (reading: boolean) => void) {
    this.#frames = frames
    this.#tell = tell
  }

  scrolled(scrolled: boolean): void {
    if (this.#scrolled === scrolled) return
    this.#scrolled = scrolled
    this.#say()
  }

  touched(): void {
    this.#cancel?.()
    this.#cancel = this.#frames.after(readingForMs, () => {
      this.#cancel = null
      this.#say()
    })
    this.#say()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#scrolled = false
    this.#say()
  }

  #say(): void {
    this.#tell(this.#scrolled || this.#cancel !== null)
  }
}
