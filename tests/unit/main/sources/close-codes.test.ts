import { describe, expect, it } from 'vitest'
import { classify, classifyFailure } from '../../../../src/main/sources/close-codes.ts'
import { ending } from '../../../support/socket-endings.ts'

const retry = (reason: string, minDelayMs = 0) => ({ kind: 'retry', reason, minDelayMs })
const stop = (reason: string, reach = 'source') => ({ kind: 'stop', reason, reach })
const refused = (reason: string, named = true) => ({ kind: 'refused', reason, named })

describe('classify', () => {
  it.each([
    [{ code: 1000 }, { kind: 'done' }],
    [{ code: 1001 }, retry('unreachable')],
    [{ code: 1006 }, retry('unreachable')],
    [{ code: 1011 }, retry('server_error')],
    [{ code: 1012 }, retry('server_error')],
    [{ code: 1013 }, retry('server_error')],
    [{ code: 4404 }, { kind: 'gone' }],
    [{ code: 4403 }, stop('forbidden', 'stream')],
    [{ code: 4409 }, stop('signed_in_elsewhere')],
    [{ code: 4429 }, retry('rate_limited', 10_000)],
    [{ code: 4999 }, retry('server_error')],
  ])('reads the close code in %j', (some, verdict) => {
    expect(classify(ending(some))).toEqual(verdict)
  })

  it.each([
    [{ code: 1008, reason: 'token_expired' }, refused('token_expired')],
    [{ code: 1008, reason: 'token_signature: wrong project' }, refused('token_signature')],
    [{ code: 1008, reason: 'Invalid or expired token' }, refused('token_expired')],
    [{ code: 1008, reason: 'No token provided' }, refused('token_missing')],
    [{ code: 1008, reason: 'token_not_yet_valid' }, retry('token_not_yet_valid', 30_000)],
    [{ status: 401, reason: 'token_not_yet_valid' }, retry('token_not_yet_valid', 30_000)],
    [{ code: 4401, reason: 'session_revoked' }, refused('session_revoked')],
    [{ code: 1008 }, refused('forbidden', false)],
    [{ status: 401 }, refused('forbidden', false)],
    [{ status: 401, reason: 'token_missing' }, refused('token_missing')],
    [{ status: 403 }, refused('forbidden', false)],
    [{ status: 403, reason: 'forbidden' }, stop('forbidden', 'stream')],
  ])('tells why a token was refused in %j', (some, verdict) => {
    expect(classify(ending(some))).toEqual(verdict)
  })

  it.each([
    [200, retry('captive_portal', 10_000)],
    [302, retry('captive_portal', 10_000)],
    [400, retry('protocol_error')],
    [401, refused('forbidden')],
    [403, stop('forbidden', 'stream')],
    [404, stop('job_unknown', 'stream')],
    [407, retry('captive_portal', 10_000)],
    [408, retry('timed_out')],
    [410, stop('job_unknown', 'stream')],
    [418, retry('protocol_error')],
    [425, retry('timed_out')],
    [429, retry('rate_limited', 10_000)],
    [500, retry('server_error')],
    [503, retry('server_error')],
    [511, retry('captive_portal', 10_000)],
  ])('reads the status %i', (status, verdict) => {
    expect(classify(ending({ status, reason: 'forbidden' }))).toEqual(verdict)
  })

  it.each([
    ['bridge_required', stop('bridge_refused')],
    ['bridge_refused', refused('bridge_refused')],
    ['origin_refused', stop('forbidden')],
    ['too_many_sockets', retry('rate_limited', 10_000)],
    ['too_many_messages', retry('rate_limited', 10_000)],
    ['server_going', retry('server_error')],
    ['verifier_unavailable', retry('server_error')],
    ['constructor', refused('forbidden', false)],
    ['not server_going', refused('forbidden', false)],
    ['a token_signature', refused('forbidden', false)],
  ])('reads the word %s of a Socket.IO server', (reason, verdict) => {
    expect(classify(ending({ code: 1008, reason }))).toEqual(verdict)
  })

  it.each([
    ['bridge_failed', retry('bridge_failed')],
    ['bridge_refused', stop('bridge_refused')],
    ['unreachable', retry('unreachable')],
  ] as const)('S4: lets a bridge that came first and was %s be the reason', (code, verdict) => {
    const failure = { code, message: 'no session was bridged' }
    expect(classify(ending({ code: 1006, failure }))).toEqual(verdict)
  })

  it.each([
    ['F13', { status: 200 }, retry('captive_portal', 10_000)],
    ['F14', { status: 302 }, retry('captive_portal', 10_000)],
    ['F15', { status: 502 }, retry('server_error')],
    ['F15', { status: 503, retryAfterMs: 7_000 }, retry('server_error', 7_000)],
    ['F15', { status: 503, retryAfterMs: 3_600_000 }, retry('server_error', 60_000)],
    ['F15', { status: 503, retryAfterMs: 0 }, retry('server_error', 1_000)],
    ['F16', { status: 429 }, retry('rate_limited', 10_000)],
    ['F16', { status: 429, retryAfterMs: 30_000 }, retry('rate_limited', 30_000)],
    ['F50', { status: 404 }, stop('job_unknown', 'stream')],
    ['F19', { status: 400 }, retry('protocol_error')],
  ])('%s: reads the answer to an upgrade in %j', (_fault, some, verdict) => {
    expect(classify(ending(some))).toEqual(verdict)
  })

  it.each([
    ['F6', 'ECONNREFUSED', retry('unreachable')],
    ['F1', 'ECONNRESET', retry('unreachable')],
    ['F7', 'ETIMEDOUT', retry('timed_out')],
    ['F8', 'ENOTFOUND', retry('name_not_found')],
    ['F9', 'EAI_AGAIN', retry('name_not_found')],
    ['F4', 'ENETUNREACH', retry('offline')],
    ['F10', 'DEPTH_ZERO_SELF_SIGNED_CERT', stop('tls_untrusted')],
    ['F10', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', stop('tls_untrusted')],
    ['F10', 'ERR_CERT_AUTHORITY_INVALID', stop('tls_untrusted')],
    ['F11', 'CERT_HAS_EXPIRED', stop('tls_untrusted')],
    ['F12', 'ERR_TLS_CERT_ALTNAME_INVALID', stop('tls_untrusted')],
    ['F17', 'DIAL_TIMEOUT', retry('timed_out')],
    ['F19', 'HPE_HEADER_OVERFLOW', retry('protocol_error')],
    ['F21', 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', retry('protocol_error')],
    ['F24', 'WS_ERR_INVALID_UTF8', retry('protocol_error')],
    ['F49', 'ERR_INVALID_CHAR', stop('token_malformed')],
  ])('%s: reads the error %s', (_fault, errorCode, verdict) => {
    expect(classify(ending({ errorCode }))).toEqual(verdict)
  })

  it('judges a broken protocol by the error, not by the close code that hides it', () => {
    const broken = ending({ code: 1006, errorCode: 'WS_ERR_INVALID_OPCODE' })
    expect(classify(broken)).toEqual(retry('protocol_error'))
  })
})

describe('classifyFailure', () => {
  it('waits when no token could be had for a passing reason', () => {
    expect(classifyFailure({ code: 'unreachable', message: '' })).toEqual(retry('unreachable'))
    expect(classifyFailure({ code: 'rate_limited', message: '', retryAfterMs: 12_000 })).toEqual(
      retry('rate_limited', 12_000),
    )
  })

  it('stops when the session is over', () => {
    expect(classifyFailure({ code: 'session_ended', message: '' })).toEqual(stop('session_ended'))
  })
})
