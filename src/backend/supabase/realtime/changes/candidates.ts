import type { Caller } from '../../../database/database.ts'
import { faultFor } from './change-data.ts'
import type { Condition } from './filter.ts'
import { concerns, tableName, type Listener, type Wish } from './listener.ts'
import type { TableFacts } from './table-facts.ts'
import type { RowChange } from './wal-decoder.ts'

/** A change that one wish may hear of, if PostgreSQL agrees to what is open. */
export interface Candidate {
  readonly change: RowChange
  readonly facts: TableFacts
  readonly listener: Listener
  readonly wish: Wish
  /** Filters that JavaScript cannot judge as PostgreSQL would. */
  readonly open: readonly { readonly condition: Condition; readonly value: string | null }[]
}

export function candidatesFor(
  change: RowChange,
  facts: TableFacts,
  listeners: Iterable<Listener>,
): Candidate[] {
  const found: Candidate[] = []
  const name = tableName(change.relation)
  const values = valuesOf(change)
  for (const listener of listeners) {
    if (listener.stopped || change.commitLsn < listener.since) continue
    const fault = faultFor(change, facts, listener.caller.role)
    for (const wish of listener.wishes) {
      if (!concerns(wish, change)) continue
      // An error is told to all, as the real server does.
      const open = fault === null ? judge(wish, name, values) : []
      if (open !== null) found.push({ change, facts, listener, wish, open })
    }
  }
  return found
}

/** Of a deleted row only the replica identity is known. */
function valuesOf({ relation, row, old }: RowChange): ReadonlyMap<string, string | null> {
  const values = new Map<string, string | null>()
  for (const [at, { name }] of relation.columns.entries()) {
    const value = (row ?? old)?.[at]
    if (value !== undefined) values.set(name, value)
  }
  return values
}

/** What is left to ask; null when the change is not wished for. */
function judge(
  { filtered, conditions }: Wish,
  table: string,
  values: ReadonlyMap<string, string | null>,
): Candidate['open'] | null {
  if (!filtered) return []
  const all = conditions.get(table)
  if (all === undefined) return null
  const open: { condition: Condition; value: string | null }[] = []
  for (const condition of all) {
    const value = values.get(condition.column)
    if (value === undefined) return null
    if (condition.test === null) open.push({ condition, value })
    else if (!condition.test(value)) return null
  }
  return open
}

/** Row level security stands between this caller and the row. */
export function isGuarded({ change, facts }: Candidate, { role }: Caller): boolean {
  return (
    facts.rowSecurity &&
    change.type !== 'DELETE' &&
    !facts.unbound.includes(role) &&
    faultFor(change, facts, role) === null
  )
}

/** The primary key of the row as it was written. */
export function keyOf({ change, facts }: Candidate): readonly (string | null | undefined)[] {
  const { columns } = change.relation
  return facts.primaryKey.map(
    (name) => change.row?.[columns.findIndex((column) => column.name === name)],
  )
}
