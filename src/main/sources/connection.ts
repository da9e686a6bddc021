import type { FailureCode } from '../../shared/failure.ts'
import { OneTimer } from '../lib/one-timer.ts'
import type { Scope } from '../lib/scope.ts'
import type { Secret } from '../lib/secret.ts'
import type { RawFrame, Socket, SocketEnding } from '../ports.ts'
import { Asking } from './asking.ts'
import { backoffMs } from './backoff.ts'
import { classify, classifyError, classifyFailure } from './close-codes.ts'
import type { Verdict } from './close-codes.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { next } from './connection-state.ts'
import type { ConnectionEvent, ConnectionState } from './connection-state.ts'
import { codeOf, dialTimeout } from './error-codes.ts'
import { Liveness } from './liveness.ts'
import type { LivenessStep } from './liveness.ts'
import { addressed, isSendable } from './token-form.ts'
import type { Form } from './token-form.ts'

/** The deadline of a dial, unless its options name another. */
const dialDeadlineMs = 10_000
/** A dial that was under way at a wake may lead into a network that is gone: so long in all. */
const doubtfulDialMs = 3_000
/** The session has its own deadline; this one is for a session that forgot it. */
const renewalDeadlineMs = 15_000
/** A connection that was up this long and brought a valid message starts its backoff anew. */
const provenAfterMs = 10_000

/**
 * Keeps one socket open. It owns at most one socket and one timer at any moment; every attempt is
 * a child scope, so that a late callback of an abandoned one finds its signal aborted. It does what
 * `next` says and must never know what the messages mean.
 */
export class Connection<Message = RawFrame> {
  readonly #options: ConnectionOptions<Message>
  readonly #liveness: Liveness
  readonly #asking = new Asking()
  readonly #timer: OneTimer
  #state: ConnectionState = { kind: 'idle' }
  #attempt: Scope | null = null
  #socket: Socket | null = null
  #nextTryAtMs: number | null = null
  /** The token of the attempt under way, and the form in which it travels. */
  #token: Secret | null = null
  #form: Form
  /** When the dial under way left the queue; null while it waits there. */
  #dialledAtMs: number | null = null
  #openedAtMs = 0
  #valid = false

