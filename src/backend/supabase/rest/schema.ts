import type { Relationship } from './relationships.ts'

/** The schemas a request may name, as on a new hosted project; the first is the default. */
export const exposedSchema = 'public'

/** What is found without naming its schema. */
export const searchPath = '"public", "extensions"'

/** What requests are held against: the exposed schema as PostgreSQL's catalog describes it. */
export interface Schema {
  readonly tables: ReadonlyMap<string, Table>
  /** By the name of the table that they start from. */
  readonly relationships: ReadonlyMap<string, readonly Relationship[]>
  /** Overloads under their one name. */
  readonly routines: ReadonlyMap<string, readonly Routine[]>
  /** Names that `::` may cast to. */
  readonly types: ReadonlySet<string>
}

export interface Table {
  readonly schema: string
  readonly name: string
  readonly columns: ReadonlyMap<string, Column>
  readonly primaryKey: readonly string[]
}

export interface Column {
  readonly name: string
  /** As `format_type` gives it. */
  readonly type: string
  readonly nullable: boolean
  /** The expression that fills it when nothing is said; null if there is none. */
  readonly fallback: string | null
}

export interface ForeignKey {
  readonly name: string
  readonly table: string
  readonly columns: readonly string[]
  readonly target: string
  readonly targetColumns: readonly string[]
  /** No two rows can point at the same target. */
  readonly unique: boolean
}

export interface Routine {
  readonly schema: string
  readonly name: string
  readonly args: readonly Argument[]
  readonly returns: 'void' | 'scalar' | 'composite'
  readonly set: boolean
  /** The table whose rows it returns, if it does. */
  readonly table: string | null
  readonly volatility: 'volatile' | 'stable' | 'immutable'
}

export interface Argument {
  /** Empty for an unnamed one. */
  readonly name: string
  readonly type: string
  readonly optional: boolean
  readonly variadic: boolean
}
