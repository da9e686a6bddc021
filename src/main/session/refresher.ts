// Owns the tokens in hand: when they are due, the one refresh in flight, and the waiting after a
// failure. It knows no keychain and no window. A failed refresh ends nothing; only the server's
// refusal of the refresh token does.
import { failed, succeeded } from '../../shared/failure.ts'
import type { Failure, Outcome } from '../../shared/failure.ts'
import type { Secret } from '../lib/secret.ts'
import type { Cancel, Clock, Random } from '../ports.ts'
import { endsSession } from './auth-failures.ts'
import type { Granted } from './supabase-client.ts'
import { dueInMs, livesForMs } from './token-set.ts'
import type { TokenSet } from './token-set.ts'

export interface RefresherParts {
  readonly clock: Clock
  readonly random: Random
  /** Aborts when the session falls silent: no timer stays, no result counts. */
  readonly signal: AbortSignal
  /** Asks the server; settles within its own deadline and never rejects. */
  readonly exchange: (refresh: Secret) => Promise<Outcome<Granted>>
  readonly renewed: (granted: Granted) => void
  /** The server could not be asked, or gave no answer of its own; `nextTryInMs` from now. */
  readonly postponed: (failure: Failure, nextTryInMs: number) => void
  /** The server refused the refresh token: this session is over. */
  readonly refused: (failure: Failure) => void
}

const backoffFirstMs = 2_000
const backoffCapMs = 30_000
/** Longest single timer; Node takes at most 24.8 days, and clocks drift. */
const longestTimerMs = 3_600_000

export class Refresher {
  readonly #parts: RefresherParts
  #tokens: TokenSet | null = null
  #flight: Promise<Outcome<Secret>> | null = null
  #timer: Cancel | null = null
  #failures = 0
  /** Set while waiting after a failure. */
  #trouble: Failure | null = null

  constructor(parts: RefresherParts) {
    this.#parts = parts
    parts.signal.addEventListener('abort', () => this.#disarm(), { once: true })
  }

  get tokens(): TokenSet | null {
    return this.#tokens
  }

  /** Takes tokens over and sees to their renewal from now on. */
  adopt(tokens: TokenSet): void {
    if (this.#parts.signal.aborted) return
    this.#tokens = tokens
    this.#failures = 0
    this.#trouble = null
    this.#armForDue(tokens)
  }

  /** The access token in hand, renewed first when it is about to die. */
  async current(): Promise<Outcome<Secret>> {
    const tokens = this.#tokens
    if (this.#isSilent() || tokens === null) return none
    if (dueInMs(tokens, this.#parts.clock) > 0) return succeeded(tokens.access)
    const renewed = this.#waiting ?? (await this.refresh())
    if (renewed.ok || this.#tokens !== tokens || this.#isSilent()) return renewed
    // Not renewed, but not dead either: the server decides.
    return livesForMs(tokens, this.#parts.clock) > 0 ? succeeded(tokens.access) : renewed
  }

  /** A server refused this token: answers another one, or why there is none. */
  async renew(refused: Secret): Promise<Outcome<Secret>> {
    const tokens = this.#tokens
    if (this.#isSilent() || tokens === null) return none
    if (!tokens.access.equals(refused)) return this.current()
    const renewed = this.#waiting ?? (await this.refresh())
    if (!renewed.ok || !renewed.value.equals(refused)) return renewed
    return failed('session_revoked', 'the server gave the refused token again')
  }

  /** Asks now, whatever is waited for; whoever asks meanwhile shares the answer (F44). */
  refresh(): Promise<Outcome<Secret>> {
    if (this.#parts.signal.aborted || this.#tokens === null) return Promise.resolve(none)
    this.#flight ??= this.#fly(this.#tokens)
    return this.#flight
  }

  /** After sleep or a network change: no waiting after a failure counts, and due is looked at anew. */
  wake(): void {
    const tokens = this.#tokens
    if (tokens === null) return
    if (this.#trouble !== null || dueInMs(tokens, this.#parts.clock) === 0) void this.refresh()
  }

  /** Lets go of the tokens: nothing is renewed or answered any more. */
  drop(): void {
    this.#disarm()
    this.#tokens = null
  }

  /** The failure that is being waited out; null when a refresh may be asked for, or is under way. */
  get #waiting(): Outcome<never> | null {
    if (this.#trouble === null || this.#flight !== null) return null
    return { ok: false, failure: this.#trouble }
  }

  /** A method, because silence may fall while something is awaited. */
  #isSilent(): boolean {
    return this.#parts.signal.aborted
  }

  async #fly(before: TokenSet): Promise<Outcome<Secret>> {
    this.#disarm()
    const answer = await this.#parts.exchange(before.refresh)
    // Landed before anyone is told: whoever asks again on hearing of it gets a flight of its own.
    this.#flight = null
    // Dropped or silenced meanwhile: a late result has no effect (I2).
    if (this.#parts.signal.aborted || this.#tokens !== before) return none
    if (answer.ok) {
      this.adopt(answer.value.tokens)
      this.#parts.renewed(answer.value)
      return succeeded(answer.value.tokens.access)
    }
    if (endsSession(answer.failure.code)) {
      this.drop()
      this.#parts.refused(answer.failure)
      return answer
    }
    return this.#postpone(before, answer.failure)
  }

  #postpone(tokens: TokenSet, failure: Failure): Outcome<Secret> {
    const { clock, random } = this.#parts
    const cap = Math.min(backoffCapMs, backoffFirstMs * 2 ** Math.min(this.#failures, 16))
    const waitMs = (failure.retryAfterMs ?? 0) + random() * cap
    const lifeMs = livesForMs(tokens, clock)
    this.#failures += 1
    this.#trouble = failure
    // The moment of death is a try of its own, so that the view turns honest when it comes.
    const soon = lifeMs > 0 && failure.retryAfterMs === undefined
    const delayMs = soon ? Math.min(waitMs, lifeMs) : waitMs
    this.#disarm()
    this.#timer = clock.after(delayMs, () => void this.refresh())
    this.#parts.postponed(failure, delayMs)
    return { ok: false, failure }
  }

  #armForDue(tokens: TokenSet): void {
    const dueMs = dueInMs(tokens, this.#parts.clock)
    this.#disarm()
    this.#timer = this.#parts.clock.after(Math.min(dueMs, longestTimerMs), () => {
      if (dueInMs(tokens, this.#parts.clock) > 0) this.#armForDue(tokens)
      else void this.refresh()
    })
  }

  #disarm(): void {
    this.#timer?.()
    this.#timer = null
  }
}

const none = failed('token_missing', 'no session is open')
