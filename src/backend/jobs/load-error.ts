import { RowError } from './fields.ts'

/** A job's failure as it stands on the wire. */
export interface JobError {
  readonly code: string
  readonly message: string
}

interface PgFault {
  readonly code: string
  readonly detail?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly constraint?: string | undefined
}

const isPgFault = (error: unknown): error is PgFault =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'

/** `Key (run_id, carrier, lane)=(x, MAEU, DEHAM-NLRTM) …` as columns and values, ours left out. */
function keyOf(detail: string | undefined): { columns: string; values: string } | null {
  const match = /^Key \((.+?)\)=\((.*)\) /.exec(detail ?? '')
  if (match === null) return null
  const columns = (match[1] ?? '').split(', ')
  const values = (match[2] ?? '').split(', ')
  const shown = columns.map((_, at) => at).filter((at) => columns[at] !== 'run_id')
  return {
    columns: shown.map((at) => columns[at]).join(', '),
    values: shown.map((at) => values[at]).join(', '),
  }
}

/**
 * Says in a sentence why a batch or a row was refused; null when it is no fault of the data.
 * `where` names the rows that were being written.
 */
export function readableFault(error: unknown, where: string): JobError | null {
  if (error instanceof RowError) return { code: 'row_malformed', message: error.message }
  if (!isPgFault(error)) return null
  const key = keyOf(error.detail)
  switch (error.code) {
    case '23505':
      return {
        code: 'duplicate_key',
        message: `duplicate key (${key?.columns ?? '?'}): ${key?.values ?? '?'}, ${where}`,
      }
    case '23503':
      return {
        code: 'unknown_reference',
        message: `unknown ${key?.columns ?? 'reference'} ${key?.values ?? ''}, ${where}`,
      }
    case '23514':
      return {
        code: 'check_failed',
        message: `check "${(error.constraint ?? '?').replaceAll('_', ' ')}" failed, ${where}`,
      }
    case '23502':
      return { code: 'value_missing', message: `${error.column ?? '?'} is empty, ${where}` }
    case '22003':
      return { code: 'value_out_of_range', message: `a number is too large, ${where}` }
    default:
      return null
  }
}
