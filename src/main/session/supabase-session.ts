// Owns one operator's Supabase session: restores it, signs in, keeps it fresh, ends it. It knows no
// socket and no job; tokens leave it only as `Secret`s. Everything it starts hangs on a scope of its
// own, below the workspace's: once that is silent, no late result of any kind has an effect (I2).
import { failed, succeeded } from '../../shared/failure.ts'
import type { Failure, FailureCode, Outcome } from '../../shared/failure.ts'
import type { Profile } from '../../shared/profile.ts'
import type { Keeping, SessionView } from '../../shared/workspace.ts'
import { Emitter } from '../lib/emitter.ts'
import type { Off } from '../lib/emitter.ts'
import type { Log } from '../lib/log.ts'
import type { Scope } from '../lib/scope.ts'
import type { Secret } from '../lib/secret.ts'
import type { Clock, HttpFetch, Random } from '../ports.ts'
import { AuthTransport } from './auth-transport.ts'
import type { Erasure } from './chunked-entry.ts'
import type { Operator, OperatorSession, SessionEnding } from './operator-session.ts'
import { Refresher } from './refresher.ts'
import { revoke } from './revocation.ts'
import type { Revocation } from './revocation.ts'
import { next, startState, viewOf } from './session-state.ts'
import type { SessionEvent, SessionState } from './session-state.ts'
import type { SessionVault } from './session-vault.ts'
import { AuthCalls } from './supabase-client.ts'
import type { Granted } from './supabase-client.ts'
import { livesForMs, tokensOfEntry } from './token-set.ts'
import type { TokenAnswer, TokenSet } from './token-set.ts'

export interface SupabaseSessionParts {
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  readonly fetch: HttpFetch
  readonly profile: Profile
  readonly vault: SessionVault
  readonly log: Log
}

/** Sign-out answers by then, whatever the keychain does, in milliseconds. */
const erasureMs = 900
/** Closing the app waits this long for a write that is under way (F71), in milliseconds. */
const flushMs = 700

export class SupabaseSession implements OperatorSession {
  readonly #parts: SupabaseSessionParts
  readonly #scope: Scope
  readonly #auth: AuthCalls
  readonly #transport: AuthTransport
  readonly #vault: SessionVault
  readonly #refresher: Refresher
  readonly #changed = new Emitter<undefined>()
  readonly #renewed = new Emitter<undefined>()
  readonly #ended = new Emitter<FailureCode>()
  #state: SessionState = startState
  #operator: Operator | null = null
  #ending: Promise<SessionEnding> | null = null

