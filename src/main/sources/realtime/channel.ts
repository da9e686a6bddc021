import { z } from 'zod'
import type { JobTable } from '../../../shared/profile.ts'
import type { Scope } from '../../lib/scope.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Cancel, Clock } from '../../ports.ts'
import { classifyFailure, retry } from '../close-codes.ts'
import type { Verdict } from '../close-codes.ts'
import type { TokenSupply } from '../source.ts'
import { classifySaid } from '../supabase-reasons.ts'
import { idsIn } from './binding.ts'
import type { Binding } from './binding.ts'
import { parseChange } from './change.ts'
import type { Told } from './change.ts'
import { Heartbeat } from './heartbeat.ts'
import { parsePhoenix, phoenixText } from './phoenix.ts'
import type { PhoenixFrame } from './phoenix.ts'

/** From the dial, or from the loss of the subscription, to "Subscribed to PostgreSQL". */
const subscribeWithinMs = 15_000

export interface ChannelOptions {
  /** Ends with the socket. */
  readonly scope: Scope
  readonly clock: Clock
  /** Never an API key. */
  readonly tokens: TokenSupply
  readonly table: JobTable
  readonly bindings: readonly Binding[]
  /** Never used before and never again: a server may still know an old one. */
  readonly topic: string
  /** Monotonic time at which the socket was dialled. */
  readonly dialledAtMs: number
  readonly send: (text: string) => void
  /** The server goes by this token from now on. */
  readonly onToken: (token: Secret) => void
  /** The socket has to end, for this. */
  readonly onFailed: (verdict: Verdict) => void
  /** Changes are told from now on, or are not any more. */
  readonly onSubscribed: (subscribed: boolean) => void
  readonly onChange: (change: Told) => void
  readonly onMalformed: () => void
}

const replySchema = z.object({ status: z.string(), response: z.unknown().optional() })
const reasonSchema = z.object({ reason: z.string() })
const systemSchema = z.object({ extension: z.string(), status: z.string(), message: z.string() })

/**
 * One subscription to the changes of the table, on one open socket: join, token, renewals, end. It
 * owns the deadline by which it has to be subscribed and the heartbeat. It knows no socket, and what
 * rows mean is not for it to know.
 */
export class Channel {
  readonly #options: ChannelOptions
  readonly #heartbeat: Heartbeat
  #state: 'new' | 'joining' | 'joined' | 'subscribed' = 'new'
  #ref = 0
  #joinRef: string | null = null
  #token: Secret | null = null
  #ids: ReadonlySet<number> = new Set()
  #cancelDeadline: Cancel | null = null

