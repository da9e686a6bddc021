import { SerialQueue } from '../lib/serial-queue.ts'
import type { Clock } from '../ports.ts'

/** A keychain call that takes longer is answered `timeout`, in milliseconds (F66). */
export const keychainDeadlineMs = 5_000

export type LineAnswer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'timeout' }

const timeout = { kind: 'timeout' } as const

/**
 * One native call at a time: seven at once, each waiting for a prompt, block every file and DNS call
 * of the process (electron.md §0). A call that hangs keeps its place; those behind it time out.
 */
export class KeychainLine {
  readonly #queue = new SerialQueue()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Gives up its turn when its caller was answered `timeout` before it came. */
  run<T>(call: () => Promise<T>): Promise<LineAnswer<T>> {
    return this.#enter(call, false)
  }

  /** Takes its turn however late, because being late does not make it wrong: an erasure. */
  runHoweverLate<T>(call: () => Promise<T>): Promise<LineAnswer<T>> {
    return this.#enter(call, true)
  }

  #enter<T>(call: () => Promise<T>, howeverLate: boolean): Promise<LineAnswer<T>> {
    const { promise: late, resolve } = Promise.withResolvers<LineAnswer<T>>()
    let over = false
    const disarm = this.#clock.after(keychainDeadlineMs, () => {
      over = true
      resolve(timeout)
    })
    const turn = this.#queue.run(() =>
      over && !howeverLate ? Promise.resolve<LineAnswer<T>>(timeout) : answer(call),
    )
    return Promise.race([late, turn]).finally(disarm)
  }
}

async function answer<T>(call: () => Promise<T>): Promise<LineAnswer<T>> {
  try {
    return { kind: 'answered', value: await call() }
  } catch (error) {
    return { kind: 'failed', error }
  }
}
