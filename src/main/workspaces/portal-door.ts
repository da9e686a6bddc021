import type { Scope } from '../lib/scope.ts'
import type { Cancel, Clock, HttpFetch } from '../ports.ts'
import { withDeadline } from '../sources/deadline.ts'

export interface PortalDoorOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly fetch: HttpFetch
  /** What every server of this kind answers with JSON, whoever asks. */
  readonly url: string
  /** Nothing secret. */
  readonly headers: Readonly<Record<string, string>>
  readonly onCleared: () => void
}

/** Between two looks, in milliseconds (F13). */
const lookEveryMs = 10_000
const lookDeadlineMs = 5_000
/**
 * A server may itself have no JSON at this address. So that it is not locked out for ever, one real
 * attempt a minute is let through.
 */
const ajarAfterMs = 60_000

/**
 * The way to one server. It is shut when somebody else answered there, and opens when the server is
 * heard again, or nobody is: where no connection comes about, no token is sent. It owns one timer or
 * one look, never both.
 */
export class PortalDoor {
  readonly #options: PortalDoorOptions
  /** When it was shut, or last let something through; null while it is open. */
  #shutAtMs: number | null = null
  #cancel: Cancel | null = null
  /** The look under way; a newer one supersedes it. */
  #look: Scope | null = null

  constructor(options: PortalDoorOptions) {
    this.#options = options
    options.scope.own(() => this.#disarm())
  }

  /** Whether something may go there now. */
  enter(): boolean {
    if (this.#shutAtMs === null) return true
    const nowMs = this.#options.clock.monotonic()
    if (nowMs - this.#shutAtMs < ajarAfterMs) return false
    this.#shutAtMs = nowMs
    return true
  }

  /** Somebody else answered in the server's place. */
  shut(): void {
    if (this.#shutAtMs !== null || this.#options.scope.closed) return
    this.#shutAtMs = this.#options.clock.monotonic()
    this.#arm()
  }

  /** The server itself answered. */
  clear(): void {
    if (this.#shutAtMs === null || this.#options.scope.closed) return
    this.#shutAtMs = null
    this.#disarm()
    this.#drop()
    this.#options.onCleared()
  }

  /** Looks at once, if it is shut. */
  wake(): void {
    if (this.#shutAtMs !== null) void this.#lookOut()
  }

  async #lookOut(): Promise<void> {
    const { scope } = this.#options
    if (scope.closed) return
    this.#disarm()
    this.#drop()
    const look = scope.child('look')
    this.#look = look
    const isClear = await this.#isClear(look.signal)
    if (look.closed) return
    this.#drop()
    if (isClear) this.clear()
    else this.#arm()
  }

  async #isClear(signal: AbortSignal): Promise<boolean> {
    const { clock, fetch, url, headers } = this.#options
    try {
      return await withDeadline({ clock, signal, afterMs: lookDeadlineMs }, async (ending) => {
        const response = await fetch(url, {
          headers: { ...headers, Accept: 'application/json' },
          redirect: 'manual',
          signal: ending,
        })
        await response.body?.cancel()
        return response.headers.get('content-type')?.includes('json') ?? false
      })
    } catch {
      return true
    }
  }

  #arm(): void {
    this.#disarm()
    this.#cancel = this.#options.clock.after(lookEveryMs, () => {
      this.#cancel = null
      void this.#lookOut()
    })
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #drop(): void {
    void this.#look?.close('over')
    this.#look = null
  }
}
