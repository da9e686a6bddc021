import type { FailureCode } from '../../shared/failure.ts'
import { failureOfNetworkError } from '../lib/network-errors.ts'

/** What the runner itself reports when its wall-clock deadline for a dial has passed. */
export const dialTimeout = 'DIAL_TIMEOUT'

/** Why a passing error happened, for the operator. */
export function reasonOfError(errorCode: string): FailureCode {
  return errorCode === dialTimeout ? 'timed_out' : failureOfNetworkError(errorCode)
}

/**
 * Errors that no retry can mend, or null. A certificate is never waved through: there is no
 * "ignore", and the token has not been sent when it is checked (F10–F12, I16).
 */
export function stoppingErrors(errorCode: string): FailureCode | null {
  if (errorCode === 'ERR_INVALID_CHAR') return 'token_malformed'
  if (errorCode === 'ERR_INVALID_URL') return 'profile_invalid'
  const failure = failureOfNetworkError(errorCode)
  return failure === 'tls_untrusted' || failure === 'clock_wrong' ? failure : null
}

/** `err.code` of something thrown. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'ERR_UNKNOWN'
}

/** What a failed `fetch` failed of; its own error says little. */
export function networkErrorCode(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  // Chromium's stack gives its code only in the message: `net::ERR_CERT_DATE_INVALID`.
  const netCode = cause instanceof Error ? /net::(ERR_[A-Z_]+)/.exec(cause.message)?.[1] : undefined
  return netCode ?? codeOf(cause)
}
