import pg from 'pg'
import { z } from 'zod'
import { validHeaders } from './response-headers.ts'
import { RestError } from './rest-error.ts'

/** Statuses by SQLSTATE or by its class; the longest that fits counts (PostgREST's `Error.hs`). */
const statuses: ReadonlyMap<string, number> = new Map([
  ['08', 503],
  ['09', 500],
  ['0L', 403],
  ['0P', 403],
  ['21', 500],
  ['23503', 409],
  ['23505', 409],
  ['25006', 405],
  ['25', 500],
  ['28', 403],
  ['2D', 500],
  ['38', 500],
  ['39', 500],
  ['3B', 500],
  ['40', 500],
  ['42883', 404],
  ['42P01', 404],
  ['42P17', 500],
  ['53400', 500],
  ['53', 503],
  ['54', 500],
  ['55', 500],
  ['57P01', 503],
  ['57', 500],
  ['58', 500],
  ['F0', 500],
  ['HV', 500],
  ['P0001', 400],
  ['P0', 500],
  ['XX', 500],
])

/** What PostgreSQL, or the way to it, said; null for what is nobody's answer but our own failure. */
export function translate(error: unknown, authenticated: boolean): RestError | null {
  if (error instanceof RestError) return error
  if (error instanceof pg.DatabaseError) return fromDatabase(error, authenticated)
  if (!(error instanceof Error)) return null
  if (error.message.includes('timeout exceeded when trying to connect')) {
    return new RestError(504, {
      code: 'PGRST003',
      message: 'Timed out acquiring connection from connection pool.',
    })
  }
  const lost = /ECONNREFUSED|ECONNRESET|EPIPE|Connection terminated|not queryable|after calling end/
  if (!lost.test(error.message)) return null
  return new RestError(503, {
    code: 'PGRST000',
    message: 'Database connection error. Retrying the connection.',
  })
}

function fromDatabase(error: pg.DatabaseError, authenticated: boolean): RestError {
  const { code = 'XX000', message, detail, hint } = error
  if (code === 'PGRST') return raised(message, detail)
  const body = { code, message, details: detail ?? null, hint: hint ?? null }
  if (code === '42501') {
    return authenticated
      ? new RestError(403, body)
      : new RestError(401, body, { 'www-authenticate': 'Bearer' })
  }
  const own = /^PT([2-5][0-9]{2})$/.exec(code)?.[1]
  if (own !== undefined) return new RestError(Number(own), body)
  if (code.startsWith('PT')) return new RestError(500, body)
  return new RestError(statuses.get(code) ?? statuses.get(code.slice(0, 2)) ?? 400, body)
}

const raisedMessage = z.object({
  code: z.string(),
  message: z.string(),
  details: z.string().nullish(),
  hint: z.string().nullish(),
})
const raisedDetail = z.object({
  status: z.int().min(200).max(599),
  headers: z.record(z.string(), z.string()).transform((headers, context) => {
    try {
      return validHeaders(headers)
    } catch {
      context.addIssue('headers that HTTP does not know')
      return z.NEVER
    }
  }),
})

/** `raise sqlstate 'PGRST'`: a function says the whole answer, as JSON. */
function raised(message: string, detail: string | undefined): RestError {
  const body = raisedMessage.safeParse(json(message))
  if (!body.success) {
    return unreadable(
      `Invalid JSON value for MESSAGE: '${message}'`,
      "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'.",
    )
  }
  const answer = raisedDetail.safeParse(json(detail ?? ''))
  if (!answer.success) {
    return unreadable(
      detail === undefined
        ? 'DETAIL is missing in the RAISE statement'
        : `Invalid JSON value for DETAIL: '${detail}'`,
      "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'.",
    )
  }
  const { code, message: text, details = null, hint = null } = body.data
  return new RestError(
    answer.data.status,
    { code, message: text, details, hint },
    answer.data.headers,
  )
}

function unreadable(details: string, hint: string): RestError {
  const message = `Could not parse JSON in the "RAISE SQLSTATE 'PGRST'" error`
  return new RestError(500, { code: 'PGRST121', message, details, hint })
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