  constructor(parts: SupabaseSessionParts) {
    const { scope, clock, fetch, profile, random, vault } = parts
    const { signal } = scope
    this.#parts = parts
    this.#scope = scope
    this.#auth = new AuthCalls(profile, clock)
    this.#transport = new AuthTransport({ fetch, clock, signal })
    this.#vault = vault
    this.#refresher = new Refresher({
      clock,
      random,
      signal,
      exchange: (refresh) => this.#auth.refresh(this.#transport, refresh),
      renewed: (granted) => this.#onRenewed(granted),
      postponed: (failure, nextTryInMs) => this.#onPostponed(failure, nextTryInMs),
      refused: ({ code }) => this.#endBy(code),
    })
    scope.own(() => this.#vault.settled(flushMs))
    scope.own(this.#vault.onChanged(() => this.#emitChanged()))
  }

  get view(): SessionView {
    return viewOf(this.#state)
  }

  get operator(): Operator | null {
    return this.#operator
  }

  get keeping(): Keeping {
    return this.#vault.keeping
  }

  onChanged = (listener: () => void): Off => this.#changed.on(listener)
  onRenewed = (listener: () => void): Off => this.#renewed.on(listener)
  onEnded = (listener: (reason: FailureCode) => void): Off => this.#ended.on(listener)

  current = (): Promise<Outcome<Secret>> => this.#refresher.current()
  renew = (refused: Secret): Promise<Outcome<Secret>> => this.#refresher.renew(refused)
  wake = (): void => this.#refresher.wake()

  restore = async (): Promise<Outcome<boolean>> => {
    if (!this.#step({ kind: 'restore-started' })) return busy
    const kept = await this.#vault.read()
    if (this.#scope.closed) return cancelled
    switch (kept.kind) {
      case 'present':
        return this.#resume(kept.tokens)
      case 'absent':
      case 'unavailable':
        this.#step({ kind: 'nothing-kept', reason: null })
        return succeeded(false)
      case 'locked':
      case 'timeout':
        this.#step({ kind: 'keychain-found-locked' })
        return failed('keychain_locked', `the keychain answered ${kept.kind}`)
      default:
        return kept satisfies never
    }
  }

  unlock = async (): Promise<Outcome<boolean>> => {
    if (this.#state.kind === 'keychain-locked') return this.restore()
    if (this.keeping !== 'keychain-locked') return succeeded(this.keeping === 'keychain')
    return (await this.#vault.retry())
      ? succeeded(true)
      : failed('keychain_locked', 'the keychain is still locked')
  }

  signIn = async (email: string, password: Secret): Promise<Outcome<Operator>> => {
    if (!this.#step({ kind: 'sign-in-started' })) return busy
    const granted = await this.#auth.signIn(this.#transport, { email, password })
    if (this.#scope.closed) return cancelled
    if (!granted.ok) {
      this.#step({ kind: 'sign-in-failed', reason: granted.failure.code })
      return granted
    }
    this.#refresher.adopt(granted.value.tokens)
    return succeeded(this.#take(granted.value))
  }

  signOut: OperatorSession['signOut'] = (how) => {
    this.#ending ??= this.#signOut(how)
    return this.#ending
  }

  async #signOut(how: Parameters<OperatorSession['signOut']>[0]): Promise<SessionEnding> {
    const { clock, fetch } = this.#parts
    const tokens = this.#refresher.tokens
    const before = this.#state
    this.#step({ kind: 'ended', reason: null })
    this.#refresher.drop()
    // Sealed before anything is awaited, erased before the server is asked.
    const erasing = this.#within(erasureMs, this.#vault.erase())
    void this.#scope.close('signed out')
    const asked = how.askServer && tokens !== null
    const revoking = asked
      ? revoke({ auth: this.#auth, fetch, clock, tokens, everywhere: how.everywhere })
      : Promise.resolve(unasked(before))
    const [erasure, { server, note }] = await Promise.all([erasing, revoking])
    return {
      server,
      keychainErased: erasure.erased,
      keychainLeft: erasure.left,
      requestsEnded: this.#transport.cutShort,
      notes: [...(note === null ? [] : [note]), ...(erasure.left === 0 ? [] : [lockedNote])],
    }
  }

  #resume(entry: TokenAnswer): Outcome<boolean> {
    const { clock, profile } = this.#parts
    const { tenantClaim } = profile
    const tokens = tokensOfEntry(entry, { atMs: clock.monotonic(), clock, tenantClaim })
    if (!tokens.ok) {
      void this.#vault.discard()
      const broken = tokens.failure.code === 'token_malformed'
      this.#step({ kind: 'nothing-kept', reason: broken ? null : tokens.failure.code })
      return broken ? succeeded(false) : tokens
    }
    this.#operator = operatorOf(tokens.value)
    this.#refresher.adopt(tokens.value)
    if (livesForMs(tokens.value, clock) > 0) {
      this.#hold(tokens.value)
    } else {
      // Not a sign-out: the server has not been asked yet, and may be out of reach for days.
      this.#step({ kind: 'token-doubted', reason: 'token_expired', nextTryAtMs: clock.now() })
      void this.#refresher.refresh()
    }
    return succeeded(true)
  }

  #onRenewed(granted: Granted): void {
    this.#take(granted)
    this.#emit(() => this.#renewed.emit(undefined))
  }

  #take({ tokens, answer }: Granted): Operator {
    const operator = operatorOf(tokens)
    this.#operator = operator
    this.#vault.keep(answer)
    this.#hold(tokens)
    return operator
  }

  #hold(tokens: TokenSet): void {
    const { clock } = this.#parts
    this.#step({ kind: 'token-held', expiresAtMs: clock.now() + livesForMs(tokens, clock) })
  }

  #onPostponed(failure: Failure, nextTryInMs: number): void {
    const { clock, log } = this.#parts
    log.warn('the session could not be refreshed', { code: failure.code, nextTryInMs })
    const tokens = this.#refresher.tokens
    if (tokens !== null && livesForMs(tokens, clock) > 0) return
    const nextTryAtMs = clock.now() + nextTryInMs
    this.#step({ kind: 'token-doubted', reason: failure.code, nextTryAtMs })
  }

  /** The server ended it. What is kept goes at once; the workspace closes on hearing of it. */
  #endBy(reason: FailureCode): void {
    this.#parts.log.warn('the server ended the session', { code: reason })
    void this.#vault.erase()
    this.#step({ kind: 'ended', reason })
    this.#emit(() => this.#ended.emit(reason))
  }

  /** Answers whether the event changed anything. */
  #step(event: SessionEvent): boolean {
    const before = this.#state
    this.#state = next(before, event)
    if (this.#state === before) return false
    this.#emitChanged()
    return true
  }

  #emitChanged(): void {
    this.#emit(() => this.#changed.emit(undefined))
  }

  /** A listener's bug is the listener's: it must not stop a refresh or a sign-out half-way. */
  #emit(emit: () => void): void {
    if (this.#scope.closed) return
    try {
      emit()
    } catch (error) {
      this.#parts.log.error('a listener of the session failed', { name: nameOf(error) })
    }
  }

  async #within(limitMs: number, erasing: Promise<Erasure>): Promise<Erasure> {
    const { promise: late, resolve } = Promise.withResolvers<Erasure>()
    const disarm = this.#parts.clock.after(limitMs, () => resolve({ erased: 0, left: 1 }))
    const erasure = await Promise.race([erasing, late])
    disarm()
    return erasure
  }
}

function operatorOf({ claims }: TokenSet): Operator {
  return { userId: claims.userId, email: claims.email, tenants: claims.tenants }
}

/** Nothing to revoke with: the server ended it itself, or there was no session. */
function unasked(before: SessionState): Revocation {
  const ended = before.kind === 'ended' && before.reason !== null
  return { server: { kind: ended ? 'already-ended' : 'not-asked' }, note: null }
}

const busy = failed('cancelled', 'the session is busy with something else')
const cancelled = failed('cancelled', 'the session was closed meanwhile')
const lockedNote: FailureCode = 'keychain_locked'
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)
