import type { Caller } from '../../database/database.ts'
import type { ChangePayload, Changes, Refusal, Subscription } from './changes/changes.ts'
import type { ChangeEntry } from './join-payload.ts'

export interface ChannelChangesOptions {
  readonly changes: Changes
  readonly entries: readonly ChangeEntry[]
  readonly deliver: (change: ChangePayload) => void
  /** For `system` of `postgres_changes`. */
  readonly tell: (status: 'ok' | 'error', message: string) => void
  /** The least, and twice that the longest, until what was refused is tried again. */
  readonly resubscribeMs: number
}

const nothingAsked =
  'No subscription params provided. Please provide at least a `schema` or `table` to subscribe to: '

/**
 * One channel's `postgres_changes`: subscribed after the join was answered, moved to a new caller
 * with every new token, tried again when it was lost. One step at a time.
 */
export class ChannelChanges {
  readonly #options: ChannelChangesOptions
  #caller: Caller | null = null
  #subscription: Subscription | null = null
  #retry: NodeJS.Timeout | null = null
  #work: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: ChannelChangesOptions) {
    this.#options = options
  }

  /** From now on as this caller; told when it is so, or why it is not. */
  use(caller: Caller): void {
    this.#caller = caller
    this.#step()
  }

  close(): void {
    this.#closed = true
    this.#cancelRetry()
    this.#subscription?.stop()
    this.#subscription = null
  }

  #step(): void {
    this.#cancelRetry()
    if (this.#options.entries.length === 0) return
    this.#work = this.#work.then(() => this.#apply()).catch(() => this.#again())
  }

  async #apply(): Promise<void> {
    const caller = this.#caller
    if (this.#closed || caller === null) return
    const before = this.#subscription
    const refusal = before === null ? await this.#subscribe(caller) : await before.update(caller)
    if (this.#isClosed()) return
    if (refusal === null) {
      if (this.#subscription !== null) this.#options.tell('ok', 'Subscribed to PostgreSQL')
      return
    }
    this.#subscription = null
    this.#options.tell('error', refusal.message)
    if (!refusal.final) this.#again()
  }

  async #subscribe(caller: Caller): Promise<Refusal | null> {
    const unclear = this.#options.entries.find(({ params }) => params === null)
    if (unclear !== undefined) {
      return { ok: false, message: nothingAsked + JSON.stringify(unclear.sent), final: true }
    }
    const params = this.#options.entries.flatMap(({ id, params: asked }) =>
      asked === null ? [] : [{ id, params: asked }],
    )
    const { deliver } = this.#options
    // Lost before it is known here: then there is nothing to keep.
    const fate = { lost: false }
    const subscribed = await this.#options.changes.subscribe({
      caller,
      params,
      deliver,
      lost: (message) => {
        fate.lost = true
        this.#lost(message)
      },
    })
    if (!subscribed.ok) return subscribed
    if (fate.lost) return null
    this.#subscription = subscribed.subscription
    if (this.#closed) this.close()
    return null
  }

  #lost(message: string): void {
    this.#subscription = null
    if (this.#closed) return
    this.#options.tell('error', message)
    this.#again()
  }

  /** A method, because it changes while something is awaited. */
  #isClosed(): boolean {
    return this.#closed
  }

  #again(): void {
    if (this.#closed) return
    this.#cancelRetry()
    const delayMs = this.#options.resubscribeMs * (1 + Math.random())
    this.#retry = setTimeout(() => this.#step(), delayMs)
  }

  #cancelRetry(): void {
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
  }
}
