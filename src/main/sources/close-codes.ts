import { tokenRefusals } from '../../shared/failure.ts'
import type { Failure, FailureCode } from '../../shared/failure.ts'
import type { SocketEnding } from '../ports.ts'
import { clampRetryAfter } from './backoff.ts'
import { reasonOfError, stoppingErrors } from './error-codes.ts'

/**
 * What an ending means for the wire it ended. Decided here, once, for every source
 * (gateway-protocol §7, faults F6–F26).
 */
export type Verdict =
  /** Finished as agreed. */
  | { readonly kind: 'done' }
  /** The server knows no such job. */
  | { readonly kind: 'gone' }
  /** Temporary: again, after `minDelayMs` plus the usual jitter. */
  | { readonly kind: 'retry'; readonly reason: FailureCode; readonly minDelayMs: number }
  /** The token was refused: one fresh one. `named` is false when the server gave no reason. */
  | { readonly kind: 'refused'; readonly reason: FailureCode; readonly named: boolean }
  /** For good: this stream alone, or everything that the source does. */
  | {
      readonly kind: 'stop'
      readonly reason: FailureCode
      readonly reach: 'stream' | 'source'
    }

/** Least wait when a server says "too many", and between two looks through a captive portal. */
const politeDelayMs = 10_000

export const retry = (
  reason: FailureCode,
  minDelayMs = 0,
): Extract<Verdict, { kind: 'retry' }> => ({
  kind: 'retry',
  reason,
  minDelayMs,
})
const stop = (reason: FailureCode, reach: 'stream' | 'source'): Verdict => ({
  kind: 'stop',
  reason,
  reach,
})

/**
 * The clocks of the servers are apart: another token would be younger still, and this one only has
 * to wait for as long as such clocks may differ (F39).
 */
export const notYetValid = retry('token_not_yet_valid', 30_000)

/**
 * What we end ourselves: what was said does not follow on what was said before (F52). However often
 * that happens it is no reason to stop, since what was missed can be asked for.
 */
export const outOfStep = retry('server_error')

const closeCodes: Readonly<Record<number, Verdict>> = {
  1000: { kind: 'done' },
  1001: retry('unreachable'),
  1002: retry('protocol_error'),
  1003: retry('protocol_error'),
  1005: retry('unreachable'),
  1006: retry('unreachable'),
  1007: retry('protocol_error'),
  1009: retry('protocol_error'),
  1010: retry('protocol_error'),
  1011: retry('server_error'),
  1012: retry('server_error'),
  1013: retry('server_error'),
  1014: retry('server_error'),
  4403: stop('forbidden', 'stream'),
  4404: { kind: 'gone' },
  4409: stop('signed_in_elsewhere', 'source'),
  4429: retry('rate_limited', politeDelayMs),
}

export function classify(ending: SocketEnding): Verdict {
  if (ending.failure !== undefined) return classifyFailure(ending.failure)
  if (ending.status !== null) {
    return classifyStatus(ending.status, ending.reason, ending.retryAfterMs)
  }
  if (ending.errorCode !== null) return classifyError(ending.errorCode)
  const code = ending.code ?? 1006
  if (code === 1008 || code === 4401) return refused(ending.reason)
  return closeCodes[code] ?? retry('server_error')
}

/** An HTTP status where data or 101 should have been; `reason` is the body's `error.code`. */
export function classifyStatus(
  status: number,
  reason: string,
  retryAfterMs: number | null,
): Verdict {
  if (status === 401 || status === 403) {
    return status === 403 && reason === 'forbidden' ? stop('forbidden', 'stream') : refused(reason)
  }
  if (status === 404 || status === 410) return stop('job_unknown', 'stream')
  if (status === 429) {
    return retry('rate_limited', Math.max(politeDelayMs, clampRetryAfter(retryAfterMs)))
  }
  // Somebody else answered: a login page, or a redirect to one. It is neither data nor a refusal.
  if (status < 400 || status === 407 || status === 511)
    return retry('captive_portal', politeDelayMs)
  if (status >= 500) return retry('server_error', clampRetryAfter(retryAfterMs))
  if (status === 408 || status === 425) return retry('timed_out')
  return retry('protocol_error')
}

/** `err.code` of Node, ws, undici or Chromium. */
export function classifyError(errorCode: string): Verdict {
  const stopping = stoppingErrors(errorCode)
  return stopping === null ? retry(reasonOfError(errorCode)) : stop(stopping, 'source')
}

const passing: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'offline',
  'unreachable',
  'name_not_found',
  'timed_out',
  'captive_portal',
  'rate_limited',
  'server_error',
  'bridge_failed',
  'keychain_locked',
  'keychain_unavailable',
  'keychain_write_failed',
])

/** No token could be had. The session decides whether it is over; wires only stop or try later. */
export function classifyFailure(failure: Failure): Verdict {
  return passing.has(failure.code)
    ? retry(failure.code, clampRetryAfter(failure.retryAfterMs ?? null))
    : stop(failure.code, 'source')
}

/** Words beside those of a token's refusal, as Socket.IO servers give them (gateway-protocol §5). */
const otherWords = new Map<string, Verdict>([
  // Whoever hears it has bridged again already.
  ['bridge_required', stop('bridge_refused', 'source')],
  ['bridge_refused', { kind: 'refused', reason: 'bridge_refused', named: true }],
  ['origin_refused', stop('forbidden', 'source')],
  ['too_many_sockets', retry('rate_limited', politeDelayMs)],
  ['too_many_messages', retry('rate_limited', politeDelayMs)],
  ['server_going', retry('server_error')],
  ['verifier_unavailable', retry('server_error')],
])

/**
 * The one word of a refusal. Backends like the seeds' send prose ("Invalid or expired token",
 * "No token provided"); no word at all counts as `forbidden`, unnamed.
 */
function refused(text: string): Verdict {
  const word = /^[a-z_]+/.exec(text)?.[0] ?? ''
  const other = otherWords.get(word)
  if (other !== undefined) return other
  const named = tokenRefusals.find((refusal) => refusal === word)
  if (named === 'token_not_yet_valid') return notYetValid
  if (named !== undefined) return { kind: 'refused', reason: named, named: true }
  if (/expired/i.test(text)) return { kind: 'refused', reason: 'token_expired', named: true }
  if (/no token|missing/i.test(text)) {
    return { kind: 'refused', reason: 'token_missing', named: true }
  }
  return { kind: 'refused', reason: 'forbidden', named: false }
}
