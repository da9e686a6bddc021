import type { Caller } from '../../../database/database.ts'
import type { ChangeParams, Subscriber } from './changes.ts'
import type { Condition } from './filter.ts'
import type { Relation, RowChange } from './wal-decoder.ts'

/** One entry of a subscription, checked: what it asks for, and under which conditions. */
export interface Wish {
  readonly id: number
  readonly event: ChangeParams['event']
  readonly schema: string
  readonly table: string
  readonly select: readonly string[] | null
  readonly filtered: boolean
  /** By `tableName`: the columns of each table have types of their own. */
  readonly conditions: ReadonlyMap<string, readonly Condition[]>
}

/** A subscription while it lives. */
export interface Listener {
  readonly subscriber: Subscriber
  readonly wishes: readonly Wish[]
  /** Nothing that was committed before is told. */
  readonly since: bigint
  caller: Caller
  /** Whoever shares it sees the same rows. */
  audience: string
  stopped: boolean
}

export function tableName({ schema, table }: Pick<Relation, 'schema' | 'table'>): string {
  return JSON.stringify([schema, table])
}

/** A role and its claims, without what makes two tokens of one session differ. */
export function audienceOf({ role, claims }: Caller): string {
  const passing = new Set(['exp', 'iat', 'nbf', 'jti'])
  const lasting = Object.entries(claims).filter(([name]) => !passing.has(name))
  return JSON.stringify([role, lasting])
}

export function concerns({ event, schema, table }: Wish, { relation, type }: RowChange): boolean {
  return (
    (event === '*' || event === type) &&
    (schema === '*' || schema === relation.schema) &&
    (table === '*' || table === relation.table)
  )
}
