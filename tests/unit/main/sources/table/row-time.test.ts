import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { microsecondsOf, timeText } from '../../../../../src/main/sources/table/row-time.ts'

describe('microsecondsOf', () => {
  it.each([
    ['2026-11-20T14:00:00.123456+00:00', 1_795_183_200_123_456],
    ['2026-11-20T14:00:00.123456', 1_795_183_200_123_456],
    ['2026-11-20 14:00:00.123456+00', 1_795_183_200_123_456],
    ['2026-11-20T19:30:00.123456+0530', 1_795_183_200_123_456],
    ['2026-11-20T19:30:00.123456+05:30', 1_795_183_200_123_456],
    ['2026-11-20T14:00:00.5Z', 1_795_183_200_500_000],
    ['2026-11-20T14:00:00Z', 1_795_183_200_000_000],
    ['1970-01-01T00:00:00Z', 0],
  ])('reads %s exactly', (text, micros) => {
    expect(microsecondsOf(text)).toBe(micros)
  })

  it.each([
    'infinity',
    '-infinity',
    '',
    '2026-11-20',
    '2026-13-20T00:00:00Z',
    '0044-03-15 BC',
    '1969-12-31T23:59:59.999999Z',
    '9999-12-31T23:59:59Z',
  ])('takes %j for no time', (text) => {
    expect(microsecondsOf(text)).toBeNull()
  })

  it('reads every microsecond that it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000_000 }), (micros) => {
        expect(microsecondsOf(timeText(micros))).toBe(micros)
      }),
    )
  })

  it('writes times whose order as text is their order', () => {
    const micros = fc.integer({ min: 0, max: 4_102_444_800_000_000 })
    fc.assert(
      fc.property(micros, micros, (one, other) => {
        expect(timeText(one) < timeText(other)).toBe(one < other)
      }),
    )
  })
})
