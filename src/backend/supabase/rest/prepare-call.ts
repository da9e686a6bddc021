import type { Asked } from './asked.ts'
import { readArguments } from './body.ts'
import { negotiate } from './media.ts'
import { appliedPreferences } from './preferences.ts'
import { countsOf } from './prepare-read.ts'
import { parseQuery } from './query-parser.ts'
import { narrow, pageOf } from './ranges.ts'
import { planRead } from './read-plan.ts'
import { ReadSql } from './read-sql.ts'
import type { RequestQuery } from './request-query.ts'
import { refusals } from './rest-error.ts'
import { callByJson, callByText, findRoutine, type Call } from './routine-call.ts'
import type { Routine, Schema } from './schema.ts'
import { sql, type Sql } from './sql.ts'
import { bodySql, noBody, statementSql, type Answer, type Prepared } from './statement.ts'

const source = sql`pgrst_source`

/** `/rpc/name`: GET and HEAD with arguments in the address, POST with a body. */
export function prepareCall(asked: Asked, schema: Schema): Prepared {
  const { method, preferences, headers } = asked
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') throw refusals.rpcMethod(method)
  const query = parseQuery(asked.search, true)
  const { call, callSql } = callOf(asked, query, schema)
  const { routine } = call
  const media = negotiate(headers.accept)
  const rows = rowsOf(asked, { routine, query }, schema)
  const counts = countsOf(preferences, rows.total)
  const silent = method === 'HEAD' || preferences.returns === 'minimal'
  const empty = silent || routine.returns === 'void'
  const body = empty && media.shape !== 'object' ? noBody : bodySql(media, kindOf(routine))
  return {
    statement: statementSql({ source: callSql, rows: rows.sql, total: counts.exact, body }),
    guess: null,
    readOnly: method !== 'POST' || routine.volatility !== 'volatile',
    answer: (result): Answer => {
      const strictly = preferences.maxAffected
      if (strictly !== null && !routine.set) throw refusals.maxAffectedRpc()
      if (strictly !== null && result.rows > strictly) throw refusals.maxAffected(result.rows)
      if (media.shape === 'object' && result.rows !== 1) throw refusals.notSingular(result.rows)
      const { status, contentRange } = pageOf(rows.offset, result.rows, result.total)
      const noContent = routine.returns === 'void' || (silent && method === 'POST')
      return {
        status: noContent ? 204 : status,
        headers: {
          ...(noContent ? {} : { 'content-type': media.contentType }),
          'content-range': contentRange,
          ...appliedPreferences(preferences, ['count', 'handling', 'max-affected']),
        },
        body: empty ? '' : result.body,
      }
    },
  }
}

function callOf(asked: Asked, query: RequestQuery, schema: Schema): { call: Call; callSql: Sql } {
  const { name, method } = asked
  if (method !== 'POST') {
    const args = [...new Set(query.args.map(([key]) => key))]
    const call = findRoutine({ name, args, body: null }, schema)
    return { call, callSql: callByText(call, query.args) }
  }
  if (/^text\/plain\b/.test(asked.headers['content-type'] ?? '')) {
    const call = findRoutine({ name, args: [], body: 'text' }, schema)
    return { call, callSql: callByJson(call, { text: asked.body, array: false, keys: [] }) }
  }
  const body = readArguments(asked.body)
  const call = findRoutine({ name, args: body.keys, body: 'json' }, schema)
  return { call, callSql: callByJson(call, body) }
}

/** What is asked of the rows that came; a value that is no row is taken as it is. */
function rowsOf(
  asked: Asked,
  { routine, query }: { readonly routine: Routine; readonly query: RequestQuery },
  schema: Schema,
): { sql: Sql; total: () => Sql; offset: number } {
  if (routine.returns !== 'composite') {
    const all = sql`select * from ${source}`
    return { sql: all, total: () => all, offset: 0 }
  }
  const table = schema.tables.get(routine.table ?? '') ?? null
  const plan = planRead(query, { table, name: table?.name ?? routine.name }, schema)
  const limit = asked.method === 'GET' ? narrow(plan.limit, asked.headers.range) : plan.limit
  const read = new ReadSql({ ...plan, limit }, schema, { from: source, bounded: routine.set })
  return { sql: read.rows(), total: () => read.total(), offset: limit.offset }
}

function kindOf({ returns, set }: Routine): 'rows' | 'row' | 'scalars' | 'scalar' {
  if (returns === 'composite') return set ? 'rows' : 'row'
  return set ? 'scalars' : 'scalar'
}
