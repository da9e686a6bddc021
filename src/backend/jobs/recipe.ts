import type { Field, Row } from './fields.ts'
import type { Translator } from './translator.ts'

export type StepLabel =
  'Connect' | 'Extract' | 'Validate' | 'Transform' | 'Translate' | 'Load' | 'Aggregate'

/** What a transforming step may use besides the row. */
export interface Tools {
  readonly translator: Translator | null
}

/** Where the rows of a recipe go: a table of the schema `demo`. */
export interface Target {
  readonly table: string
  /** Columns with their SQL types, as `jsonb_to_recordset` needs them; `run_id` is added. */
  readonly columns: Readonly<Record<string, string>>
  /** `on conflict …`, where rows are merged. Without it a row that is there twice is a failure. */
  readonly merge?: string
  /** What the last step groups by, and what it adds up there; null counts only. */
  readonly groupBy: string
  readonly amount: string | null
}

/** One kind of sample job: what it reads, what it does to a row, where it puts it. */
export interface Recipe {
  readonly key: string
  readonly name: string
  readonly kind: 'ETL' | 'Translation'
  readonly tenantId: string
  /** Read in turn, one a run. */
  readonly files: readonly [string, ...string[]]
  readonly unit: string
  /** The cap on loading; reading and checking are four times as fast. */
  readonly rowsPerSecond: number
  readonly steps: readonly StepLabel[]
  readonly fields: Readonly<Record<string, Field>>
  readonly glossary?: string
  /** Row to row, pure. */
  readonly transform?: (row: Row, tools: Tools) => Row
  /** Rows worth a warning line, which are kept all the same. */
  readonly remark?: { readonly when: (row: Row) => boolean; readonly text: string }
  readonly target: Target
}
