import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import type { Caller, Database, Queryable } from '../../database/database.ts'
import { maxRows } from './read-plan.ts'
import { validHeaders } from './response-headers.ts'
import { refusals } from './rest-error.ts'
import { searchPath } from './schema.ts'
import { sql, type Sql } from './sql.ts'
import { mostAnswerBytes, resultRow, type Answer, type Prepared, type Result } from './statement.ts'

/** How long one statement may take, milliseconds, as on a hosted project. */
const timeoutMs = { anon: 3_000, authenticated: 8_000, service_role: 8_000 }

/** Headers that policies and functions never see. */
const secretHeaders = ['authorization', 'apikey', 'cookie']

export interface Run {
  readonly caller: Caller
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** One transaction as the caller. @throws RestError and what PostgreSQL says */
export function run(
  database: Database,
  { statement, ...prepared }: Prepared,
  as: Run,
): Promise<Answer> {
  return database.asCaller(as.caller, async (inside) => {
    await prepareTransaction(inside, as, prepared.readOnly)
    const [row] = await ask(inside, statement)
    const result: Result = resultRow.parse(row)
    if (result.tooLarge) throw refusals.answerTooLarge(mostAnswerBytes)
    const total =
      prepared.guess === null ? result.total : await guessed(inside, prepared.guess, result)
    const answer = prepared.answer({ ...result, total })
    return asTheFunctionSays(answer, result)
  })
}

function ask(inside: Queryable, statement: Sql): Promise<unknown[]> {
  const { text, params } = statement.render()
  return inside.query(text, params)
}

async function prepareTransaction(inside: Queryable, as: Run, readOnly: boolean): Promise<void> {
  const seen = Object.entries(as.headers).filter(([name]) => !secretHeaders.includes(name))
  const settings: [string, string][] = [
    ['request.method', as.method],
    ['request.path', as.path],
    ['request.headers', JSON.stringify(Object.fromEntries(seen))],
    ['search_path', searchPath],
    ['statement_timeout', String(timeoutMs[as.caller.role])],
    ...(readOnly ? ([['transaction_read_only', 'on']] as [string, string][]) : []),
  ]
  await inside.query(
    `select set_config(name, value, true)
     from json_to_recordset($1) as setting(name text, value text)`,
    [JSON.stringify(settings.map(([name, value]) => ({ name, value })))],
  )
}

const planRow = z.object({
  'QUERY PLAN': z.array(z.object({ Plan: z.object({ 'Plan Rows': z.number() }) })).min(1),
})

/** Of an estimate: what was counted, if that is all. */
async function guessed(inside: Queryable, guess: Sql, { total }: Result): Promise<number> {
  if (total !== null && total <= maxRows) return total
  const [row] = await ask(inside, sql`explain (format json) ${guess}`)
  const [plan] = planRow.parse(row)['QUERY PLAN']
  return Math.max(plan?.Plan['Plan Rows'] ?? 0, total ?? 0)
}

const responseHeaders = z.array(z.record(z.string(), z.string()))

/** A function may set the status and headers. @throws RestError PGRST111, PGRST112 */
function asTheFunctionSays(answer: Answer, said: Result): Answer {
  const headers = said.responseHeaders === null ? {} : parseHeaders(said.responseHeaders)
  if (said.responseStatus === null) return { ...answer, headers: { ...answer.headers, ...headers } }
  const status = Number(said.responseStatus)
  if (!Number.isInteger(status) || status < 200 || status > 599) throw refusals.responseStatus()
  return { status, headers: { ...answer.headers, ...headers }, body: answer.body }
}

function parseHeaders(text: string): Record<string, string> {
  try {
    const pairs = responseHeaders.parse(JSON.parse(text)).flatMap(Object.entries)
    return validHeaders(Object.fromEntries(pairs))
  } catch {
    throw refusals.responseHeaders()
  }
}
