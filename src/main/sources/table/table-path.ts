import type { JobTable } from '../../../shared/profile.ts'
import { timeText } from './row-time.ts'
import { columnsOf } from './rows.ts'

/** Past this many, the tenants stand in no address: row level security has to do. */
const maxTenants = 100

/** A row's place in the order of changes. */
export interface Key {
  readonly micros: number
  readonly id: string
}

export interface Wanted {
  readonly order: 'oldest' | 'newest'
  readonly limit: number
  /** Changed at this time or later, in microseconds. */
  readonly since?: number
  /** Only rows that come after this one. */
  readonly after?: Key | null
  readonly only?: Condition
}

/** A column and what PostgREST is to compare it with. */
export interface Condition {
  readonly column: string
  readonly test: string
}

/** A list of values, each in quotes: then nothing in it means anything. */
export const oneOf = (values: readonly string[]): string => `in.(${values.map(quoted).join(',')})`

/** The address, below the Supabase URL, of what is wanted of the table (PostgREST). */
export function tablePath(
  { table, columns }: JobTable,
  tenantIds: readonly string[],
  { order, limit, since, after, only }: Wanted,
): string {
  const { id, tenantId, updatedAt } = columns
  const isOldest = order === 'oldest'
  const parameters: [string, string][] = [['select', columnsOf(columns).join(',')]]
  const [first] = tenantIds
  if (tenantIds.length === 1 && first !== undefined) parameters.push([tenantId, `eq.${first}`])
  else if (tenantIds.length <= maxTenants) parameters.push([tenantId, oneOf(tenantIds)])
  if (only !== undefined) parameters.push([only.column, only.test])
  if (since !== undefined) parameters.push([updatedAt, `gte.${timeText(since)}`])
  if (after) {
    const [at, last] = [quoted(timeText(after.micros)), quoted(after.id)]
    const further = isOldest ? 'gt' : 'lt'
    const rest = `and(${updatedAt}.eq.${at},${id}.gt.${last})`
    parameters.push(['or', `(${updatedAt}.${further}.${at},${rest})`])
  }
  parameters.push(['order', `${updatedAt}.${isOldest ? 'asc' : 'desc'}.nullslast,${id}.asc`])
  parameters.push(['limit', String(limit)])
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return `rest/v1/${table}?${query.join('&')}`
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}
