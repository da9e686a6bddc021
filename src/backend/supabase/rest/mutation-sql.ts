import type { JsonBody } from './body.ts'
import { columnType, where } from './condition-sql.ts'
import type { Condition } from './request-query.ts'
import { columnUnknown } from './schema-refusals.ts'
import type { Column, Table } from './schema.ts'
import { catalog, identifier, joined, nothing, param, qualified, sql, type Sql } from './sql.ts'

export interface Conflict {
  readonly columns: readonly string[]
  readonly resolution: 'merge' | 'ignore'
}

export interface Insertion {
  readonly table: Table
  readonly body: JsonBody
  /** Keys that an object does not have become the column's default and not null. */
  readonly defaults: boolean
  readonly conflict: Conflict | null
  /** Of PUT: what the address says has to be so in the body as well. */
  readonly conditions: readonly Condition[]
  readonly returning: Sql
}

export interface Change {
  readonly table: Table
  readonly conditions: readonly Condition[]
  readonly returning: Sql
}

const bodyAlias = 'pgrst_body'
/** How many rows an upsert found there; a setting, since a statement cannot tell otherwise. */
export const updatedSetting = 'pgrst.updated'

export function insertSql(insertion: Insertion): Sql {
  const { table, body, conflict, conditions, returning } = insertion
  const columns = columnsOf(table, body.keys)
  const names = joined(
    columns.map(({ name }) => identifier(name)),
    ', ',
  )
  const into = qualified(table.schema, table.name)
  const conflicts = conflict === null ? nothing : conflictSql(conflict, columns)
  if (columns.length === 0 && !body.array) {
    return sql`insert into ${into} default values${conflicts} returning ${returning}`
  }
  const list = columns.length === 0 ? nothing : sql`(${names})`
  const rows = bodyRows(body, columns, insertion.defaults)
  const own = where(conditions, { alias: bodyAlias, table })
  return sql`insert into ${into}${list} select ${names} from ${rows}${own}${conflicts} returning ${returning}`
}

export function updateSql({ table, conditions, returning }: Change, body: JsonBody): Sql {
  const columns = columnsOf(table, body.keys)
  const into = qualified(table.schema, table.name)
  if (columns.length === 0) return sql`select ${returning} from ${into} where false`
  const assignments = columns.map(({ name }) => {
    const column = identifier(name)
    return sql`${column} = ${identifier(bodyAlias)}.${column}`
  })
  const rows = bodyRows(body, columns, false)
  const own = where(conditions, { alias: table.name, table })
  return sql`update ${into} set ${joined(assignments, ', ')} from (select * from ${rows} limit 1) as ${identifier(bodyAlias)}${own} returning ${returning}`
}

export function deleteSql({ table, conditions, returning }: Change): Sql {
  const own = where(conditions, { alias: table.name, table })
  return sql`delete from ${qualified(table.schema, table.name)}${own} returning ${returning}`
}

/** @throws RestError PGRST204 */
function columnsOf(table: Table, keys: readonly string[]): Column[] {
  return keys.map((key) => {
    const column = table.columns.get(key)
    if (column === undefined) throw columnUnknown(table.name, key)
    return column
  })
}

/** The body as rows of the types that the columns have; PostgreSQL reads the JSON. */
function bodyRows(body: JsonBody, columns: readonly Column[], defaults: boolean): Sql {
  const alias = identifier(bodyAlias)
  const text = param(body.text)
  const array = body.array ? sql`${text}::jsonb` : sql`jsonb_build_array(${text}::jsonb)`
  // Rows of no columns: `[{}, {}]`.
  if (columns.length === 0) return sql`(select from json_array_elements(${text}::json)) as ${alias}`
  const types = columns.map(({ name, type }) => sql`${identifier(name)} ${columnType(type)}`)
  const shape = sql`${alias}(${joined(types, ', ')})`
  const fallbacks = defaults ? columns.filter(({ fallback }) => fallback !== null) : []
  if (fallbacks.length === 0) {
    const json = body.array ? sql`${text}::json` : sql`json_build_array(${text}::json)`
    return sql`json_to_recordset(${json}) as ${shape}`
  }
  const pairs = fallbacks.map(
    ({ name, fallback }) => sql`${param(name)}::text, ${catalog(fallback ?? 'null')}`,
  )
  const merged = sql`select jsonb_agg(jsonb_build_object(${joined(pairs, ', ')}) || element) from jsonb_array_elements(${array}) as element`
  return sql`jsonb_to_recordset((${merged})) as ${shape}`
}

function conflictSql({ columns, resolution }: Conflict, written: readonly Column[]): Sql {
  const target = joined(columns.map(identifier), ', ')
  if (resolution === 'ignore' || written.length === 0) {
    return sql` on conflict (${target}) do nothing`
  }
  const assignments = written.map(({ name }) => {
    const column = identifier(name)
    return sql`${column} = excluded.${column}`
  })
  const before = sql`coalesce(nullif(current_setting(${param(updatedSetting)}, true), ''), '0')`
  const counted = sql`set_config(${param(updatedSetting)}, (${before}::int + 1)::text, true)`
  return sql` on conflict (${target}) do update set ${joined(assignments, ', ')} where ${counted} is not null`
}
