import { describe, expect, it } from 'vitest'
import { parseFilters } from '../../../../src/backend/supabase/realtime/changes/filter-text.ts'

const one = (column: string, operator: string, value: string, negate = false) => ({
  column,
  operator,
  value,
  negate,
})

describe('the text of a filter', () => {
  it.each([
    ['', []],
    ['   ', []],
    ['id=eq.1', [one('id', 'eq', '1')]],
    [' id=gt.0 , id=lt.100 ', [one('id', 'gt', '0'), one('id', 'lt', '100')]],
    ['subject=not.like.hey%', [one('subject', 'like', 'hey%', true)]],
    ['subject=in.(hidee,ho)', [one('subject', 'in', '{hidee,ho}')]],
    [
      'subject=not.in.("a,b",c),id=eq.1',
      [one('subject', 'in', '{"a,b",c}', true), one('id', 'eq', '1')],
    ],
    ['subject=eq.', [one('subject', 'eq', '')]],
    ['subject=eq."a, \\"b\\""', [one('subject', 'eq', 'a, "b"')]],
    ['subject=eq."half', [one('subject', 'eq', '"half')]],
    ['subject=eq.say "no", then=eq.1', [one('subject', 'eq', 'say "no"'), one('then', 'eq', '1')]],
    ['at=eq.1.5=x', [one('at', 'eq', '1.5=x')]],
  ])('%s is read', (text, filters) => {
    expect(parseFilters(text)).toEqual({ ok: true, filters })
  })

  it.each([
    ['undefined', '["undefined"]'],
    ['id=1', '["1"]'],
    ['id=not.1', '["1"]'],
    ['subject=foo.hey', '["foo", "hey"]'],
    ['id=in.1', '`in` filter value must be wrapped by parentheses'],
    ['id=eq.1,', 'filter must not contain empty segments (check for extra commas)'],
    [`id=eq.${'x'.repeat(20_000)}`, 'filter is too long'],
    ['id=eq.1,'.repeat(60), 'too many filters'],
  ])('%s is refused', (text, why) => {
    expect(parseFilters(text)).toEqual({ ok: false, why })
  })
})
