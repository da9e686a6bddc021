import { randomUUID } from 'node:crypto'
import { RealtimeClient, type RealtimeChannel } from '@supabase/supabase-js'
import { WebSocket } from 'ws'
import type { Log } from '../log.ts'
import {
  firstInboxState,
  nextInboxState,
  resubscribeDelayMs,
  type InboxEvent,
  type InboxState,
} from './inbox-state.ts'
import { explainSubscribe } from './subscribe-faults.ts'

export interface InboxOptions {
  /** The Supabase whose table is watched, without a path. */
  readonly url: () => string
  /** A service key, legacy or `sb_secret_`; it sees every tenant. */
  readonly serviceKey: string
  readonly log: Log
  /** There may be work. Called for every change that could mean it, and at every return. */
  readonly look: () => void
  /** Between two looks while Realtime is down, milliseconds. */
  readonly pollMs?: number
  /** How long a subscription may take until the server says it is active, milliseconds. */
  readonly subscribeWithinMs?: number
}

const defaultPollMs = 5_000
const defaultSubscribeWithinMs = 15_000
/** A dead link is noticed within two of them. */
const heartbeatMs = 10_000

/**
 * Hears of translation jobs that wait: through Realtime, explicitly authorised with the service
 * key before the first subscribe (seed 000), and by looking every few seconds while that is down.
 * It claims nothing, so hearing twice does no harm.
 */
export class Inbox {
  readonly #options: InboxOptions
  #state: InboxState = firstInboxState
  #client: RealtimeClient | null = null
  #channel: RealtimeChannel | null = null
  #polling: NodeJS.Timeout | null = null
  #deadline: NodeJS.Timeout | null = null
  #retry: NodeJS.Timeout | null = null
  #closed = false

  constructor(options: InboxOptions) {
    this.#options = options
  }

  get state(): InboxState {
    return this.#state
  }

  start(): void {
    this.#poll()
    this.#options.look()
    void this.#subscribe()
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of [this.#polling, this.#deadline, this.#retry]) {
      if (timer !== null) clearTimeout(timer)
    }
    const client = this.#client
    this.#client = null
    this.#channel = null
    await client?.disconnect()
  }

  /** A client an attempt: a channel that has closed cannot be joined again (supabase.md §3). */
  async #subscribe(): Promise<void> {
    const { url, serviceKey, subscribeWithinMs = defaultSubscribeWithinMs } = this.#options
    const client = new RealtimeClient(`${url().replace(/^http/, 'ws')}/realtime/v1`, {
      params: { apikey: serviceKey },
      transport: WebSocket as never,
      heartbeatIntervalMs: heartbeatMs,
    })
    this.#client = client
    await client.setAuth(serviceKey)
    if (this.#closed) return
    const channel = client.channel(`translation_jobs_${randomUUID()}`)
    this.#channel = channel
    const lost = (status: string, text: string): void => {
      if (this.#channel === channel) this.#lost(explainSubscribe({ status, text }))
    }
    const changed = { schema: 'public', table: 'translation_jobs', filter: 'status=eq.pending' }
    channel
      .on('postgres_changes', { event: 'INSERT', ...changed }, () => this.#options.look())
      .on('postgres_changes', { event: 'UPDATE', ...changed }, () => this.#options.look())
      .on('system', {}, (message: { status?: string; message?: string }) => {
        if (message.status !== 'ok') lost('system', message.message ?? '')
        else if (this.#channel === channel) this.#step({ kind: 'subscribed' })
      })
      .subscribe((status: string, error) => {
        if (status !== 'SUBSCRIBED') lost(status, error === undefined ? '' : reasonOf(error))
      })
    this.#deadline = setTimeout(() => lost('TIMED_OUT', ''), subscribeWithinMs)
  }

  #lost(why: string): void {
    if (this.#closed) return
    const client = this.#client
    this.#client = null
    this.#channel = null
    void client?.disconnect()
    this.#step({ kind: 'lost', why })
    const failures = this.#state.kind === 'polling' ? this.#state.failures : 1
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#subscribe(), resubscribeDelayMs(failures))
  }

  #step(event: InboxEvent): void {
    if (this.#closed) return
    if (this.#deadline !== null) clearTimeout(this.#deadline)
    this.#deadline = null
    const before = this.#state
    this.#state = nextInboxState(before, event)
    this.#tell(before)
    this.#poll()
    // What was inserted while nobody heard it is found now, on either side of a change.
    this.#options.look()
  }

  #poll(): void {
    const { look, pollMs = defaultPollMs } = this.#options
    if (this.#state.kind === 'realtime') {
      if (this.#polling !== null) clearInterval(this.#polling)
      this.#polling = null
    } else {
      this.#polling ??= setInterval(look, pollMs)
    }
  }

  /** A reason is said when it is new, not at every attempt. */
  #tell(before: InboxState): void {
    const { log, pollMs = defaultPollMs } = this.#options
    const now = this.#state
    if (now.kind === 'realtime') {
      if (before.kind === 'polling') log.info('translation jobs are heard of through Realtime')
    } else if (before.kind === 'realtime' || before.why !== now.why) {
      log.warn(`translation jobs are polled for every ${pollMs} ms`, { why: now.why })
    }
  }
}

/** The server's words, or those of the socket. */
function reasonOf(error: Error): string {
  const { cause } = error
  return cause instanceof Error ? `${error.message} ${cause.message}` : error.message
}