  constructor(options: ChannelOptions) {
    const { scope, clock, tokens, onFailed, dialledAtMs } = options
    this.#options = options
    this.#heartbeat = new Heartbeat({
      scope,
      clock,
      beat: () => this.#push('phoenix', 'heartbeat', {}),
      onSilent: () => onFailed(retry('timed_out')),
    })
    scope.own(() => this.#cancelDeadline?.())
    scope.own(tokens.onRenewed(() => void this.#renew()))
    this.#expect(dialledAtMs + subscribeWithinMs - clock.monotonic())
    void this.#join()
  }

  get subscribed(): boolean {
    return this.#state === 'subscribed'
  }

  /** True when the message was understood, and shows that the subscription works. */
  take(text: string | null): boolean {
    const frame = text === null ? null : parsePhoenix(text)
    this.#heartbeat.heard()
    const isUnderstood = frame !== null && this.#read(frame)
    if (!isUnderstood) this.#options.onMalformed()
    return isUnderstood && this.subscribed
  }

  #read(frame: PhoenixFrame): boolean {
    const { topic } = this.#options
    if (frame.topic === 'phoenix') return frame.event === 'phx_reply'
    if (frame.topic !== topic) return false
    switch (frame.event) {
      case 'phx_reply':
        return frame.ref !== this.#joinRef || this.#readReply(frame.payload)
      case 'system':
        return this.#readSystem(frame.payload)
      case 'postgres_changes':
        return this.#readChange(frame.payload)
      case 'phx_close':
        // No reason was given, as when another channel of the name takes over.
        this.#options.onFailed(retry('channel_duplicate'))
        return true
      case 'phx_error':
        this.#options.onFailed(retry('server_error'))
        return true
      default:
        return false
    }
  }

  /** The session token, always, and before anything else: without it the server takes the key (F34). */
  async #join(): Promise<void> {
    const { scope, tokens, onFailed, bindings, onToken } = this.#options
    const token = await tokens.current()
    if (scope.closed) return
    if (!token.ok) {
      onFailed(classifyFailure(token.failure))
      return
    }
    this.#token = token.value
    this.#state = 'joining'
    onToken(token.value)
    this.#joinRef = this.#nextRef()
    const config = {
      broadcast: { ack: false, self: false },
      presence: { key: '', enabled: false },
      postgres_changes: bindings,
      private: false,
    }
    const payload = { config, access_token: token.value.reveal() }
    this.#send({ ...this.#frame('phx_join', payload), ref: this.#joinRef })
  }

  /** Also when it was renewed while the join was under way. */
  async #renew(): Promise<void> {
    const { scope, tokens, onToken } = this.#options
    if (this.#state === 'new' || this.#state === 'joining') return
    const token = await tokens.current()
    if (scope.closed || !token.ok) return
    if (this.#token?.equals(token.value) === true) return
    this.#token = token.value
    onToken(token.value)
    this.#send(this.#frame('access_token', { access_token: token.value.reveal() }))
  }

  #readReply(payload: unknown): boolean {
    const reply = replySchema.safeParse(payload)
    if (!reply.success || this.#state !== 'joining') return reply.success
    const { status, response } = reply.data
    const { bindings, onFailed } = this.#options
    if (status !== 'ok') {
      const said = reasonSchema.safeParse(response)
      onFailed(said.success ? classifySaid(said.data.reason) : retry('server_error'))
      return true
    }
    const ids = idsIn(response, bindings)
    if (ids === null) {
      onFailed(retry('protocol_error'))
      return true
    }
    this.#ids = ids
    this.#state = 'joined'
    void this.#renew()
    return true
  }

  #readSystem(payload: unknown): boolean {
    const system = systemSchema.safeParse(payload)
    if (!system.success) return false
    const { extension, status, message } = system.data
    const isAboutChanges = extension === 'postgres_changes'
    if (status === 'ok') {
      if (isAboutChanges && this.#state !== 'subscribed') this.#subscribed()
      return true
    }
    const verdict = classifySaid(message)
    // What may pass the server tries again by itself; until then it tells no changes.
    if (isAboutChanges && verdict.kind === 'retry') this.#unsubscribed()
    else this.#options.onFailed(verdict)
    return true
  }

  #readChange(payload: unknown): boolean {
    const change = parseChange(payload, this.#options.table, this.#ids)
    if (change === null) return false
    if (change.kind === 'refused') this.#options.onFailed(change.verdict)
    else this.#options.onChange(change)
    return true
  }

  /** The answer to the join was not yet it: changes are told from here on. */
  #subscribed(): void {
    this.#state = 'subscribed'
    this.#cancelDeadline?.()
    this.#cancelDeadline = null
    this.#options.onSubscribed(true)
  }

  #unsubscribed(): void {
    if (this.#state !== 'subscribed') return
    this.#state = 'joined'
    this.#expect(subscribeWithinMs)
    this.#options.onSubscribed(false)
  }

  #expect(withinMs: number): void {
    this.#cancelDeadline = this.#options.clock.after(Math.max(0, withinMs), () => {
      this.#cancelDeadline = null
      this.#options.onFailed(retry('timed_out'))
    })
  }

  #push(topic: string, event: string, payload: unknown): void {
    this.#send({ joinRef: null, ref: this.#nextRef(), topic, event, payload })
  }

  #frame(event: string, payload: unknown): PhoenixFrame {
    const { topic } = this.#options
    return { joinRef: this.#joinRef, ref: this.#nextRef(), topic, event, payload }
  }

  #send(frame: PhoenixFrame): void {
    this.#options.send(phoenixText(frame))
  }

  #nextRef(): string {
    this.#ref += 1
    return String(this.#ref)
  }
}
