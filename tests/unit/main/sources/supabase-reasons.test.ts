import { describe, expect, it } from 'vitest'
import {
  classifyRealtime,
  classifyRest,
  classifySaid,
} from '../../../../src/main/sources/supabase-reasons.ts'
import { ending } from '../../../support/socket-endings.ts'

const retry = (reason: string, minDelayMs = 0) => ({ kind: 'retry', reason, minDelayMs })
const stop = (reason: string) => ({ kind: 'stop', reason, reach: 'source' })
const refused = (reason: string) => ({ kind: 'refused', reason, named: true })

describe('classifySaid', () => {
  it.each([
    ['InvalidJWTToken: Token has expired 12 seconds ago', refused('token_expired')],
    ['Token has expired 0 seconds ago', refused('token_expired')],
    ['InvalidJWTToken: Fields `role` and `exp` are required in JWT', refused('token_malformed')],
    ['MalformedJWT: The token provided is not a valid JWT', refused('token_malformed')],
    [
      'invalid JWT: unable to parse or verify signature, token is malformed: token contains an invalid number of segments',
      refused('token_malformed'),
    ],
    ['JwtSignatureError: Failed to validate JWT signature', refused('token_signature')],
    ['JwtSignerError: Failed to generate JWT signer', refused('token_signature')],
    [
      'Unauthorized: session_revoked: The session of this token has ended',
      refused('session_revoked'),
    ],
    ['ChannelRateLimitReached: Too many channels', retry('rate_limited', 10_000)],
    ['ConnectionRateLimitReached: Too many connected users', retry('rate_limited', 10_000)],
    ['Too many messages per second', retry('rate_limited', 10_000)],
    ['Channel already exists', retry('channel_duplicate')],
    ['tried to join multiple times', retry('channel_duplicate')],
    ['PrivateOnly: This project only allows private channels', stop('realtime_unavailable')],
    [
      'Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect parameters: [event: *]',
      stop('realtime_not_enabled'),
    ],
    [
      'Unable to subscribe to changes with given parameters. An exception happened so please check your connect parameters: [event: *]. Exception: ERROR P0001 (raise_exception) invalid column for filter tenant_id',
      stop('table_unknown'),
    ],
    ['Error parsing `filter` params: ["tenant_id"]', stop('table_unknown')],
    [
      'Unauthorized: You do not have permissions to read from this Channel topic: x',
      stop('permission_denied'),
    ],
    ['You no longer have permission to read from this Channel topic: x', stop('permission_denied')],
    ['UnableToConnectToProject: Realtime was unable to connect', retry('server_error')],
    ['IncreaseConnectionPool: Please increase your connection pool size', retry('server_error')],
    ['RealtimeRestarting: Realtime is restarting, please standby', retry('server_error')],
    ['Unknown Error on Channel', retry('server_error')],
    ['unmatched topic', retry('server_error')],
    ['JWT expired', refused('token_expired')],
    ['JWT not yet valid', retry('token_not_yet_valid', 30_000)],
    ['JWT issued at future', retry('token_not_yet_valid', 30_000)],
    ['token is not a valid JWT', refused('token_malformed')],
    ['could not decode the token', refused('token_malformed')],
    ['No suitable key was found', refused('token_signature')],
    ['rate limit exceeded', retry('rate_limited', 10_000)],
    ['ratelimit exceeded', retry('rate_limited', 10_000)],
    ['rate_limit exceeded', retry('rate_limited', 10_000)],
    ['Topic already joined', retry('channel_duplicate')],
    ['duplicate join', retry('channel_duplicate')],
    ['the table has no primary key', stop('realtime_not_enabled')],
    ['Unauthorized', stop('permission_denied')],
    ['No subscription params provided', stop('table_unknown')],
    ['', retry('server_error')],
    // Of two that fit, the first one counts.
    ['Unauthorized: malformed token has expired', refused('token_expired')],
    ['Unauthorized: too many joins, rate limit', retry('rate_limited', 10_000)],
  ])('"%s"', (message, verdict) => {
    expect(classifySaid(message)).toEqual(verdict)
  })
})

describe('classifyRealtime', () => {
  it.each([
    [{ status: 401 }, stop('key_wrong')],
    [{ status: 403 }, stop('realtime_unavailable')],
    [{ status: 404 }, stop('realtime_unavailable')],
    [{ status: 429 }, retry('rate_limited', 10_000)],
    [{ status: 503, retryAfterMs: 5_000 }, retry('server_error', 5_000)],
    [{ status: 200 }, retry('captive_portal', 10_000)],
    [{ code: 1006 }, retry('unreachable')],
    [{ code: 1012 }, retry('server_error')],
    [{ code: 1008, reason: 'too_many_messages' }, retry('rate_limited', 10_000)],
    [{ code: 1008, reason: 'token_expired' }, refused('token_expired')],
    [{ code: 1008, reason: 'Too many joins' }, retry('rate_limited', 10_000)],
    [{ code: 1008 }, { kind: 'refused', reason: 'forbidden', named: false }],
    [{ code: 1011, reason: 'too many' }, retry('server_error')],
    [{ status: 400 }, retry('protocol_error')],
    [{ status: 410 }, { kind: 'stop', reason: 'job_unknown', reach: 'stream' }],
    [{ errorCode: 'CERT_HAS_EXPIRED' }, stop('tls_untrusted')],
  ])('reads %j', (some, verdict) => {
    expect(classifyRealtime(ending(some))).toEqual(verdict)
  })
})

