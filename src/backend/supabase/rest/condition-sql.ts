import type { Comparison, Condition, Field, Filter, Test, TextSearch } from './request-query.ts'
import { arrayLiteral, catalog, identifier, joined, nothing, param, sql, type Sql } from './sql.ts'
import type { Table } from './schema.ts'

/** Where columns come from: what they are qualified with, and the table if it is known. */
export interface Source {
  readonly alias: string
  readonly table: Table | null
  /** The expression that is null where nothing is embedded under this name, if something is. */
  readonly embedded?: (name: string) => Sql | null
}

const operators: Readonly<Record<Comparison, Sql>> = {
  eq: sql`=`,
  neq: sql`<>`,
  gt: sql`>`,
  gte: sql`>=`,
  lt: sql`<`,
  lte: sql`<=`,
  like: sql`like`,
  ilike: sql`ilike`,
  match: sql`~`,
  imatch: sql`~*`,
  isdistinct: sql`is distinct from`,
  cs: sql`@>`,
  cd: sql`<@`,
  ov: sql`&&`,
  sl: sql`<<`,
  sr: sql`>>`,
  nxr: sql`&<`,
  nxl: sql`&>`,
  adj: sql`-|-`,
}
const searches: Readonly<Record<TextSearch, Sql>> = {
  fts: sql`to_tsquery`,
  plfts: sql`plainto_tsquery`,
  phfts: sql`phraseto_tsquery`,
  wfts: sql`websearch_to_tsquery`,
}
const is = {
  null: sql`is null`,
  not_null: sql`is not null`,
  true: sql`is true`,
  false: sql`is false`,
  unknown: sql`is unknown`,
}

/** ` where …`, or nothing. `more` are conditions of our own. */
export function where(
  conditions: readonly Condition[],
  source: Source,
  more: readonly Sql[] = [],
): Sql {
  const all = [...more, ...conditions.map((condition) => conditionSql(condition, source))]
  return all.length === 0 ? nothing : sql` where ${joined(all, ' and ')}`
}

function conditionSql(condition: Condition, source: Source): Sql {
  const inner =
    condition.kind === 'filter'
      ? filterSql(condition, source)
      : joined(
          condition.terms.map((term) => conditionSql(term, source)),
          condition.operator === 'and' ? ' and ' : ' or ',
        )
  return condition.not ? sql`(not (${inner}))` : sql`(${inner})`
}

function filterSql({ field, test }: Filter, source: Source): Sql {
  const embedded = field.path.length === 0 ? (source.embedded?.(field.name) ?? null) : null
  const left = embedded ?? fieldSql(field, source)
  return testSql(left, test, textSearchable(field, source))
}

function testSql(left: Sql, test: Test, asVector: boolean): Sql {
  switch (test.kind) {
    case 'in':
      return sql`${left} = any(${param(arrayLiteral(test.values))})`
    case 'is':
      return sql`${left} ${is[test.value]}`
    case 'search': {
      const language = test.language === null ? nothing : sql`${param(test.language)}::regconfig, `
      const vector = asVector ? sql`to_tsvector(${language}${left})` : left
      return sql`${vector} @@ ${searches[test.operator]}(${language}${param(test.value)})`
    }
    case 'compare': {
      const { operator, quantifier } = test
      const pattern = operator === 'like' || operator === 'ilike'
      const value = param(pattern ? test.value.replaceAll('*', '%') : test.value)
      const right =
        quantifier === null ? value : quantifier === 'any' ? sql`any(${value})` : sql`all(${value})`
      return sql`${left} ${operators[operator]} ${right}`
    }
  }
}

/** Only a column that is known to be none is made a vector. */
function textSearchable({ name, path }: Field, { table }: Source): boolean {
  const type = table?.columns.get(name)?.type
  return type !== undefined && (path.length > 0 || type !== 'tsvector')
}

/** A column, or what a JSON path finds in it. Names are checked by PostgreSQL itself. */
export function fieldSql({ name, path }: Field, { alias, table }: Source): Sql {
  const column = sql`${identifier(alias)}.${identifier(name)}`
  if (path.length === 0) return column
  const type = table?.columns.get(name)?.type
  const json = type === 'json' || type === 'jsonb' ? column : sql`to_jsonb(${column})`
  const steps = path.map(({ asText, key }) => {
    const arrow = asText ? sql`->>` : sql`->`
    const place =
      typeof key === 'number' ? sql`${param(String(key))}::int` : sql`${param(key)}::text`
    return sql`${arrow}${place}`
  })
  return sql`(${json}${joined(steps, '')})`
}

/** SQL's own words for types, which are no names in the catalog. */
const typeWords: ReadonlyMap<string, string> = new Map([
  ['int', 'int4'],
  ['integer', 'int4'],
  ['smallint', 'int2'],
  ['bigint', 'int8'],
  ['real', 'float4'],
  ['float', 'float8'],
  ['double precision', 'float8'],
  ['decimal', 'numeric'],
  ['boolean', 'bool'],
  ['char', 'bpchar'],
  ['character', 'bpchar'],
  ['character varying', 'varchar'],
  ['timestamp without time zone', 'timestamp'],
  ['timestamp with time zone', 'timestamptz'],
  ['time without time zone', 'time'],
  ['time with time zone', 'timetz'],
])

/** The type that a cast names, or null if there is none. */
export function castType(name: string, types: ReadonlySet<string>): Sql | null {
  const own = typeWords.get(name.toLowerCase().replace(/ +/g, ' ')) ?? name
  const known = types.has(own) ? own : own.toLowerCase()
  return types.has(known) ? identifier(known) : null
}

export function columnType(type: string): Sql {
  return catalog(type)
}
