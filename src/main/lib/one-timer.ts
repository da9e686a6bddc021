import type { Cancel, Clock } from '../ports.ts'

/** At most one timer at any moment: arming it anew forgets what it was armed for. */
export class OneTimer {
  readonly #clock: Pick<Clock, 'after'>
  #cancel: Cancel | null = null

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  arm(delayMs: number, run: () => void): void {
    this.disarm()
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#cancel = null
      run()
    })
  }

  disarm(): void {
    this.#cancel?.()
    this.#cancel = null
  }
}
