/** What a loaded row holds in one column. */
export type Value = string | number | boolean | null

/** A row after its fields were parsed. */
export type Row = Readonly<Record<string, Value>>

/** A row as its file holds it: text by column, and where it stands (counted from 1, no header). */
export interface SourceRow {
  readonly number: number
  readonly values: Readonly<Record<string, string | null>>
}

/** A row that cannot be read; the message names the row and the field. */
export class RowError extends Error {
  constructor(row: number, field: string | null, fault: string) {
    super(field === null ? `row ${row}: ${fault}` : `row ${row}, field ${field}: ${fault}`)
    this.name = 'RowError'
  }
}

/** How one column's text becomes a value. `parse` answers undefined when it does not. */
export interface Field {
  /** Completes "… is not". */
  readonly what: string
  readonly parse: (text: string) => Value | undefined
  readonly optional: boolean
}

const field = (what: string, parse: Field['parse']): Field => ({ what, parse, optional: false })

export const optional = (of: Field): Field => ({ ...of, optional: true })

export const text = (maxLength = 200): Field =>
  field(`a text of at most ${maxLength} characters`, (value) =>
    value.length <= maxLength ? value : undefined,
  )

export const code = (pattern: RegExp, what: string): Field =>
  field(what, (value) => (pattern.test(value) ? value : undefined))

export const decimal = (): Field =>
  field('a number', (value) => (/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined))

export const integer = (): Field =>
  field('a whole number', (value) => (/^-?\d{1,15}$/.test(value) ? Number(value) : undefined))

export const date = (): Field =>
  field('a date (YYYY-MM-DD)', (value) =>
    /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined,
  )

export const instant = (): Field =>
  field('a time (YYYY-MM-DDThh:mmZ)', (value) =>
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z$/.test(value) && !Number.isNaN(Date.parse(value))
      ? value
      : undefined,
  )

/** @throws RowError when a field is missing or is not what it should be. */
export function parseRow(row: SourceRow, fields: Readonly<Record<string, Field>>): Row {
  const parsed: Record<string, Value> = {}
  for (const [name, expected] of Object.entries(fields)) {
    const value = row.values[name] ?? null
    if (value === null || value === '') {
      if (!expected.optional) throw new RowError(row.number, name, 'is empty')
      parsed[name] = null
      continue
    }
    const result = expected.parse(value)
    if (result === undefined) {
      const shown = JSON.stringify(value.slice(0, 40))
      throw new RowError(row.number, name, `${shown} is not ${expected.what}`)
    }
    parsed[name] = result
  }
  return parsed
}
