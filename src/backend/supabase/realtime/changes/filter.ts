import type { Queryable } from '../../../database/database.ts'
import type { Filter, FilterOperator } from './filter-text.ts'
import type { ColumnFacts } from './table-facts.ts'

/** What a value must fulfil. Without `test`, only PostgreSQL can tell: `sql` over rows `x(v)`. */
export interface Condition {
  readonly column: string
  readonly test: ((value: string | null) => boolean) | null
  readonly sql: string
  readonly operand: string
}

const symbols = {
  eq: '=',
  neq: '<>',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  like: 'like',
  ilike: 'ilike',
  match: '~',
  imatch: '~*',
  isdistinct: 'is distinct from',
} as const satisfies Partial<Record<FilterOperator, string>>

const keywords = ['null', 'true', 'false', 'unknown']
const mostInValues = 100

/**
 * Types of which two values are equal when, and only when, they are printed the same. Printed, as
 * `format` does, is not cast to text: a boolean is `t` in the WAL, and `true` as text.
 */
const printedExactly = new Set(['text', 'varchar', 'name', 'uuid', 'bool', 'int2', 'int4', 'int8'])
const integers = new Set(['int2', 'int4', 'int8'])

/** A filter that PostgreSQL would refuse. In the words of `realtime.subscription_check_filters`. */
export class FilterError extends Error {}

/** @throws FilterError, or what PostgreSQL says of the value. */
export async function compileFilter(
  database: Queryable,
  filter: Filter,
  { type, sqlType }: ColumnFacts,
): Promise<Condition> {
  const { column, operator, value, negate } = filter
  if (operator === 'is') return isCondition(filter, type)
  if (operator === 'in') return inCondition(database, filter, { type, sqlType })
  if (operator === 'match' || operator === 'imatch') await checkPattern(database, filter)
  const condition = `(x.v::${sqlType} ${symbols[operator]} $1::text::${sqlType})`
  const sql = negate ? `not ${condition}` : condition
  const [row] = await database
    .query<{ operand: string }>(
      `select format('%s', $1::text::${sqlType}) as operand, ${sql} from (values (null::text)) as x(v)`,
      [value],
    )
    .catch((error: unknown) => {
      throw hasCode(error, '42883') ? wrongType(operator, type, error) : error
    })
  const operand = row?.operand ?? value
  return { column, sql, operand: value, test: exactTest(operator, operand, { type, negate }) }
}

interface Told {
  readonly type: string
  readonly negate: boolean
}

function exactTest(
  operator: FilterOperator,
  operand: string,
  { type, negate }: Told,
): Condition['test'] {
  if (!printedExactly.has(type)) return null
  if (operator === 'isdistinct') return (value) => (value !== operand) !== negate
  if (operator === 'eq') return (value) => value !== null && (value === operand) !== negate
  if (operator === 'neq') return (value) => value !== null && (value !== operand) !== negate
  if (!integers.has(type)) return null
  const limit = BigInt(operand)
  const compare = comparisons[operator]
  if (compare === undefined) return null
  return (value) => value !== null && compare(BigInt(value), limit) !== negate
}

const comparisons: Partial<Record<FilterOperator, (value: bigint, limit: bigint) => boolean>> = {
  lt: (value, limit) => value < limit,
  lte: (value, limit) => value <= limit,
  gt: (value, limit) => value > limit,
  gte: (value, limit) => value >= limit,
}

function isCondition({ column, value, negate }: Filter, type: string): Condition {
  if (!keywords.includes(value)) {
    throw new FilterError('invalid value for is filter: must be null, true, false, or unknown')
  }
  if (value !== 'null' && type !== 'bool') {
    throw new FilterError(`is ${value} filter requires a boolean column, got ${type}`)
  }
  const wanted = value === 'true' ? 't' : value === 'false' ? 'f' : null
  return { column, sql: '', operand: '', test: (found) => (found === wanted) !== negate }
}

async function inCondition(
  database: Queryable,
  { column, value, negate }: Filter,
  { type, sqlType }: Pick<ColumnFacts, 'type' | 'sqlType'>,
): Promise<Condition> {
  const condition = `(x.v::${sqlType} = any ($1::text::${sqlType}[]))`
  const sql = negate ? `not ${condition}` : condition
  const [row] = await database.query<{ values: (string | null)[] }>(
    `select array(select case when one is not null then format('%s', one) end from unnest($1::text::${sqlType}[]) as one) as values,
       ${sql} from (values (null::text)) as x(v)`,
    [value],
  )
  const values = new Set(row?.values)
  if ((row?.values.length ?? 0) > mostInValues) {
    throw new FilterError(`too many values for \`in\` filter. Maximum ${mostInValues}`)
  }
  const exact = printedExactly.has(type) && !values.has(null)
  // Nothing is in an empty list, also what is null.
  const test =
    values.size === 0
      ? () => negate
      : (found: string | null) => found !== null && values.has(found) !== negate
  return { column, sql, operand: value, test: exact ? test : null }
}

async function checkPattern(database: Queryable, { operator, value }: Filter): Promise<void> {
  await database.query(`select '' ~ $1::text`, [value]).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new FilterError(`invalid regular expression for ${operator} filter: ${why}`)
  })
}

function wrongType(operator: FilterOperator, type: string, error: unknown): unknown {
  if (!['like', 'ilike', 'match', 'imatch'].includes(operator)) return error
  return new FilterError(`operator ${operator} requires a text-compatible column type, got ${type}`)
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
