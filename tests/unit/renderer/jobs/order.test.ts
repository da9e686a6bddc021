import fc from 'fast-check'
import { expect, it } from 'vitest'
import { arrange, flatten, hold } from '../../../../src/renderer/jobs/order.ts'
import type { Place } from '../../../../src/renderer/jobs/order.ts'

const name = (tenantId: string): string => `tenant ${tenantId}`

const places = fc.uniqueArray(
  fc.record({
    key: fc.string({ minLength: 1, maxLength: 4 }),
    tenantId: fc.constantFrom('1', '2', '3'),
    rank: fc.integer({ min: 0, max: 3 }),
    at: fc.integer({ min: -5, max: 5 }),
  }),
  { selector: (place: Place) => place.key, maxLength: 30 },
)

it('is the same order whatever order the jobs came in', () => {
  fc.assert(
    fc.property(places, (list) => {
      expect(arrange([...list].reverse(), name)).toEqual(arrange(list, name))
    }),
  )
})

it('loses no job and shows none twice', () => {
  fc.assert(
    fc.property(places, (list) => {
      const keys = arrange(list, name).flatMap((section) => section.keys)
      expect([...keys].sort()).toEqual(list.map(({ key }) => key).sort())
    }),
  )
})

it('while held, keeps the order of what is shown and accounts for every other row', () => {
  fc.assert(
    fc.property(places, places, (before, after) => {
      const shown = arrange(before, name)
      const wanted = arrange(after, name)
      const { sections, waiting } = hold(shown, wanted)
      const kept = sections.flatMap((section) => section.keys)
      const present = new Set(after.map(({ key }) => key))
      const expected = shown.flatMap((section) => section.keys).filter((key) => present.has(key))
      expect(kept).toEqual(expected)
      expect([...kept, ...waiting].sort()).toEqual([...present].sort())
    }),
  )
})

it('gives every tenant a head, folded or not', () => {
  const sections = [
    { tenantId: '1', keys: ['a', 'b'] },
    { tenantId: '2', keys: ['c'] },
  ]
  expect(flatten(sections, new Set(['1'])).map(({ key }) => key)).toEqual([
    'group 1',
    'group 2',
    'c',
  ])
})
