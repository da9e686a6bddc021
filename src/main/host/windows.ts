// The windows of the app: any number of views on the same wires. It owns the set and the order in
// which they were last used; it must never know what is inside them.
import type { BrowserWindow } from 'electron'
import type { Log } from '../lib/log.ts'
import type { Bounds } from './window-bounds.ts'

/** As much of a window as the set looks at. */
export type OpenedWindow = Pick<
  BrowserWindow,
  'on' | 'once' | 'isMinimized' | 'restore' | 'show' | 'focus' | 'getNormalBounds'
>

/**
 * Opens one window beside another (null: the first one) and admits it before its page loads.
 */
export type OpenWindow<W extends OpenedWindow> = (
  beside: Bounds | null,
  admit: (window: W) => void,
) => Promise<unknown>

export class Windows<W extends OpenedWindow> {
  readonly #open: OpenWindow<W>
  readonly #log: Log
  /** Least recently used first. */
  readonly #order: W[] = []

  constructor(open: OpenWindow<W>, log: Log) {
    this.#open = open
    this.#log = log
  }

  get size(): number {
    return this.#order.length
  }

  /** Rejects when the page could not be loaded. */
  async open(): Promise<void> {
    await this.#open(this.#latest?.getNormalBounds() ?? null, (window) => this.#admit(window))
  }

  /** As the operator asks for one; what goes wrong is only logged. */
  openAnother(): void {
    this.open().catch((error: unknown) => {
      this.#log.error('a window did not open', { error: String(error) })
    })
  }

  /** Brings the window that was used last to the front; without one it opens one. */
  bringToFront(): void {
    const window = this.#latest
    if (window === undefined) {
      this.openAnother()
      return
    }
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  }

  get #latest(): W | undefined {
    return this.#order.at(-1)
  }

  #admit(window: W): void {
    this.#order.push(window)
    window.on('focus', () => {
      this.#remove(window)
      this.#order.push(window)
    })
    window.once('closed', () => this.#remove(window))
  }

  #remove(window: W): void {
    const at = this.#order.indexOf(window)
    if (at >= 0) this.#order.splice(at, 1)
  }
}
