import { expect, it } from 'vitest'
import { groupWords, sparkPoints } from '../../../../src/renderer/jobs/group-words.ts'
import { RateHistory } from '../../../../src/renderer/jobs/rate-history.ts'
import { inWords } from '../../../../src/renderer/jobs/rate-chart.tsx'
import { errorMeaning } from '../../../../src/renderer/jobs/error-words.ts'
import { initials } from '../../../../src/renderer/workspaces/rail-words.ts'
import { sampleGroup } from '../../../support/web/samples.ts'

it('counts a tenant in words', () => {
  expect(groupWords(sampleGroup({ running: 9, failed: 1, succeeded: 1_214 }))).toBe(
    '9 running · 1 failed · 1,214 done',
  )
  expect(groupWords(sampleGroup({ queued: 2, cancelled: 1 }))).toBe(
    '1 running · 2 queued · 0 failed · 0 done · 1 cancelled',
  )
  expect(groupWords(undefined)).toBe('')
})

it('draws a small line within its box, and none without two values', () => {
  expect(sparkPoints([0, 4], { width: 10, height: 10 })).toBe('0.0,9.0 10.0,1.0')
  expect(sparkPoints([3], { width: 10, height: 10 })).toBe('')
})

it('keeps one rate a second for 30 s and forgets the rest', () => {
  const rates = new RateHistory()
  for (let tenth = 0; tenth < 600; tenth += 1) rates.add('a', tenth, tenth * 100)
  rates.add('a', null, 60_500)
  const { atMs, perSecond } = rates.within('a', 60_000)
  expect(atMs[0]).toBe(30_000)
  expect(atMs).toHaveLength(30)
  expect(perSecond.at(-1)).toBe(590)
  expect(rates.within('a', 120_000).atMs).toEqual([])
  rates.forget('a')
  expect(rates.within('a', 60_000).atMs).toEqual([])
})

it('tells the chart in words', () => {
  expect(inWords({ atMs: [1, 2, 3], perSecond: [380, 450, 412] }, 'rows')).toBe(
    'Between 380/s and 450/s, now 412/s, in rows.',
  )
})

it('explains the error codes it knows and says when it does not', () => {
  expect(errorMeaning('duplicate_key')).toMatch(/already there/)
  expect(errorMeaning('unknown_reference')).toMatch(/not there/)
  expect(errorMeaning('check_failed')).toMatch(/rule of the table/)
  expect(errorMeaning('value_missing')).toMatch(/empty/)
  expect(errorMeaning('row_malformed')).toMatch(/could not be read/)
  expect(errorMeaning('E_4711')).toMatch(/no further explanation/)
})

it.each([
  ['Northwind Analytics', 'NA'],
  ['Staging', 'ST'],
  ['signalbox demo (local)', 'SD'],
  ['', ''],
])('the initials of %j are %j', (name, letters) => {
  expect(initials(name)).toBe(letters)
})
