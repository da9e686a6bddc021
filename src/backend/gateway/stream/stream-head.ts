import { createHash } from 'node:crypto'
import type { Database } from '../../database/database.ts'
import type { Claims } from '../../tokens/claims.ts'
import { asCaller, idsOf } from '../caller.ts'

/** Where the stream of a set of tenants stands. */
export interface StreamHead {
  /** Of this log and this set of tenants: another set has offsets of its own. */
  readonly epoch: string
  /** The sum of its tenants' offsets, so that it rises by one with every change of the set. */
  readonly offset: number
  readonly offsets: ReadonlyMap<string, number>
}

export interface HeadRow {
  readonly epoch: string
  readonly heads: readonly (readonly [string, number])[]
}

/** `$1` is the tenants. A tenant without any change is not among the heads. */
export const headColumns = `
  (select epoch::text from public.job_stream) as epoch,
  coalesce((
    select jsonb_agg(jsonb_build_array(tenant.id, newest."offset"))
    from unnest($1::text[]) as tenant(id) cross join lateral (
      select c."offset" from public.job_changes c where c.tenant_id = tenant.id
      order by c."offset" desc limit 1
    ) as newest
  ), '[]') as heads`

export function toHead(row: HeadRow, tenantIds: readonly string[]): StreamHead {
  const offsets = new Map(tenantIds.map((id) => [id, 0]))
  for (const [id, offset] of row.heads) offsets.set(id, offset)
  const set = createHash('sha256')
    .update(JSON.stringify([...tenantIds].sort()))
    .digest('hex')
  return {
    epoch: `${row.epoch}.${set.slice(0, 16)}`,
    offset: [...offsets.values()].reduce((sum, offset) => sum + offset, 0),
    offsets,
  }
}

/** What a resume may name later on, as of now. */
export async function readHead(database: Database, claims: Claims): Promise<StreamHead> {
  const tenantIds = idsOf(claims)
  const [row] = await database.asCaller(asCaller(claims), (inside) =>
    inside.query<HeadRow>(`select ${headColumns}`, [tenantIds]),
  )
  return toHead(row ?? { epoch: '', heads: [] }, tenantIds)
}
