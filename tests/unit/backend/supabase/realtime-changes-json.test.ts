import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toJson } from '../../../../src/backend/supabase/realtime/changes/json-value.ts'

const texts = { kind: 'array', of: { kind: 'string' }, delimiter: ',' } as const
const numbers = { kind: 'array', of: { kind: 'number' }, delimiter: ',' } as const

/** As PostgreSQL writes an array. */
function arrayText(values: readonly (string | null)[]): string {
  const cells = values.map((value) =>
    value === null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`,
  )
  return `{${cells.join(',')}}`
}

describe('JSON of a printed value', () => {
  it.each([
    ['t', 'boolean', 'true'],
    ['f', 'boolean', 'false'],
    ['9007199254740993', 'number', '9007199254740993'],
    ['-0', 'number', '0'],
    ['1e-07', 'number', '1e-07'],
    ['NaN', 'number', '"NaN"'],
    ['-Infinity', 'number', '"-Infinity"'],
    ['{"b": 1}', 'json', '{"b": 1}'],
    ['2026-02-28 01:02:03.004', 'timestamp', '"2026-02-28T01:02:03.004"'],
    ['2026-02-28 01:02:03+00', 'timestamptz', '"2026-02-28T01:02:03+00:00"'],
    ['0044-03-15 00:00:00+00 BC', 'timestamptz', '"0044-03-15T00:00:00+00:00 BC"'],
    ['infinity', 'timestamptz', '"infinity"'],
    ['a"\\\n', 'string', '"a\\"\\\\\\n"'],
  ] as const)('%s of kind %s', (text, kind, json) => {
    expect(toJson(text, { kind })).toBe(json)
  })

  it.each([
    ['{}', '[]'],
    ['{1,NULL,-2.5}', '[1,null,-2.5]'],
    ['[0:1]={1,2}', '[1,2]'],
    ['{{1,2},{3,NaN}}', '[[1,2],[3,"NaN"]]'],
  ])('the array %s', (text, json) => {
    expect(toJson(text, numbers)).toBe(json)
  })

  it('keeps every text of an array as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string({ unit: 'grapheme' }))), (values) => {
        expect(JSON.parse(toJson(arrayText(values), texts))).toEqual(values)
      }),
    )
  })
})
