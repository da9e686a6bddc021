import { z } from 'zod'
import type { SocketEnding } from '../ports.ts'
import { clampRetryAfter } from './backoff.ts'
import { classify, classifyStatus, notYetValid, retry } from './close-codes.ts'
import type { Verdict } from './close-codes.ts'
import { parseJson } from './frames.ts'

const politeDelayMs = 10_000

const stop = (reason: Extract<Verdict, { kind: 'stop' }>['reason']): Verdict => ({
  kind: 'stop',
  reason,
  reach: 'source',
})
const refused = (reason: Extract<Verdict, { kind: 'refused' }>['reason']): Verdict => ({
  kind: 'refused',
  reason,
  named: true,
})

/**
 * What Supabase's services say in words, and what it means for us: reasons of refused joins,
 * `system` messages and `errors` of changes (supabase.md §3). The first that fits counts. It stands
 * beside `close-codes.ts`, and what is decided there is not decided here.
 */
const said: readonly (readonly [RegExp, Verdict])[] = [
  [/token has expired|jwt expired/i, refused('token_expired')],
  [/not yet valid|issued at future/i, notYetValid],
  [/session_revoked/, refused('session_revoked')],
  [
    /malformed|not a valid jwt|parts|decode|required in jwt|InvalidJWT/i,
    refused('token_malformed'),
  ],
  [/signature|jwt signer|suitable key/i, refused('token_signature')],
  [/too.many|rate.?limit/i, retry('rate_limited', politeDelayMs)],
  [/already (?:exists|joined)|multiple times|duplicate/i, retry('channel_duplicate')],
  [/only allows private/i, stop('realtime_unavailable')],
  [/realtime is enabled|no primary key/i, stop('realtime_not_enabled')],
  [/permission|unauthorized/i, stop('permission_denied')],
  [/error parsing `filter`|check your connect parameters/i, stop('table_unknown')],
  [/no subscription params/i, stop('table_unknown')],
]

export function classifySaid(message: string): Verdict {
  return said.find(([pattern]) => pattern.test(message))?.[1] ?? retry('server_error')
}

/**
 * The end of a Realtime socket. No token is on its handshake: what is refused there is the key, or
 * Realtime as such.
 */
export function classifyRealtime(ending: SocketEnding): Verdict {
  if (ending.status === 401) return stop('key_wrong')
  if (ending.status === 403 || ending.status === 404) return stop('realtime_unavailable')
  const limited = ending.code === 1008 && /too.many/i.test(ending.reason)
  return limited ? classifySaid(ending.reason) : classify(ending)
}

const refusal = z.object({ code: z.string().optional().catch(undefined), message: z.string() })

/** An error answer of PostgREST, or of the gateway before it; `body` is empty when it is no JSON. */
export function classifyRest(status: number, body: string, retryAfterMs: number | null): Verdict {
  const parsed = refusal.safeParse(parseJson(body))
  if (!parsed.success || status >= 500) return classifyOther(status, retryAfterMs)
  const { code = '', message } = parsed.data
  // Nobody in particular was refused (401): our token did not arrive.
  if (code === '42501') return status === 401 ? refused('token_missing') : stop('permission_denied')
  if (code === 'PGRST302') return refused('token_missing')
  if (/^PGRST30\d$/.test(code)) return classifySaid(message)
  if (isAboutTable(code)) return stop('table_unknown')
  if (status === 401 && code === '') return stop('key_wrong')
  return classifyOther(status, retryAfterMs)
}

/** Unknown table, schema or column, and values that a column cannot be compared with. */
const isAboutTable = (code: string): boolean =>
  /^(?:PGRST(?:106|108|20\d)|42P01|42703|42883|22P02|22007)$/.test(code)

function classifyOther(status: number, retryAfterMs: number | null): Verdict {
  // No table is named: a gateway or proxy without a REST service behind it, perhaps for a moment.
  if (status === 404) return retry('server_error', clampRetryAfter(retryAfterMs))
  return classifyStatus(status, '', retryAfterMs)
}
