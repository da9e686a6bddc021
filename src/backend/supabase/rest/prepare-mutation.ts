import type { Asked } from './asked.ts'
import { readRows } from './body.ts'
import { negotiate, type Media } from './media.ts'
import { deleteSql, insertSql, updateSql, type Conflict } from './mutation-sql.ts'
import { appliedPreferences, type Preferences } from './preferences.ts'
import { tableOf } from './prepare-read.ts'
import { parseQuery } from './query-parser.ts'
import { wholePage } from './ranges.ts'
import { planRead, type ReadNode } from './read-plan.ts'
import { ReadSql } from './read-sql.ts'
import type { Condition, RequestQuery } from './request-query.ts'
import { refusals, RestError } from './rest-error.ts'
import type { Schema, Table } from './schema.ts'
import { identifier, joined, sql, type Sql } from './sql.ts'
import {
  bodySql,
  noBody,
  statementSql,
  type Answer,
  type Prepared,
  type Result,
} from './statement.ts'

const source = sql`pgrst_source`

interface Mutation {
  readonly asked: Asked
  readonly table: Table
  readonly query: RequestQuery
  readonly media: Media
  readonly plan: ReadNode
  /** Of the resource itself; those of what is embedded stay with the reading. */
  readonly conditions: readonly Condition[]
}

/** POST, PATCH, PUT and DELETE of a table or a view. */
export function prepareMutation(asked: Asked, schema: Schema): Prepared {
  const table = tableOf(asked.name, schema)
  const query = parseQuery(asked.search, false)
  const own = query.conditions.filter(({ path }) => path.length === 0)
  const rest = { ...query, conditions: query.conditions.filter(({ path }) => path.length > 0) }
  const mutation: Mutation = {
    asked,
    table,
    query,
    media: negotiate(asked.headers.accept),
    plan: planRead(rest, { table, name: table.name }, schema),
    conditions: own.map(({ what }) => what),
  }
  const returns = asked.preferences.returns
  const read = new ReadSql(mutation.plan, schema, { from: source, bounded: false })
  const full = returns === 'representation'
  const keys = returns === 'headers-only' && asked.method === 'POST' ? table.primaryKey : []
  return {
    statement: statementSql({
      source: changeSql(mutation),
      rows: full ? read.rows() : keys.length > 0 ? keyRows(keys) : sql`select * from ${source}`,
      total: null,
      body: full
        ? bodySql(mutation.media, 'rows')
        : keys.length > 0
          ? sql`json_agg(pgrst_row)::text`
          : noBody,
    }),
    guess: null,
    readOnly: false,
    answer: (result) => answer(mutation, result),
  }
}

function changeSql(mutation: Mutation): Sql {
  const { asked, table, query, conditions } = mutation
  const returning = returningSql(mutation)
  requireFilter(mutation)
  if (asked.method === 'DELETE') return deleteSql({ table, conditions, returning })
  const body = readRows(asked.body, query.columns)
  if (asked.method === 'PATCH') return updateSql({ table, conditions, returning }, body)
  const defaults = asked.preferences.missing === 'default'
  if (asked.method === 'PUT') {
    requireKey(mutation)
    const conflict: Conflict = { columns: table.primaryKey, resolution: 'merge' }
    return insertSql({ table, body, defaults, conflict, conditions, returning })
  }
  const conflict = conflictOf(asked.preferences, table, query.onConflict)
  return insertSql({ table, body, defaults, conflict, conditions: [], returning })
}

function conflictOf(
  { resolution }: Preferences,
  { primaryKey }: Table,
  asked: readonly string[] | null,
): Conflict | null {
  const columns = asked ?? primaryKey
  if (resolution === null || columns.length === 0) return null
  return { columns, resolution: resolution === 'merge-duplicates' ? 'merge' : 'ignore' }
}

/** @throws RestError PGRST105, PGRST114 */
function requireKey({ conditions, table, query }: Mutation): void {
  if (query.limits.length > 0) throw refusals.putLimit()
  const named = conditions.map(equalTo)
  const fits = table.primaryKey.length > 0 && named.length === table.primaryKey.length
  if (!fits || !table.primaryKey.every((name) => named.includes(name))) throw refusals.putFilters()
}

