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
  return failureOfNetworkError(errorCode) === 'tls_untrusted' ? 'tls_untrusted' : null
}

/** `err.code` of something thrown. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'ERR_UNKNOWN'
}