describe('classifyRest', () => {
  const body = (code: string, message = ''): string =>
    JSON.stringify({ code, message, details: null, hint: null })

  it.each([
    'PGRST106',
    'PGRST108',
    'PGRST200',
    'PGRST209',
    '42P01',
    '42703',
    '42883',
    '22P02',
    '22007',
  ])('stops for the table at the code %s, and at no code that only contains it', (code) => {
    expect(classifyRest(400, body(code), null)).toEqual(stop('table_unknown'))
    for (const other of [`${code}0`, `X${code}`]) {
      expect(classifyRest(400, body(other), null)).toEqual(retry('protocol_error'))
    }
  })

  it.each(['PGRST300', 'PGRST309'])('reads the words at the code %s', (code) => {
    expect(classifyRest(400, body(code, 'JWT expired'), null)).toEqual(refused('token_expired'))
    for (const other of [`${code}0`, `X${code}`, 'PGRST310']) {
      const verdict = classifyRest(400, body(other, 'JWT expired'), null)
      expect(verdict).toEqual(retry('protocol_error'))
    }
  })

  it.each([
    [404, 7_000, retry('server_error', 7_000)],
    [404, 0, retry('server_error', 1_000)],
    [404, 600_000, retry('server_error', 60_000)],
    [503, 7_000, retry('server_error', 7_000)],
    [429, 30_000, retry('rate_limited', 30_000)],
  ])('waits after %d as long as it is asked to: %d ms', (status, retryAfterMs, verdict) => {
    expect(classifyRest(status, '', retryAfterMs)).toEqual(verdict)
    expect(classifyRest(status, body('XX000'), retryAfterMs)).toEqual(verdict)
  })

  it.each([
    [500, body('42P01'), retry('server_error')],
    [499, body('42P01'), stop('table_unknown')],
    [400, '{"message":"no code"}', retry('protocol_error')],
    [400, '{"code":7,"message":"no code"}', retry('protocol_error')],
    [401, '{"code":7,"message":"no code"}', stop('key_wrong')],
    [401, '{"code":"XX000","message":"why?"}', { ...refused('forbidden'), named: false }],
    [401, '{"code":""}', { ...refused('forbidden'), named: false }],
    [401, '[]', { ...refused('forbidden'), named: false }],
    [403, body('PGRST302'), refused('token_missing')],
    [400, body('42501'), stop('permission_denied')],
  ])('tells words of the server from those of others: %d %s', (status, text, verdict) => {
    expect(classifyRest(status, text, null)).toEqual(verdict)
  })

  it.each([
    [401, body('PGRST303', 'JWT expired'), refused('token_expired')],
    [401, body('PGRST303', 'JWT issued at future'), retry('token_not_yet_valid', 30_000)],
    [401, body('PGRST301', 'Expected 3 parts in JWT; got 1'), refused('token_malformed')],
    [401, body('PGRST301', 'No suitable key or wrong key type'), refused('token_signature')],
    [401, body('PGRST301', 'JWSError JWSInvalidSignature'), refused('token_signature')],
    [401, body('PGRST302', 'Anonymous access is disabled'), refused('token_missing')],
    [401, body('42501', 'permission denied for table jobs'), refused('token_missing')],
    [403, body('42501', 'permission denied for table jobs'), stop('permission_denied')],
    [404, body('PGRST205', 'Could not find the table'), stop('table_unknown')],
    [404, body('42P01', 'relation does not exist'), stop('table_unknown')],
    [406, body('PGRST106', 'Invalid schema: private'), stop('table_unknown')],
    [400, body('42703', 'column jobs.x does not exist'), stop('table_unknown')],
    [400, body('22P02', 'invalid input value for enum'), stop('table_unknown')],
    [401, '{"message":"Invalid API key"}', stop('key_wrong')],
    [403, '', { kind: 'refused', reason: 'forbidden', named: false }],
    [404, '', retry('server_error')],
    [500, body('57014', 'canceling statement due to statement timeout'), retry('server_error')],
    [503, body('PGRST002', 'Could not query the database'), retry('server_error')],
    [429, '', retry('rate_limited', 10_000)],
    [302, '', retry('captive_portal', 10_000)],
  ])('reads %d %s', (status, text, verdict) => {
    expect(classifyRest(status, text, null)).toEqual(verdict)
  })
})
