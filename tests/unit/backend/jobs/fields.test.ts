import { describe, expect, it } from 'vitest'
import {
  code,
  date,
  decimal,
  instant,
  integer,
  optional,
  parseRow,
  RowError,
  text,
  type Field,
} from '../../../../src/backend/jobs/fields.ts'

const parse = (field: Field, value: string | null) =>
  parseRow({ number: 7, values: { it: value } }, { it: field }).it
const fault = (field: Field, value: string | null): string => {
  try {
    parse(field, value)
  } catch (error) {
    if (error instanceof RowError) return error.message
    throw error
  }
  throw new Error(`${String(value)} was taken`)
}

describe('a field', () => {
  it.each([
    [decimal(), '-12.50', -12.5],
    [integer(), '42', 42],
    [date(), '2026-11-20', '2026-11-20'],
    [instant(), '2026-11-20T06:15Z', '2026-11-20T06:15Z'],
    [text(3), 'abc', 'abc'],
    [code(/^[A-Z]{4}$/, 'a code'), 'MAEU', 'MAEU'],
    [optional(text()), '', null],
    [optional(text()), null, null],
  ])('takes what it should', (field, value, expected) => {
    expect(parse(field, value)).toBe(expected)
  })

  it.each([
    [decimal(), '12O.40', 'row 7, field it: "12O.40" is not a number'],
    [decimal(), '1e5', 'row 7, field it: "1e5" is not a number'],
    [decimal(), 'NaN', 'row 7, field it: "NaN" is not a number'],
    [integer(), '1.0', 'row 7, field it: "1.0" is not a whole number'],
    [date(), '2026-13-01', 'row 7, field it: "2026-13-01" is not a date (YYYY-MM-DD)'],
    [instant(), 'noon', 'row 7, field it: "noon" is not a time (YYYY-MM-DDThh:mmZ)'],
    [text(3), 'abcd', 'row 7, field it: "abcd" is not a text of at most 3 characters'],
    [text(), '', 'row 7, field it: is empty'],
    [text(), null, 'row 7, field it: is empty'],
  ])('names row, field and fault of what it should not take', (field, value, message) => {
    expect(fault(field, value)).toBe(message)
  })
})
