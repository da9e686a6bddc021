import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  endsSession,
  failureOfAnswer,
  failureOfError,
} from '../../../../src/main/session/auth-failures.ts'
import { failureCodes } from '../../../../src/shared/failure.ts'
import type { FailureCode } from '../../../../src/shared/failure.ts'

const json = { 'content-type': 'application/json' }
const answer = (status: number, body: unknown, headers: Record<string, string> = json) => ({
  status,
  headers: new Headers(headers),
  text: typeof body === 'string' ? body : JSON.stringify(body),
  sentAtMs: 0,
})
const coded = (code: string) => ({ code, message: 'words' })

describe('what the auth server says', () => {
  it.each<[string, number, unknown, FailureCode | null]>([
    ['a session', 200, { access_token: 'x' }, null],
    ['nothing, after a logout', 204, '', null],
    ['a wrong password', 400, coded('invalid_credentials'), 'credentials_wrong'],
    ['an unconfirmed address', 400, coded('email_not_confirmed'), 'email_not_confirmed'],
    ['a banned user', 400, coded('user_banned'), 'user_banned'],
    [
      'a refresh token used twice',
      400,
      coded('refresh_token_already_used'),
      'session_used_elsewhere',
    ],
    ['an unknown refresh token', 400, coded('refresh_token_not_found'), 'session_ended'],
    ['a session that timed out', 400, coded('session_expired'), 'session_ended'],
    ['a session that is gone', 403, coded('session_not_found'), 'session_ended'],
    ['a user that is gone', 403, coded('user_not_found'), 'session_ended'],
    ['an access token it does not take', 403, coded('bad_jwt'), 'session_revoked'],
    ['a code of before 2024', 400, { code: 400, error_code: 'user_banned' }, 'user_banned'],
    ['OAuth’s invalid_grant', 400, { error: 'invalid_grant' }, 'session_ended'],
    [
      'a token of another server',
      400,
      { code: 'validation_failed', message: 'Invalid Refresh Token: Not Issued By This Server' },
      'session_ended',
    ],
    ['a wrong key, by Kong', 401, { message: 'Invalid API key' }, 'key_wrong'],
    ['no key, by Kong', 401, { message: 'No API key found in request' }, 'key_wrong'],
    ['two refreshes at once', 409, coded('conflict'), 'server_error'],
    ['too many requests', 429, coded('over_request_rate_limit'), 'rate_limited'],
    ['an error of its own', 500, coded('unexpected_failure'), 'server_error'],
    ['a bad gateway', 502, '<html>502</html>', 'server_error'],
    ['Cloudflare’s 522', 522, '', 'server_error'],
    ['a refusal without a code', 403, {}, 'forbidden'],
    ['words that are not GoTrue’s', 404, '404 page not found', 'protocol_error'],
    ['another server’s page', 404, '<!doctype html>', 'protocol_error'],
    ['a proxy’s page for a refusal', 403, '<html>Blocked</html>', 'protocol_error'],
    ['a captive portal’s page', 200, '<html>Welcome</html>', 'captive_portal'],
    ['a redirect', 302, '', 'captive_portal'],
    ['network authentication required', 511, '', 'captive_portal'],
  ])('%s', (_, status, body, code) => {
    expect(failureOfAnswer(answer(status, body))?.code ?? null).toBe(code)
  })

  it('is a captive portal also when only the header says so', () => {
    const page = answer(200, 'Welcome', { 'content-type': 'text/html; charset=utf-8' })
    expect(failureOfAnswer(page)?.code).toBe('captive_portal')
  })

  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds', { 'retry-after': '7' }, 7_000],
    ['zero seconds', { 'retry-after': '0' }, 1_000],
    ['a day', { 'retry-after': '86400' }, 600_000],
    [
      'a date, against the answer’s own',
      { date: 'Fri, 20 Nov 2026 14:00:00 GMT', 'retry-after': 'Fri, 20 Nov 2026 14:00:30 GMT' },
      30_000,
    ],
    [
      'a date without one to compare',
      { 'retry-after': 'Fri, 20 Nov 2026 14:00:30 GMT' },
      undefined,
    ],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    ['nothing', {}, undefined],
  ])('asks to wait: %s', (_, headers, retryAfterMs) => {
    expect(failureOfAnswer(answer(429, {}, headers))?.retryAfterMs).toBe(retryAfterMs)
  })

  it('ends a session only by the server’s own word', () => {
    expect(failureCodes.filter(endsSession)).toEqual([
      'token_wrong_kind',
      'tenant_missing',
      'user_banned',
      'session_ended',
      'session_used_elsewhere',
    ])
  })

  it('never ends a session by an answer that is not JSON, or by a server error (F43)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.string(), (status, text) => {
        const failure = failureOfAnswer(answer(status, `<${text}`))
        return failure === null || !endsSession(failure.code)
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 500, max: 599 }), fc.string(), (status, code) => {
        const failure = failureOfAnswer(answer(status, { code }))
        return failure !== null && !endsSession(failure.code)
      }),
    )
  })

  it('quotes nothing of a body', () => {
    const said = failureOfAnswer(answer(400, { code: 'x', message: 'canary', msg: 'canary' }))
    expect(JSON.stringify(said)).not.toContain('canary')
  })
})

const fetchError = (code: string): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('inner'), { code }) })

describe('what a failed request means', () => {
  it.each<[string, FailureCode, boolean]>([
    ['ENOTFOUND', 'name_not_found', false],
    ['EAI_AGAIN', 'name_not_found', false],
    ['ECONNREFUSED', 'unreachable', false],
    ['ENETUNREACH', 'offline', false],
    ['ECONNRESET', 'unreachable', true],
    ['UND_ERR_SOCKET', 'unreachable', true],
    ['EPIPE', 'unreachable', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'timed_out', false],
    ['UND_ERR_HEADERS_TIMEOUT', 'timed_out', true],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_untrusted', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_untrusted', false],
    ['CERT_HAS_EXPIRED', 'tls_untrusted', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_untrusted', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'protocol_error', false],
    ['HPE_INVALID_CONSTANT', 'protocol_error', false],
    ['constructor', 'unreachable', false],
  ])('%s is %s', (code, expected, replyLost) => {
    expect(failureOfError(fetchError(code))).toMatchObject({
      failure: { code: expected },
      replyLost,
    })
  })

  it('reads the names of Chromium’s network stack', () => {
    expect(failureOfError(new Error('net::ERR_NAME_NOT_RESOLVED')).failure.code).toBe(
      'name_not_found',
    )
    expect(failureOfError(new Error('net::ERR_CERT_DATE_INVALID')).failure.code).toBe(
      'tls_untrusted',
    )
  })

  it('is settled for anything thrown, also causes that go in circles', () => {
    const circle = new Error('a')
    circle.cause = circle
    for (const thrown of [circle, null, 'text', {}, undefined]) {
      expect(failureOfError(thrown).failure.code).toBe('unreachable')
    }
  })
})
