import { z } from 'zod'
import type { Media } from './media.ts'
import { updatedSetting } from './mutation-sql.ts'
import { nothing, param, sql, type Sql } from './sql.ts'

/** One request, ready to be run; nothing of it was asked of the database yet. */
export interface Prepared {
  readonly statement: Sql
  /** Of `count=planned` and `estimated`: what PostgreSQL is to guess the rows of. */
  readonly guess: Sql | null
  readonly readOnly: boolean
  /** Runs inside the transaction: what it throws undoes everything. */
  readonly answer: (result: Result) => Answer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer is one text in memory; embedded rows multiply without end. */
export const mostAnswerBytes = 32 * 1024 * 1024

/** What a statement brought. */
export interface Result {
  readonly rows: number
  /** Without limit and offset; null if nobody asked. */
  readonly total: number | null
  readonly body: string
  /** The body is too large to be fetched, and is not here. */
  readonly tooLarge: boolean
  /** How many of the rows an upsert found there. */
  readonly updated: number
  /** `response.headers` and `response.status`, which functions may set. */
  readonly responseHeaders: string | null
  readonly responseStatus: string | null
}

export const resultRow = z.object({
  rows: z.coerce.number(),
  total: z.coerce.number().nullable(),
  body: z
    .string()
    .nullable()
    .transform((body) => body ?? ''),
  tooLarge: z.boolean(),
  updated: z
    .string()
    .nullable()
    .transform((count) => (count === null ? 0 : Number(count))),
  responseHeaders: z.string().nullable(),
  responseStatus: z.string().nullable(),
})

export interface StatementParts {
  /** What changes or calls something; `rows` reads from `pgrst_source`. */
  readonly source: Sql | null
  readonly rows: Sql
  readonly total: Sql | null
  readonly body: Sql
}

/** One round trip: the change, its rows as text, how many there are. */
export function statementSql({ source, rows, total, body }: StatementParts): Sql {
  const first = source === null ? nothing : sql`pgrst_source as (${source}), `
  const counted = total === null ? nothing : sql`, pgrst_total as (${total})`
  const count = total === null ? sql`null` : sql`(select count(*) from pgrst_total)::text`
  const setting = (name: string): Sql => sql`nullif(current_setting(${param(name)}, true), '')`
  const most = sql`${param(String(mostAnswerBytes))}::int`
  const text = sql`pgrst_answer.body`
  return sql`with ${first}pgrst_rows as (${rows})${counted}, pgrst_answer as materialized (select count(*)::text as rows, ${body} as body from pgrst_rows as pgrst_row) select pgrst_answer.rows, ${count} as total, case when octet_length(${text}) <= ${most} then ${text} end as body, coalesce(octet_length(${text}) > ${most}, false) as "tooLarge", ${setting(updatedSetting)} as updated, ${setting('response.headers')} as "responseHeaders", ${setting('response.status')} as "responseStatus" from pgrst_answer`
}

export const noBody = sql`null::text`

/** How the rows become the text of the answer. `scalar`: each is one value and no row. */
export function bodySql(media: Media, kind: 'rows' | 'row' | 'scalars' | 'scalar'): Sql {
  if (media.shape === 'csv') return csv
  const scalar = kind === 'scalars' || kind === 'scalar'
  const all = scalar ? sql`json_agg(pgrst_row.pgrst_scalar)` : sql`json_agg(pgrst_row)`
  const single = media.shape === 'object' || kind === 'row' || kind === 'scalar'
  const value = single ? sql`${all}->0` : all
  const stripped = media.stripNulls ? sql`json_strip_nulls(${value})` : value
  return single ? sql`coalesce(${stripped}, 'null')::text` : sql`coalesce(${stripped}, '[]')::text`
}

const csvHeader = sql`(select coalesce(string_agg(pgrst_key, ','), '') from (select json_object_keys(row_to_json(pgrst_first)) as pgrst_key from (select * from pgrst_rows limit 1) as pgrst_first) as pgrst_keys)`
const csv = sql`${csvHeader} || e'\n' || coalesce(string_agg(substring(pgrst_row::text, 2, length(pgrst_row::text) - 2), e'\n'), '')`