/** As hosted projects, which load safeupdate: nobody means every row. @throws RestError 21000 */
function requireFilter({ asked, conditions }: Mutation): void {
  const changes = { PATCH: 'UPDATE', DELETE: 'DELETE' } as const
  const { method } = asked
  if (method !== 'PATCH' && method !== 'DELETE') return
  if (conditions.length > 0) return
  const message = `${changes[method]} requires a WHERE clause`
  throw new RestError(400, { code: '21000', message })
}

/** The column that a plain `column=eq.value` names, else null. */
function equalTo(condition: Condition): string | null {
  if (condition.kind !== 'filter' || condition.not) return null
  const { field, test } = condition
  const equal = test.kind === 'compare' && test.operator === 'eq' && test.quantifier === null
  return equal && field.path.length === 0 ? field.name : null
}

/** Only what the answer needs: a column that is not read needs no right to read it. */
function returningSql({ asked, table, plan }: Mutation): Sql {
  const { returns } = asked.preferences
  const column = (name: string): Sql => sql`${identifier(table.name)}.${identifier(name)}`
  if (returns === 'headers-only' && asked.method === 'POST' && table.primaryKey.length > 0) {
    return joined(table.primaryKey.map(column), ', ')
  }
  if (returns !== 'representation') return sql`1 as pgrst_changed`
  const names = [
    ...plan.columns.map(({ field }) => field.name),
    ...plan.order.flatMap(({ relation, field }) => (relation === null ? [field.name] : [])),
    ...plan.children.flatMap(({ relationship }) => relationship.on.map(([own]) => own)),
  ]
  if (names.includes('*')) return sql`${identifier(table.name)}.*`
  if (names.length === 0) return sql`1 as pgrst_changed`
  return joined([...new Set(names)].map(column), ', ')
}

function keyRows(keys: readonly string[]): Sql {
  const columns = keys.map((key) => sql`${identifier(key)}::text as ${identifier(key)}`)
  return sql`select ${joined(columns, ', ')} from ${source}`
}

function answer(mutation: Mutation, result: Result): Answer {
  const { asked, media } = mutation
  const { returns, maxAffected, count } = asked.preferences
  const { rows } = result
  const full = returns === 'representation'
  if (asked.method === 'PUT' && rows !== 1) throw refusals.putKey()
  if (full && media.shape === 'object' && rows !== 1) throw refusals.notSingular(rows)
  const changes = asked.method === 'PATCH' || asked.method === 'DELETE'
  if (changes && maxAffected !== null && rows > maxAffected) throw refusals.maxAffected(rows)
  const total = count === null ? null : rows
  const range = asked.method === 'PATCH' ? wholePage(rows, total) : wholePage(0, total)
  return {
    status: statusOf(mutation, result),
    headers: {
      ...(full ? { 'content-type': media.contentType } : {}),
      ...(asked.method === 'PUT' ? {} : { 'content-range': range }),
      ...locationOf(mutation, result),
      ...appliedPreferences(asked.preferences, [
        ...(asked.method === 'POST' ? ['resolution'] : []),
        ...(asked.method === 'POST' || asked.method === 'PUT' ? ['missing'] : []),
        'return',
        'count',
        'handling',
        ...(changes ? ['max-affected'] : []),
      ]),
    },
    body: full ? result.body : '',
  }
}

function statusOf({ asked }: Mutation, { rows, updated }: Result): number {
  const full = asked.preferences.returns === 'representation'
  const created = rows > updated
  if (asked.method === 'POST') {
    const merges = asked.preferences.resolution === 'merge-duplicates'
    return merges && rows > 0 && !created ? 200 : 201
  }
  if (asked.method === 'PUT' && created) return 201
  return full ? 200 : 204
}

/** Where one new row is found: its primary key as filters. */
function locationOf({ asked, table }: Mutation, result: Result): Record<string, string> {
  const { returns } = asked.preferences
  if (returns !== 'headers-only' || asked.method !== 'POST' || result.rows !== 1) return {}
  if (table.primaryKey.length === 0) return {}
  const [row] = JSON.parse(result.body) as [Record<string, string | null>]
  const query = new URLSearchParams(
    table.primaryKey.map((key): [string, string] => {
      const value = row[key] ?? null
      return [key, value === null ? 'is.null' : `eq.${value}`]
    }),
  )
  return { location: `/${encodeURIComponent(table.name)}?${query.toString()}` }
}
