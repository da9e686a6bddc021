import { z } from 'zod'
import type { JobTable } from '../../../shared/profile.ts'
import { classifySaid } from '../supabase-reasons.ts'
import type { Verdict } from '../close-codes.ts'
import { idIn } from '../table/rows.ts'
import type { Row } from '../table/rows.ts'

/** A change of the table, as the server told it. */
export type Told =
  | { readonly kind: 'written'; readonly row: Row }
  | { readonly kind: 'deleted'; readonly id: string }
  /** Too large to be told: the row has to be read. */
  | { readonly kind: 'cut'; readonly id: string | null }

/** The server may not tell changes of this table to us. */
interface Refused {
  readonly kind: 'refused'
  readonly verdict: Verdict
}

const row = z.record(z.string(), z.unknown())
const changeSchema = z.object({
  ids: z.array(z.int()),
  data: z.object({
    schema: z.string(),
    table: z.string(),
    type: z.enum(['INSERT', 'UPDATE', 'DELETE']),
    record: row.optional(),
    old_record: row.optional(),
    errors: z.array(z.string()).nullish(),
  }),
})

/** Null for what is no change of this table, or none of these bindings. */
export function parseChange(
  payload: unknown,
  table: JobTable,
  ids: ReadonlySet<number>,
): Told | Refused | null {
  const parsed = changeSchema.safeParse(payload)
  if (!parsed.success || !parsed.data.ids.some((id) => ids.has(id))) return null
  const { data } = parsed.data
  if (data.schema !== table.schema || data.table !== table.table) return null
  const [error] = data.errors ?? []
  if (error !== undefined) {
    const isCut = error.includes('413')
    if (!isCut) return { kind: 'refused', verdict: classifySaid(error) }
    return { kind: 'cut', id: idIn(data.record ?? data.old_record ?? {}, table.columns) }
  }
  if (data.type !== 'DELETE') return data.record ? { kind: 'written', row: data.record } : null
  const id = idIn(data.old_record ?? {}, table.columns)
  return id === null ? null : { kind: 'deleted', id }
}
