import { describe, expect, it } from 'vitest'
import { classifyError } from '../../../../src/main/sources/close-codes.ts'
import { codeOf, networkErrorCode } from '../../../../src/main/sources/error-codes.ts'

const coded = (code: unknown, message = ''): Error => Object.assign(new Error(message), { code })

const passing = {
  name_not_found: ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'ERR_NAME_NOT_RESOLVED'],
  offline: ['ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'ERR_INTERNET_DISCONNECTED'],
  timed_out: [
    'DIAL_TIMEOUT',
    'ETIMEDOUT',
    'UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_HEADERS_TIMEOUT',
    'UND_ERR_BODY_TIMEOUT',
    'ERR_TIMED_OUT',
    'ERR_CONNECTION_TIMED_OUT',
  ],
  unreachable: [
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'EHOSTUNREACH',
    'UND_ERR_SOCKET',
    'ERR_CONNECTION_REFUSED',
    'ERR_PROXY_CONNECTION_FAILED',
    'ERR_UNKNOWN',
    'NOT_CERT_HAS_EXPIRED',
    '',
  ],
  protocol_error: [
    'WS_ERR_INVALID_UTF8',
    'WS_ERR_HANDSHAKE',
    'HPE_INVALID_CONSTANT',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_HTTP_INVALID_STATUS_CODE',
    'ERR_INVALID_RESPONSE',
    'ERR_INVALID_HTTP_RESPONSE',
    'UND_ERR_RESPONSE_STATUS_CODE',
    'EPROTO',
  ],
} as const

const stopping = {
  tls_untrusted: [
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'ERR_CERT_DATE_INVALID',
    'ERR_CERT_AUTHORITY_INVALID',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'HOSTNAME_MISMATCH',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'CRL_HAS_EXPIRED',
  ],
  clock_wrong: ['CLOCK_WRONG'],
  token_malformed: ['ERR_INVALID_CHAR'],
  profile_invalid: ['ERR_INVALID_URL'],
} as const

const each = (table: Readonly<Record<string, readonly string[]>>): [string, string][] =>
  Object.entries(table).flatMap(([reason, codes]) =>
    codes.map((code): [string, string] => [code, reason]),
  )

describe('the error code', () => {
  it.each(each(passing))('"%s" is worth another try: %s', (code, reason) => {
    expect(classifyError(code)).toEqual({ kind: 'retry', reason, minDelayMs: 0 })
  })

  it.each(each(stopping))('%s stops the source: %s', (code, reason) => {
    expect(classifyError(code)).toEqual({ kind: 'stop', reason, reach: 'source' })
  })
})

describe('codeOf', () => {
  it.each([
    [coded('ECONNRESET'), 'ECONNRESET'],
    [coded(7), 'ERR_UNKNOWN'],
    [coded(undefined), 'ERR_UNKNOWN'],
    [new Error('ECONNRESET'), 'ERR_UNKNOWN'],
    [{ code: 'ECONNRESET' }, 'ERR_UNKNOWN'],
    ['ECONNRESET', 'ERR_UNKNOWN'],
    [null, 'ERR_UNKNOWN'],
    [undefined, 'ERR_UNKNOWN'],
  ])('of %o is %s', (thrown, code) => {
    expect(codeOf(thrown)).toBe(code)
  })
})

describe('networkErrorCode', () => {
  const because = (cause: unknown): Error => new TypeError('fetch failed', { cause })

  it.each([
    ['its cause', because(coded('ENOTFOUND')), 'ENOTFOUND'],
    ['its own code', coded('ERR_INVALID_URL'), 'ERR_INVALID_URL'],
    [
      'its own code beside a cause that is no error',
      Object.assign(because({ code: 'ENOTFOUND' }), { code: 'ERR_X' }),
      'ERR_X',
    ],
    ['its own message', new Error('net::ERR_CERT_DATE_INVALID'), 'ERR_CERT_DATE_INVALID'],
    [
      "its cause's message",
      because(new Error('failed: net::ERR_INTERNET_DISCONNECTED at x')),
      'ERR_INTERNET_DISCONNECTED',
    ],
    ['the message before the code', coded('X', 'net::ERR_TIMED_OUT'), 'ERR_TIMED_OUT'],
    ['nothing in a message without a code', new Error('ERR_TIMED_OUT'), 'ERR_UNKNOWN'],
    ['nothing in a cause without a code', because(new Error('closed')), 'ERR_UNKNOWN'],
    ['nothing in what is no error', { cause: coded('ENOTFOUND') }, 'ERR_UNKNOWN'],
    ['nothing in words', 'net::ERR_TIMED_OUT', 'ERR_UNKNOWN'],
    ['nothing in nothing', undefined, 'ERR_UNKNOWN'],
  ])('is read from %s', (_, error, code) => {
    expect(networkErrorCode(error)).toBe(code)
  })
})