  constructor(options: ConnectionOptions<Message>) {
    this.#options = options
    this.#form = options.form.first
    this.#timer = new OneTimer(options.clock)
    this.#liveness = new Liveness(options.clock, () => this.#ask())
    options.scope.own(() => {
      this.#timer.disarm()
      this.#abandon()
    })
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Wall clock of the next dial while waiting, else null. */
  get nextTryAtMs(): number | null {
    return this.#nextTryAtMs
  }

  /** Why the last attempt ended, while a new one is being made. */
  get reason(): FailureCode | null {
    if (this.#state.kind === 'stopped') return this.#state.reason
    return 'tries' in this.#state && this.#state.kind !== 'open' ? this.#state.tries.reason : null
  }

  start(): void {
    this.#apply({ kind: 'started' })
  }

  /** Dials now if it waits, or has dialled for long; asks for a sign of life if it seems open. */
  wake(): void {
    if (this.#state.kind === 'dialling') this.#hurry()
    else this.#apply({ kind: 'woken' })
    if (this.#state.kind === 'open') this.#watch(this.#liveness.probe())
  }

  /** Says something on the open socket; without one it is not said. */
  send(text: string): void {
    if (this.#state.kind === 'open') this.#socket?.send(text)
  }

  /** Whether what is under way or open stands on another token than this one. */
  isOutdated(token: Secret): boolean {
    const isOut = this.#state.kind === 'dialling' || this.#state.kind === 'open'
    return isOut && this.#token !== null && this.#token.reveal() !== token.reveal()
  }

  /** The peer took a newer token on the open socket. */
  adopt(token: Secret): void {
    if (this.#state.kind === 'open') this.#token = token
  }

  /** What was said on the open socket, or was not, ends it. */
  fail(verdict: Verdict): void {
    if (this.#state.kind === 'open') this.#end(verdict)
  }

  /** The work is over: says goodbye and ends. */
  finish(): void {
    this.#socket?.close(1000)
    this.#apply({ kind: 'finished' })
  }

  #apply(event: ConnectionEvent): void {
    if (this.#options.scope.closed) return
    const before = this.#state
    const state = next(before, event)
    if (state !== before) this.#enter(state, before)
  }

  #enter(state: ConnectionState, before: ConnectionState): void {
    this.#state = state
    this.#nextTryAtMs = null
    this.#timer.disarm()
    // Before anything else is begun: there is never a second socket.
    if (state.kind !== 'open') this.#abandon()
    switch (state.kind) {
      case 'dialling':
        this.#dial()
        break
      case 'open':
        this.#watch(this.#liveness.next())
        break
      case 'waiting':
        this.#wait(state.tries.failures - 1, state.minDelayMs)
        break
      case 'renewing':
        void this.#renew()
        break
      case 'idle':
      case 'stopped':
      case 'done':
        break
      default:
        state satisfies never
    }
    this.#options.onChanged(state, before)
  }

  #dial(): void {
    const attempt = this.#options.scope.child('attempt')
    this.#attempt = attempt
    this.#token = null
    this.#dialledAtMs = null
    const { gate, dialWithinMs = dialDeadlineMs } = this.#options
    const leave = gate.enter(() => {
      this.#dialledAtMs = this.#options.clock.monotonic()
      this.#timer.arm(dialWithinMs, () => this.#giveUp(false))
      void this.#open(attempt, () => leave())
    })
    attempt.own(leave)
  }

  #hurry(): void {
    if (this.#dialledAtMs === null) return
    const { clock, dialWithinMs = dialDeadlineMs } = this.#options
    const dueMs = this.#dialledAtMs + Math.min(dialWithinMs, doubtfulDialMs)
    this.#timer.arm(Math.max(0, dueMs - clock.monotonic()), () => this.#giveUp(true))
  }

  async #open(attempt: Scope, leave: () => void): Promise<void> {
    const { maxFrameBytes } = this.#options
    const token = await this.#options.tokens.current()
    if (attempt.closed) return
    if (!token.ok) {
      this.#end(classifyFailure(token.failure))
      return
    }
    if (!isSendable(token.value)) {
      this.#end({ kind: 'stop', reason: 'token_malformed', reach: 'source' })
      return
    }
    this.#token = token.value
    this.#valid = false
    try {
      const socket = this.#options.sockets({
        ...addressed(this.#options.url, token.value, this.#form),
        ...(maxFrameBytes !== undefined && { maxFrameBytes }),
        handlers: {
          open: () => {
            leave()
            if (!attempt.closed) this.#opened(attempt)
          },
          message: (message) => {
            if (!attempt.closed) this.#message(message)
          },
          pong: () => {
            if (!attempt.closed) this.#heard()
          },
          close: (ending) => {
            if (!attempt.closed) this.#closed(ending)
          },
        },
      })
      this.#socket = socket
      attempt.own(() => socket.terminate())
    } catch (error) {
      this.#end(classifyError(codeOf(error)))
    }
  }

  #opened(attempt: Scope): void {
    this.#openedAtMs = this.#options.clock.monotonic()
    this.#liveness.heard()
    this.#apply({ kind: 'opened' })
    if (!attempt.closed) this.#options.onOpened?.(this, attempt)
  }

  #heard(): void {
    this.#liveness.heard()
    this.#options.onHeard()
  }

  #message(message: Message): void {
    this.#heard()
    if (this.#asking.hears(message) || !this.#options.onMessage(message, this)) return
    this.#valid = true
    this.#options.form.prove(this.#form)
  }

  #closed(ending: SocketEnding): void {
    const verdict = (this.#options.judge ?? classify)(ending)
    const early = verdict.kind === 'done' && !this.#options.isOver()
    this.#end(early ? { kind: 'retry', reason: 'unreachable', minDelayMs: 0 } : verdict)
  }

  #end(verdict: Verdict): void {
    const nowMs = this.#options.clock.monotonic()
    const wasOpen = this.#state.kind === 'open'
    const proven = wasOpen && this.#valid && nowMs - this.#openedAtMs >= provenAfterMs
    const other =
      verdict.kind === 'refused'
        ? this.#options.form.alternative(this.#form, verdict.reason, verdict.named)
        : null
    this.#form = other ?? this.#options.form.first
    this.#apply({ kind: 'ended', verdict, proven, otherForm: other !== null, nowMs })
  }

  async #renew(): Promise<void> {
    const { scope, clock, tokens } = this.#options
    const refused = this.#token
    if (refused === null) return
    const state = this.#state
    this.#timer.arm(renewalDeadlineMs, () =>
      this.#apply({ kind: 'renewal-failed', verdict: classifyError(dialTimeout) }),
    )
    const renewed = await tokens.renew(refused)
    if (scope.closed || this.#state !== state) return
    if (renewed.ok) this.#apply({ kind: 'renewed', nowMs: clock.monotonic() })
    else this.#apply({ kind: 'renewal-failed', verdict: classifyFailure(renewed.failure) })
  }

  #wait(failures: number, minDelayMs: number): void {
    const { clock, random } = this.#options
    const delayMs = backoffMs({ failures, minDelayMs, random })
    this.#nextTryAtMs = clock.now() + delayMs
    this.#timer.arm(delayMs, () => this.#apply({ kind: 'due' }))
  }

  #watch(step: LivenessStep): void {
    if (step.kind === 'again') {
      this.#timer.arm(step.inMs, () => this.#watch(this.#liveness.next()))
      return
    }
    this.#giveUp(step.probed)
  }

  /** A wake found it dead, and the operator is there: then the next dial does not wait its turn. */
  #giveUp(woken: boolean): void {
    this.#end(classifyError(dialTimeout))
    if (woken) this.#apply({ kind: 'woken' })
  }

  /** Whether the peer has to answer. */
  #ask(): boolean {
    if (this.#options.ping === undefined) return this.#asking.ask(this.#socket)
    this.#options.ping(this)
    return true
  }

  #abandon(): void {
    // What else the attempt owns may take its turns to end; the next dial does not wait for it.
    this.#socket?.terminate()
    void this.#attempt?.close('abandoned')
    this.#attempt = null
    this.#socket = null
  }
}
