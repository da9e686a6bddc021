import type { FailureCode } from '../../shared/failure.ts'
import type { Verdict } from './close-codes.ts'

/** What a connection remembers from one dial to the next. */
export interface Tries {
  /** Failed dials since a connection last proved itself (10 s up and one valid message). */
  readonly failures: number
  /** Protocol errors among them, in a row. */
  readonly strikes: number
  /** When a refused token was last replaced: monotonic milliseconds; null is "not yet". */
  readonly renewedAtMs: number | null
  /** Whether a connection proved itself with the replaced token. */
  readonly renewalProven: boolean
  /** Why the last dial or connection ended. */
  readonly reason: FailureCode | null
}

export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'dialling'; readonly tries: Tries }
  | { readonly kind: 'open'; readonly tries: Tries }
  | { readonly kind: 'waiting'; readonly tries: Tries; readonly minDelayMs: number }
  | { readonly kind: 'renewing'; readonly tries: Tries }
  | {
      readonly kind: 'stopped'
      readonly reason: FailureCode
      readonly reach: 'stream' | 'source'
    }
  | { readonly kind: 'done'; readonly gone: boolean }

export interface Ended {
  readonly kind: 'ended'
  readonly verdict: Verdict
  /** The connection was up for 10 s and brought one valid message. */
  readonly proven: boolean
  /** The token may still be offered in the other form (header, then query). */
  readonly otherForm: boolean
  readonly nowMs: number
}

export type ConnectionEvent =
  | { readonly kind: 'started' | 'opened' | 'due' | 'woken' | 'finished' }
  | { readonly kind: 'renewed'; readonly nowMs: number }
  | { readonly kind: 'renewal-failed'; readonly verdict: Verdict }
  | Ended

const fresh: Tries = {
  failures: 0,
  strikes: 0,
  renewedAtMs: null,
  renewalProven: false,
  reason: null,
}
/** Protocol errors in a row after which a peer is taken for broken (F19, F25). */
const maxStrikes = 5
/** A token refused again within this time of its renewal ends the matter (F47). */
const renewalHoldsMs = 60_000

/** Pure and total: an event that means nothing in a state answers that same state. */
export function next(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.kind === 'stopped' || state.kind === 'done') return state
  switch (event.kind) {
    case 'started':
      return state.kind === 'idle' ? { kind: 'dialling', tries: fresh } : state
    case 'opened':
      return state.kind === 'dialling' ? { kind: 'open', tries: state.tries } : state
    case 'due':
    case 'woken':
      return state.kind === 'waiting' ? { kind: 'dialling', tries: state.tries } : state
    case 'finished':
      return { kind: 'done', gone: false }
    case 'renewed':
      if (state.kind !== 'renewing') return state
      return {
        kind: 'dialling',
        tries: { ...state.tries, renewedAtMs: event.nowMs, renewalProven: false },
      }
    case 'renewal-failed':
      return state.kind === 'renewing' ? fail(state.tries, event.verdict) : state
    case 'ended':
      return state.kind === 'dialling' || state.kind === 'open' ? end(state.tries, event) : state
    default:
      return event satisfies never
  }
}

function end(before: Tries, { verdict, proven, otherForm, nowMs }: Ended): ConnectionState {
  const tries = proven ? { ...before, failures: 0, strikes: 0, renewalProven: true } : before
  if (verdict.kind !== 'refused') return fail(tries, verdict)
  if (otherForm) return { kind: 'dialling', tries: { ...tries, reason: verdict.reason } }
  const { renewedAtMs } = tries
  const triedAlready =
    renewedAtMs !== null && (!tries.renewalProven || nowMs - renewedAtMs < renewalHoldsMs)
  if (triedAlready) return { kind: 'stopped', reason: verdict.reason, reach: 'source' }
  return { kind: 'renewing', tries: { ...tries, reason: verdict.reason } }
}

function fail(tries: Tries, verdict: Verdict): ConnectionState {
  switch (verdict.kind) {
    case 'done':
      return { kind: 'done', gone: false }
    case 'gone':
      return { kind: 'done', gone: true }
    case 'stop':
      return { kind: 'stopped', reason: verdict.reason, reach: verdict.reach }
    case 'refused':
      return { kind: 'stopped', reason: verdict.reason, reach: 'source' }
    case 'retry': {
      const { reason, minDelayMs } = verdict
      const strikes = reason === 'protocol_error' ? tries.strikes + 1 : 0
      if (strikes >= maxStrikes) return { kind: 'stopped', reason, reach: 'stream' }
      return {
        kind: 'waiting',
        minDelayMs,
        tries: { ...tries, failures: tries.failures + 1, strikes, reason },
      }
    }
    default:
      return verdict satisfies never
  }
}
