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

  it.each(['text/html; charset=utf-8', 'application/xhtml+xml', 'TEXT/HTML'])(
    'is a captive portal also when only the header says so: %s',
    (type) => {
      const page = answer(200, 'Welcome', { 'content-type': type })
      expect(failureOfAnswer(page)?.code).toBe('captive_portal')
    },
  )

  it.each([
    ['text that names a type within', 'x-text/html'],
    ['a type that only ends like one', 'my-application/xhtml+xml'],
  ])('is an answer with %s', (_, type) => {
    expect(failureOfAnswer(answer(200, '{}', { 'content-type': type }))).toBeNull()
  })

  it('is a captive portal outside of 200 to 299, and with white space before its page', () => {
    expect(failureOfAnswer(answer(199, '{}'))?.code).toBe('captive_portal')
    expect(failureOfAnswer(answer(300, '{}'))?.code).toBe('captive_portal')
    expect(failureOfAnswer(answer(200, ' \n<html>'))?.code).toBe('captive_portal')
  })

  it.each<[number, unknown, string]>([
    [200, '<html>', 'a web page came instead of an answer'],
    [302, '', 'answered 302'],
    [408, {}, 'answered 408'],
    [429, {}, 'too many requests'],
    [503, '', 'answered 503'],
    [404, '<html>', 'answered 404 with a web page'],
    [400, coded('user_banned'), 'answered 400 user_banned'],
    [401, { message: 'No apikey found' }, 'the server refuses the publishable key'],
    [400, { msg: 'Invalid Refresh Token: x' }, 'answered 400: the refresh token is refused'],
    [
      400,
      { error_description: 'Invalid Refresh Token' },
      'answered 400: the refresh token is refused',
    ],
    [403, {}, 'answered 403'],
    [404, 'page', "answered 404 in words that are not Supabase auth's"],
  ])('is told in words of our own: %s %j', (status, body, message) => {
    expect(failureOfAnswer(answer(status, body))?.message).toBe(message)
  })

  it('takes a wait of the server for its own, and words about keys only with 401', () => {
    expect(failureOfAnswer(answer(408, {}))?.code).toBe('timed_out')
    expect(failureOfAnswer(answer(400, { message: 'Invalid API key' }))?.code).toBe(
      'protocol_error',
    )
    expect(failureOfAnswer(answer(401, { message: 'nothing of the kind' }))?.code).toBe(
      'protocol_error',
    )
    expect(failureOfAnswer(answer(400, { code: '', error_code: 'user_banned' }))?.code).toBe(
      'user_banned',
    )
    expect(failureOfAnswer(answer(400, '"user_banned"'))?.code).toBe('protocol_error')
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
    ['seconds and more', { 'retry-after': '7s' }, undefined],
    ['more and seconds', { 'retry-after': 'x7' }, undefined],
    ['an empty text', { 'retry-after': '' }, undefined],
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

  it('says which code it found, and knows when there is none', () => {
    const said = (error: unknown): string => failureOfError(error).failure.message
    expect(said(fetchError('ECONNRESET'))).toBe('the request failed: ECONNRESET')
    expect(said(Object.assign(new Error('x'), { code: 7 }))).toBe('the request failed: unknown')
    const deep = (depth: number): Error =>
      depth === 0
        ? Object.assign(new Error('x'), { code: 'EPIPE' })
        : new Error('x', { cause: deep(depth - 1) })
    expect(said(deep(4))).toBe('the request failed: EPIPE')
    expect(said(deep(5))).toBe('the request failed: unknown')
  })

  it('is settled for anything thrown, also causes that go in circles', () => {
    const circle = new Error('a')
    circle.cause = circle
    for (const thrown of [circle, null, 'text', {}, undefined]) {
      expect(failureOfError(thrown).failure.code).toBe('unreachable')
    }
  })
})
