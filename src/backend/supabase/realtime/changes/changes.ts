import type { Caller } from '../../../database/database.ts'

/** What one entry of `postgres_changes` in a join asks for. */
export interface ChangeParams {
  readonly event: '*' | 'INSERT' | 'UPDATE' | 'DELETE'
  /** `*` is every schema of the publication. */
  readonly schema: string
  /** Null, like `*`, is every table of the schema. */
  readonly table: string | null
  /** As sent: `col=op.value`, several by comma; null is none. */
  readonly filter: string | null
  /** Columns beside the primary key; null is all. */
  readonly select: readonly string[] | null
}

/** One `postgres_changes` event of the protocol, for one channel. */
export interface ChangePayload {
  /** Of the params that it fits. */
  readonly ids: readonly number[]
  /**
   * `data` as JSON text: made once, however many hear it, and exact where a JavaScript number
   * would not be (int8, numeric).
   */
  readonly data: string
}

/** One channel's `postgres_changes`, all of its params together. */
export interface Subscriber {
  readonly caller: Caller
  readonly params: readonly { readonly id: number; readonly params: ChangeParams }[]
  /** In commit order; not after `stop()`. Must not throw. */
  deliver: (change: ChangePayload) => void
  /**
   * The subscription is over and changes may have been missed: the database went away, or could
   * not say who sees what. As the real server: tell, then subscribe again after 5–10 s.
   */
  lost: (message: string) => void
}

export interface Subscription {
  /** From now on nothing is delivered, also nothing that is under way. Idempotent. */
  stop: () => void
  /**
   * A new token: from now on rows are judged for this caller. What the new role may not ask for
   * is refused as in `subscribe`, and then the subscription is over.
   */
  update: (caller: Caller) => Promise<Refusal | null>
}

export interface Refusal {
  readonly ok: false
  /** In the words of the real server; for `system` of status error. */
  readonly message: string
  /** False: worth another try after 5–10 s. */
  readonly final: boolean
}

export type Subscribed = { readonly ok: true; readonly subscription: Subscription } | Refusal

export type ChangesState =
  /** `idle`: nobody subscribes, nothing runs. */
  | { readonly kind: 'idle' | 'opening' | 'up' }
  /** `why` is a sentence for an operator. The next `subscribe` tries again. */
  | { readonly kind: 'unavailable'; readonly why: string }

/** What commits to the tables of `supabase_realtime`, told to whom it may concern. */
export interface Changes {
  readonly state: ChangesState
  /** Resolves when every change that is committed from then on will be delivered. Never rejects. */
  subscribe: (subscriber: Subscriber) => Promise<Subscribed>
  start: () => Promise<void>
  close: () => Promise<void>
}
