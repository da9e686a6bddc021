import type { Asked } from './asked.ts'
import { negotiate } from './media.ts'
import { appliedPreferences, type Preferences } from './preferences.ts'
import { parseQuery } from './query-parser.ts'
import { narrow, pageOf } from './ranges.ts'
import { maxRows, planRead } from './read-plan.ts'
import { ReadSql } from './read-sql.ts'
import { refusals } from './rest-error.ts'
import { tableUnknown } from './schema-refusals.ts'
import type { Schema, Table } from './schema.ts'
import { param, sql, type Sql } from './sql.ts'
import { bodySql, noBody, statementSql, type Prepared } from './statement.ts'

/** GET and HEAD of a table or a view. */
export function prepareRead(asked: Asked, schema: Schema): Prepared {
  const { preferences, headers } = asked
  const table = tableOf(asked.name, schema)
  const media = negotiate(headers.accept)
  const plan = planRead(parseQuery(asked.search, false), { table, name: table.name }, schema)
  const limit = asked.method === 'GET' ? narrow(plan.limit, headers.range) : plan.limit
  const read = new ReadSql({ ...plan, limit }, schema, { from: null, bounded: true })
  const bare = asked.method === 'HEAD'
  const counts = countsOf(preferences, () => read.total())
  const body = bare && media.shape !== 'object' ? noBody : bodySql(media, 'rows')
  return {
    statement: statementSql({ source: null, rows: read.rows(), total: counts.exact, body }),
    guess: counts.guess,
    readOnly: true,
    answer: (result) => {
      if (media.shape === 'object' && result.rows !== 1) throw refusals.notSingular(result.rows)
      const { status, contentRange } = pageOf(limit.offset, result.rows, result.total)
      return {
        status,
        headers: {
          'content-type': media.contentType,
          'content-range': contentRange,
          ...appliedPreferences(preferences, ['count', 'handling']),
        },
        body: result.body,
      }
    },
  }
}

/** @throws RestError PGRST205 */
export function tableOf(name: string, schema: Schema): Table {
  const table = schema.tables.get(name)
  if (table === undefined) throw tableUnknown(name, schema)
  return table
}

export interface Counts {
  readonly exact: Sql | null
  readonly guess: Sql | null
}

/** An estimate counts as far as an answer goes, and guesses beyond. */
export function countsOf({ count }: Preferences, total: () => Sql): Counts {
  if (count === null) return { exact: null, guess: null }
  if (count === 'exact') return { exact: total(), guess: null }
  const some = sql`${total()} limit ${param(String(maxRows + 1))}::bigint`
  return { exact: count === 'estimated' ? some : null, guess: total() }
}
