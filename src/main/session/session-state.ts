import type { FailureCode } from '../../shared/failure.ts'
import type { SessionView } from '../../shared/workspace.ts'

/** Where a session stands. `ended` is final: a new session is a new object. */
export type SessionState =
  | { readonly kind: 'signed-out'; readonly reason: FailureCode | null }
  | { readonly kind: 'restoring' }
  | { readonly kind: 'signing-in' }
  | { readonly kind: 'keychain-locked' }
  | { readonly kind: 'signed-in'; readonly expiresAtMs: number }
  | {
      readonly kind: 'unconfirmed'
      readonly reason: FailureCode
      readonly nextTryAtMs: number | null
    }
  | { readonly kind: 'ended'; readonly reason: FailureCode | null }

export type SessionEvent =
  | { readonly kind: 'restore-started' | 'keychain-found-locked' }
  /** Nothing was kept, or (with a reason) nothing of use. */
  | { readonly kind: 'nothing-kept'; readonly reason: FailureCode | null }
  | { readonly kind: 'sign-in-started' }
  | { readonly kind: 'sign-in-failed'; readonly reason: FailureCode }
  /** A token is in hand and alive: after sign-in, restore or refresh. */
  | { readonly kind: 'token-held'; readonly expiresAtMs: number }
  /** The token in hand is dead, or not known to be alive, and cannot be renewed right now. */
  | {
      readonly kind: 'token-doubted'
      readonly reason: FailureCode
      readonly nextTryAtMs: number | null
    }
  /** Refused by the server, or signed out by the operator (`reason` null). */
  | { readonly kind: 'ended'; readonly reason: FailureCode | null }

export const startState: SessionState = { kind: 'signed-out', reason: null }

/** Pure and total; an event that does not fit the state changes nothing. */
export function next(state: SessionState, event: SessionEvent): SessionState {
  if (state.kind === 'ended') return state
  switch (event.kind) {
    case 'restore-started':
      return atRest(state) ? { kind: 'restoring' } : state
    case 'sign-in-started':
      return atRest(state) ? { kind: 'signing-in' } : state
    case 'keychain-found-locked':
      return state.kind === 'restoring' ? { kind: 'keychain-locked' } : state
    case 'nothing-kept':
      return state.kind === 'restoring' ? { kind: 'signed-out', reason: event.reason } : state
    case 'sign-in-failed':
      return state.kind === 'signing-in' ? { kind: 'signed-out', reason: event.reason } : state
    case 'token-held':
      return atRest(state) ? state : { kind: 'signed-in', expiresAtMs: event.expiresAtMs }
    case 'token-doubted':
      return atRest(state) || state.kind === 'signing-in'
        ? state
        : { kind: 'unconfirmed', reason: event.reason, nextTryAtMs: event.nextTryAtMs }
    case 'ended':
      return { kind: 'ended', reason: event.reason }
    default:
      return event satisfies never
  }
}

/** No token in hand and nothing under way: only the operator can change this. */
const atRest = (state: SessionState): boolean =>
  state.kind === 'signed-out' || state.kind === 'keychain-locked'

/** What the window is told. */
export function viewOf(state: SessionState): SessionView {
  return state.kind === 'ended' ? { kind: 'signed-out', reason: state.reason } : state
}
