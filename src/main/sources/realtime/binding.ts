import { z } from 'zod'
import type { JobTable } from '../../../shared/profile.ts'

/** What the server takes in one filter. */
const maxTenants = 100

/** One entry of `postgres_changes`: which changes are asked for. */
export interface Binding {
  readonly event: '*' | 'DELETE'
  readonly schema: string
  readonly table: string
  readonly filter?: string
}

/**
 * The changes of the jobs of these tenants. What is deleted has nothing left but its key, by which
 * no tenant can be told: every delete is asked for.
 */
export function bindingsOf(table: JobTable, tenantIds: readonly string[]): readonly Binding[] {
  const { schema, table: name } = table
  const bindings: Binding[] = [{ event: 'DELETE', schema, table: name }]
  for (let at = 0; at < tenantIds.length; at += maxTenants) {
    const filter = filterOf(table.columns.tenantId, tenantIds.slice(at, at + maxTenants))
    bindings.push({ event: '*', schema, table: name, filter })
  }
  return bindings
}

const joined = z.object({
  postgres_changes: z.array(
    z.object({
      id: z.int(),
      event: z.string(),
      schema: z.string().optional(),
      table: z.string().optional(),
      filter: z.string().optional(),
    }),
  ),
})

/** The ids that changes of these bindings will carry; null when the server understood other ones. */
export function idsIn(response: unknown, bindings: readonly Binding[]): ReadonlySet<number> | null {
  const parsed = joined.safeParse(response)
  if (!parsed.success || parsed.data.postgres_changes.length !== bindings.length) return null
  const ids = new Set<number>()
  for (const [at, { id, event, schema, table, filter }] of parsed.data.postgres_changes.entries()) {
    const own = bindings[at]
    const isSame =
      event === own?.event && schema === own.schema && table === own.table && filter === own.filter
    if (!isSame) return null
    ids.add(id)
  }
  return ids
}

/** Values in quotes only where they need them: older servers take the quotes for a part of them. */
function filterOf(column: string, values: readonly string[]): string {
  const [only = ''] = values
  if (values.length === 1)
    return `${column}=eq.${/[,"()\\]|^\s|\s$/.test(only) ? quoted(only) : only}`
  // A list becomes an array literal of PostgreSQL.
  const list = values.map((value) => (/^(?!null$)[\w.-]+$/i.test(value) ? value : quoted(value)))
  return `${column}=in.(${list.join(',')})`
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}
