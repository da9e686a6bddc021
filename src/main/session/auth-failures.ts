// The one place where what the auth server, its gateway and the network say becomes a failure code.
import { failed } from '../../shared/failure.ts'
import type { Failure, FailureCode } from '../../shared/failure.ts'
import { failureOfNetworkError } from '../lib/network-errors.ts'

/** What an auth call was answered with, read whole. */
export interface AuthAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** When the request left, by the monotonic clock: lifetimes count from here. */
  readonly sentAtMs: number
}

/** Codes of GoTrue (supabase/auth v2.196: internal/api/apierrors) that mean one thing each. */
const byCode: Readonly<Record<string, FailureCode>> = {
  invalid_credentials: 'credentials_wrong',
  email_not_confirmed: 'email_not_confirmed',
  phone_not_confirmed: 'email_not_confirmed',
  user_banned: 'user_banned',
  refresh_token_already_used: 'session_used_elsewhere',
  refresh_token_not_found: 'session_ended',
  session_not_found: 'session_ended',
  session_expired: 'session_ended',
  user_not_found: 'session_ended',
  bad_jwt: 'session_revoked',
  no_authorization: 'session_revoked',
  over_request_rate_limit: 'rate_limited',
  conflict: 'server_error',
  // Before 2024-01-01 the code was OAuth's.
  invalid_grant: 'session_ended',
}

/** A refresh token refused with one of these is dead; with anything else it is kept (F43). */
const endings: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'session_ended',
  'session_used_elsewhere',
  'user_banned',
  // The server answered with a token that no workspace can live on.
  'token_wrong_kind',
  'tenant_missing',
])
export const endsSession = (code: FailureCode): boolean => endings.has(code)

/** Null when the answer is a good one. */
export function failureOfAnswer(answer: AuthAnswer): Failure | null {
  const { status, text } = answer
  const foreign = text.trimStart().startsWith('<') || isHtml(answer.headers)
  if (status >= 200 && status < 300) {
    return foreign ? of('captive_portal', 'a web page came instead of an answer') : null
  }
  // No auth call redirects: whoever does stands in between (F14).
  if (status < 400 || status === 511) return of('captive_portal', `answered ${status}`)
  const retryAfterMs = retryAfter(answer.headers)
  const more = retryAfterMs === null ? {} : { retryAfterMs }
  if (status === 429) return of('rate_limited', 'too many requests', more)
  if (status === 408) return of('timed_out', 'answered 408', more)
  if (status >= 500) return of('server_error', `answered ${status}`, more)
  if (foreign) return of('protocol_error', `answered ${status} with a web page`)
  return refusal(status, parseJson(text), more)
}

function refusal(status: number, body: unknown, more: { retryAfterMs?: number }): Failure {
  const said = ['message', 'msg', 'error_description'].map((key) => field(body, key)).find(Boolean)
  const code = ['code', 'error_code', 'error'].map((key) => field(body, key)).find(Boolean)
  const known = code !== undefined && Object.hasOwn(byCode, code) ? byCode[code] : undefined
  if (known !== undefined) return of(known, `answered ${status} ${code ?? ''}`, more)
  // Kong and its kin answer for the auth server: "Invalid API key", "No API key found in request".
  if (status === 401 && /api ?key/i.test(said ?? '')) {
    return of('key_wrong', 'the server refuses the publishable key')
  }
  if (/invalid refresh token/i.test(said ?? '')) {
    return of('session_ended', `answered ${status}: the refresh token is refused`)
  }
  if (status === 403) return of('forbidden', 'answered 403')
  return of('protocol_error', `answered ${status} in words that are not Supabase auth's`)
}

/** The connection was there and broke: the server may have acted on the request all the same. */
const broken = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_BODY_TIMEOUT|UND_ERR_HEADERS_TIMEOUT)$/

export interface LostRequest {
  readonly failure: Failure
  /** True when the request may have been carried out and only its answer was lost (F41). */
  readonly replyLost: boolean
}

/** What a rejected fetch means. */
export function failureOfError(error: unknown): LostRequest {
  const code = errorCode(error)
  return {
    failure: of(failureOfNetworkError(code), `the request failed: ${code}`),
    replyLost: broken.test(code),
  }
}

/** The first `code` down the chain of causes; Chromium's are in the message (`net::ERR_…`). */
function errorCode(error: unknown): string {
  for (let link = error, depth = 0; link instanceof Error && depth < 5; link = link.cause) {
    if ('code' in link && typeof link.code === 'string') return link.code
    const chromium = /net::(ERR_\w+)/.exec(link.message)?.[1]
    if (chromium !== undefined) return chromium
    depth += 1
  }
  return 'unknown'
}

/** In milliseconds, from 1 s to 10 min; seconds or an HTTP date against the answer's own Date. */
function retryAfter(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim()
  if (text === undefined || text === '') return null
  const sentAt = Date.parse(headers.get('date') ?? '')
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - sentAt
  return Number.isFinite(ms) ? Math.min(600_000, Math.max(1_000, ms)) : null
}

const isHtml = (headers: Headers): boolean =>
  /^text\/html|^application\/xhtml/i.test(headers.get('content-type') ?? '')

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function field(body: unknown, key: string): string | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, key)) return undefined
  const value = (body as Record<string, unknown>)[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

const of = (code: FailureCode, message: string, more: { retryAfterMs?: number } = {}): Failure =>
  failed(code, message, more).failure
