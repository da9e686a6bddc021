import type { FailureCode } from '../../shared/failure.ts'
import type { Scope } from '../lib/scope.ts'
import type { Secret } from '../lib/secret.ts'
import type { RawFrame } from '../ports.ts'
import type { Verdict } from './close-codes.ts'
import { Connection } from './connection.ts'
import type { ConnectionOptions } from './connection-options.ts'
import type { ConnectionState } from './connection-state.ts'

export interface LineOptions<Message = RawFrame> extends ConnectionOptions<Message> {
  /**
   * Offers a renewed token on the open socket; true when the peer took it. False, or without this:
   * a successor is dialled with it.
   */
  readonly renewOpen?: (token: Secret, connection: Connection<Message>) => Promise<boolean>
}

/** A server that refused a renewed token, twice, is not asked again so soon; what is open stays. */
const refusalHoldsMs = 60_000

interface Track<Message> {
  readonly scope: Scope
  readonly connection: Connection<Message>
}

/**
 * A connection that outlives its token: make before break. It owns one connection and, while a
 * renewed token is brought in, one successor. The successor takes over with its first understood
 * message, or at once when the other one ends, so nothing said in between is lost; what both of
 * them say is told twice, and whoever listens has to bear that. It must never know what messages
 * mean.
 */
export class Line<Message = RawFrame> {
  readonly #options: LineOptions<Message>
  #current: Track<Message>
  /** Only while the current connection is open. */
  #successor: Track<Message> | null = null
  /** Monotonic: no successor is tried before, the last one having ended in a refusal. */
  #noneBeforeMs = 0

  constructor(options: LineOptions<Message>) {
    this.#options = options
    this.#current = this.#lay()
    options.scope.own(options.tokens.onRenewed(() => void this.#align()))
  }

  get state(): ConnectionState {
    return this.#current.connection.state
  }

  /** Why the last attempt ended, while a new one is being made. */
  get reason(): FailureCode | null {
    return this.#current.connection.reason
  }

  /** Wall clock of the next dial while waiting, else null. */
  get nextTryAtMs(): number | null {
    return this.#current.connection.nextTryAtMs
  }

  start(): void {
    this.#current.connection.start()
  }

  /** Dials now what waits; asks for a sign of life where it seems open. */
  wake(): void {
    this.#current.connection.wake()
    this.#successor?.connection.wake()
  }

  /** Says something on the socket that counts; without an open one it is not said. */
  send(text: string): void {
    this.#current.connection.send(text)
  }

  /** What is open cannot be gone on with. */
  fail(verdict: Verdict): void {
    this.#current.connection.fail(verdict)
  }

  /** The work is over: says goodbye and ends. */
  finish(): void {
    this.#current.connection.finish()
  }

  #lay(): Track<Message> {
    const scope = this.#options.scope.child('track')
    const connection = new Connection<Message>({
      ...this.#options,
      scope,
      onMessage: (message, from) => {
        const isUnderstood = this.#options.onMessage(message, from)
        if (isUnderstood && this.#successor === track) this.#promote(this.state)
        return isUnderstood
      },
      onChanged: (state, before) => this.#changed(track, state, before),
    })
    const track = { scope, connection }
    return track
  }

  #changed(track: Track<Message>, state: ConnectionState, before: ConnectionState): void {
    const isOver = state.kind === 'done' || state.kind === 'stopped'
    if (track === this.#successor) {
      // The old one stays, and what is wrong is said when that one ends.
      if (isOver) {
        this.#noneBeforeMs = this.#options.clock.monotonic() + refusalHoldsMs
        this.#dropSuccessor()
      }
      return
    }
    if (track !== this.#current) return
    if (this.#successor !== null && state.kind !== 'open' && state.kind !== 'done') {
      this.#promote(before)
      return
    }
    if (isOver) this.#dropSuccessor()
    if (state.kind === 'open') void this.#align()
    this.#options.onChanged(state, before)
  }

  /** What is open is brought onto the token in hand; it may have been renewed during the dial. */
  async #align(): Promise<void> {
    const { scope, tokens, renewOpen } = this.#options
    const token = await tokens.current()
    if (!token.ok) return
    const { connection } = this.#current
    const isBehind = (): boolean =>
      !scope.closed &&
      connection === this.#current.connection &&
      connection.state.kind === 'open' &&
      connection.isOutdated(token.value)
    if (!isBehind()) return
    if (renewOpen !== undefined && (await renewOpen(token.value, connection))) {
      connection.adopt(token.value)
    } else if (isBehind()) this.#succeed()
  }

  /**
   * One that is under way stays: it takes a newer token with its next dial, or is succeeded itself.
   * It counts its refusals, and a new one would not: each of many lines would renew what the others
   * had just renewed, without end.
   */
  #succeed(): void {
    if (this.#successor !== null || this.#options.clock.monotonic() < this.#noneBeforeMs) return
    this.#successor = this.#lay()
    this.#successor.connection.start()
  }

  #dropSuccessor(): void {
    void this.#successor?.scope.close('not needed')
    this.#successor = null
  }

  #promote(before: ConnectionState): void {
    const old = this.#current
    if (this.#successor === null) return
    this.#current = this.#successor
    this.#successor = null
    const { state } = this
    this.#options.onChanged(state, before)
    old.connection.finish()
    void old.scope.close('handed over')
    if (state.kind === 'open') void this.#align()
  }
}
