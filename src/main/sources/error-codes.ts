import type { FailureCode } from '../../shared/failure.ts'

/** What the runner itself reports when its wall-clock deadline for a dial has passed. */
export const dialTimeout = 'DIAL_TIMEOUT'

const reasons: Readonly<Record<string, FailureCode>> = {
  ENOTFOUND: 'name_not_found',
  EAI_AGAIN: 'name_not_found',
  EAI_NODATA: 'name_not_found',
  ERR_NAME_NOT_RESOLVED: 'name_not_found',
  ENETUNREACH: 'offline',
  ENETDOWN: 'offline',
  EADDRNOTAVAIL: 'offline',
  ERR_INTERNET_DISCONNECTED: 'offline',
  ETIMEDOUT: 'timed_out',
  UND_ERR_CONNECT_TIMEOUT: 'timed_out',
  UND_ERR_HEADERS_TIMEOUT: 'timed_out',
  UND_ERR_BODY_TIMEOUT: 'timed_out',
  [dialTimeout]: 'timed_out',
  EPROTO: 'protocol_error',
}

const certificateErrors =
  /^(CERT_|ERR_CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET|DECRYPT|DECODE)|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|CRL_)/
const protocolErrors = /^(WS_ERR_|HPE_|ERR_SSL_|ERR_HTTP_|UND_ERR_)/

/** Why a passing error happened, for the operator. */
export function reasonOfError(errorCode: string): FailureCode {
  return reasons[errorCode] ?? (protocolErrors.test(errorCode) ? 'protocol_error' : 'unreachable')
}

/**
 * Errors that no retry can mend, or null. A certificate is never waved through: there is no
 * "ignore", and the token has not been sent when it is checked (F10–F12, I16).
 */
export function stoppingErrors(errorCode: string): FailureCode | null {
  if (certificateErrors.test(errorCode)) return 'tls_untrusted'
  if (errorCode === 'ERR_INVALID_CHAR') return 'token_malformed'
  if (errorCode === 'ERR_INVALID_URL') return 'profile_invalid'
  return null
}
