import type { FailureCode } from '../../shared/failure.ts'

/** In place of an `err.code`: a certificate was refused for its dates by a clock that is wrong. */
export const clockWrong = 'CLOCK_WRONG'

/** `err.code` of Node, undici, ws or Chromium's network stack, where it means one thing. */
const byCode = new Map<string, FailureCode>([
  ['ENOTFOUND', 'name_not_found'],
  ['EAI_AGAIN', 'name_not_found'],
  ['EAI_NODATA', 'name_not_found'],
  ['ERR_NAME_NOT_RESOLVED', 'name_not_found'],
  ['ENETUNREACH', 'offline'],
  ['ENETDOWN', 'offline'],
  ['EADDRNOTAVAIL', 'offline'],
  ['ERR_INTERNET_DISCONNECTED', 'offline'],
  ['ETIMEDOUT', 'timed_out'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timed_out'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timed_out'],
  ['UND_ERR_BODY_TIMEOUT', 'timed_out'],
  ['ERR_TIMED_OUT', 'timed_out'],
  ['ERR_CONNECTION_TIMED_OUT', 'timed_out'],
  ['UND_ERR_SOCKET', 'unreachable'],
  [clockWrong, 'clock_wrong'],
])

const certificate =
  /^(CERT_|ERR_CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET|DECRYPT|DECODE)|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|CRL_)/
const garbage = /^(WS_ERR_|HPE_|ERR_SSL_|ERR_HTTP_|ERR_INVALID_(HTTP_)?RESPONSE$|UND_ERR_|EPROTO$)/

/** Why the way to a server failed, for the operator; `unreachable` when nothing more is known. */
export function failureOfNetworkError(errorCode: string): FailureCode {
  if (certificate.test(errorCode)) return 'tls_untrusted'
  return byCode.get(errorCode) ?? (garbage.test(errorCode) ? 'protocol_error' : 'unreachable')
}

/** Whether a certificate was refused for the time that it is good for. */
export const isRefusedByDate = (errorCode: string): boolean =>
  /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|ERR_CERT_DATE_INVALID)$/.test(errorCode)
