import type { Scope } from '../../lib/scope.ts'
import type { Cancel, Clock } from '../../ports.ts'

const everyMs = 6_000
/** A timer that fires this late says that we were busy: the answer may lie unread. */
const lagMs = 500

export interface HeartbeatOptions {
  readonly scope: Scope
  readonly clock: Clock
  /** Says something that has to be answered. */
  readonly beat: () => void
  /** Nothing was heard from one beat to the next. */
  readonly onSilent: () => void
}

/**
 * Whether Realtime itself still answers: a proxy on the way may keep a socket open, and answer its
 * pings, long after that. It owns one timer.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  #cancel: Cancel | null = null
  #dueAtMs = 0
  /** Whether something was heard since the last beat; nothing was asked before the first. */
  #heard = true

  constructor(options: HeartbeatOptions) {
    this.#options = options
    options.scope.own(() => this.#cancel?.())
    this.#arm(everyMs)
  }

  heard(): void {
    this.#heard = true
  }

  #tick(): void {
    const { clock, beat, onSilent } = this.#options
    if (this.#heard) {
      this.#heard = false
      beat()
      this.#arm(everyMs)
    } else if (clock.monotonic() - this.#dueAtMs >= lagMs) this.#arm(lagMs)
    else onSilent()
  }

  #arm(delayMs: number): void {
    const { clock } = this.#options
    this.#dueAtMs = clock.monotonic() + delayMs
    this.#cancel = clock.after(delayMs, () => {
      this.#cancel = null
      this.#tick()
    })
  }
}
