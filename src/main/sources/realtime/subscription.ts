import type { FailureCode } from '../../../shared/failure.ts'
import type { Scope } from '../../lib/scope.ts'
import type { Cancel } from '../../ports.ts'
import { Connection } from '../connection.ts'
import type { ConnectionState } from '../connection-state.ts'
import { DialGate } from '../dial-gate.ts'
import { socketUrl } from '../gateway-url.ts'
import type { SourceContext } from '../source.ts'
import { classifyRealtime } from '../supabase-reasons.ts'
import { TokenForm } from '../token-form.ts'
import { bindingsOf } from './binding.ts'
import type { Told } from './change.ts'
import { Channel } from './channel.ts'
import { vsn } from './phoenix.ts'

const maxFrameBytes = 1024 * 1024
/** What was refused for good is tried again after this, and up to half as long more. */
const reopenMs = 180_000

export interface SubscriptionOptions {
  readonly context: SourceContext
  readonly scope: Scope
  readonly onHeard: () => void
  readonly onMalformed: () => void
  readonly onChange: (change: Told) => void
  /** Changes are told from now on, or are not any more. */
  readonly onSubscribed: (subscribed: boolean) => void
  readonly onChanged: () => void
}

/**
 * Keeps the changes of the table subscribed. It owns one connection with one channel on it, or the
 * timer after which a new one is made where the last was refused for good; a channel lives as long
 * as its socket. It must never know how changes are read meanwhile.
 */
export class Subscription {
  readonly #options: SubscriptionOptions
  #line: Scope | null = null
  #connection: Connection | null = null
  #channel: Channel | null = null
  #channels = 0
  #dialledAtMs = 0
  #reason: FailureCode | null = null
  #cancelReopen: Cancel | null = null
  #reopenAtMs: number | null = null

  constructor(options: SubscriptionOptions) {
    this.#options = options
    options.scope.own(() => this.#cancelReopen?.())
  }

  get subscribed(): boolean {
    return this.#channel?.subscribed ?? false
  }

  /** Sockets open right now. */
  get sockets(): number {
    return this.#connection?.state.kind === 'open' ? 1 : 0
  }

  /** Why changes are not told; null while they are, or when nothing went wrong yet. */
  get reason(): FailureCode | null {
    return this.#reason
  }

  /** Wall clock of the next dial while none is under way, else null. */
  get nextTryAtMs(): number | null {
    return this.#reopenAtMs ?? this.#connection?.nextTryAtMs ?? null
  }

  open(): void {
    const { context, scope, onHeard } = this.#options
    const { clock, random, sockets, tokens, supabaseUrl, publishableKey } = context
    this.#cancelReopen?.()
    this.#cancelReopen = null
    this.#reopenAtMs = null
    void this.#line?.close('opened anew')
    const line = scope.child('line')
    this.#line = line
    const query = `apikey=${encodeURIComponent(publishableKey)}&vsn=${vsn}`
    this.#connection = new Connection({
      scope: line,
      clock,
      random,
      sockets,
      tokens,
      form: new TokenForm('none'),
      gate: new DialGate(),
      url: socketUrl(supabaseUrl, `realtime/v1/websocket?${query}`),
      maxFrameBytes,
      judge: classifyRealtime,
      onOpened: (connection, attempt) => this.#join(connection, attempt),
      onMessage: (text) => this.#channel?.take(text) ?? false,
      onHeard,
      isOver: () => false,
      onChanged: (state, before) => this.#changed(state, before),
    })
    this.#connection.start()
  }

  wake(): void {
    if (this.#reopenAtMs === null) this.#connection?.wake()
    else this.open()
  }

  #join(connection: Connection, attempt: Scope): void {
    const { context, onChange, onMalformed } = this.#options
    this.#channels += 1
    const unique = `${Math.floor(context.random() * 2 ** 48).toString(36)}-${this.#channels}`
    this.#channel = new Channel({
      scope: attempt,
      clock: context.clock,
      tokens: context.tokens,
      table: context.jobTable,
      bindings: bindingsOf(context.jobTable, context.tenantIds),
      topic: `realtime:signalbox-${unique}`,
      dialledAtMs: this.#dialledAtMs,
      send: (text) => connection.send(text),
      onToken: (token) => connection.adopt(token),
      onFailed: (verdict) => connection.fail(verdict),
      onSubscribed: (subscribed) => this.#subscribed(subscribed),
      onChange,
      onMalformed,
    })
  }

  #subscribed(subscribed: boolean): void {
    this.#reason = subscribed ? null : 'server_error'
    this.#options.onSubscribed(subscribed)
    this.#options.onChanged()
  }

  #changed(state: ConnectionState, before: ConnectionState): void {
    if (state.kind === 'dialling') this.#dialledAtMs = this.#options.context.clock.monotonic()
    const failed = state.kind === 'waiting' || state.kind === 'renewing'
    const over = state.kind === 'stopped' || state.kind === 'done'
    if (failed || over) this.#reason = this.#connection?.reason ?? 'server_error'
    if (before.kind === 'open') this.#leave()
    if (over) this.#reopenLater()
    this.#options.onChanged()
  }

  #leave(): void {
    const wasSubscribed = this.subscribed
    this.#channel = null
    if (wasSubscribed) this.#options.onSubscribed(false)
  }

  #reopenLater(): void {
    const { clock, random } = this.#options.context
    const delayMs = reopenMs * (1 + random() / 2)
    this.#reopenAtMs = clock.now() + delayMs
    this.#cancelReopen = clock.after(delayMs, () => this.open())
  }
}
