import { describe, expect, it } from 'vitest'
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatMoment,
  formatPercent,
  formatRange,
  formatRangeInFull,
  formatRate,
  formatWait,
  formatWaitUntil,
  plural,
} from '../../../../src/renderer/ui/format.ts'

const table = <T>(format: (value: T) => string, cases: readonly (readonly [T, string])[]): void => {
  it.each(cases)('%j reads %j', (value, text) => {
    expect(format(value)).toBe(text)
  })
}

describe('a count', () => {
  table(formatCount, [
    [0, '0'],
    [956, '956'],
    [15_720, '15,720'],
    [999_999, '999,999'],
    [1_200_000, '1.2 M'],
    [3_400_000_000, '3.4 bn'],
  ])
})

describe('a rate', () => {
  table(formatRate, [
    [0, '0/s'],
    [0.42, '0.4/s'],
    [412.3, '412/s'],
    [9_840, '9,840/s'],
  ])
})

describe('a percentage', () => {
  table(formatPercent, [
    [0, '0.0%'],
    [52.44, '52.4%'],
    [99.99, '99.9%'],
    [100, '100%'],
  ])
})

describe('an age', () => {
  table(formatAge, [
    [-500, '0.0 s'],
    [300, '0.3 s'],
    [9_949, '9.9 s'],
    [9_950, '9 s'],
    [41_000, '41 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [6 * 60_000, '6 min'],
    [3 * 3_600_000, '3 h'],
    [49 * 3_600_000, '2 d'],
  ])
})

describe('a wait', () => {
  table(formatWait, [
    [1, '1 s'],
    [2_400, '3 s'],
    [8_000, '8 s'],
    [240_000, '4 min'],
  ])
})

it('tells a moment with its day when it was not today, and with its year when it was not this year', () => {
  const now = new Date(2026, 10, 28, 9, 30).getTime()
  expect(formatMoment(new Date(2026, 10, 28, 0, 5, 7).getTime(), now)).toBe('00:05:07')
  expect(formatMoment(new Date(2026, 10, 27, 14, 3, 12).getTime(), now)).toBe('27 Nov 14:03')
  expect(formatMoment(new Date(2025, 11, 31, 23, 59).getTime(), now)).toBe('31 Dec 2025 23:59')
})

it('counts bytes in the unit that can be read', () => {
  expect([0, 999, 1_000, 2_100_000, 3_450_000_000].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '2.1 MB',
    '3.5 GB',
  ])
})

it('counts down to a moment by whole seconds of the clock, the same wherever it is drawn', () => {
  const until = (atMs: number) => [10_000, 10_400, 10_990].map((now) => formatWaitUntil(atMs, now))
  expect(until(13_200)).toEqual(['3 s', '3 s', '3 s'])
  expect(until(10_100)).toEqual(['1 s', '1 s', '1 s'])
  expect(formatWaitUntil(250_000, 10_000)).toBe('4 min')
})

describe('a duration', () => {
  table(formatDuration, [
    [840, '0.8 s'],
    [48_000, '48 s'],
    [131_000, '2 min 11 s'],
    [120_000, '2 min'],
    [3_900_000, '1 h 5 min'],
    [3_599_900, '1 h'],
    [100 * 3_600_000, '4 d 4 h'],
  ])
})

describe('a range of time left', () => {
  table(formatRange, [
    [{ lowMs: 400, highMs: 600 }, 'under 1 s'],
    [{ lowMs: 4_800, highMs: 5_200 }, '5 s'],
    [{ lowMs: 14_000, highMs: 18_000 }, '14–18 s'],
    [{ lowMs: 50_000, highMs: 80_000 }, '~1 min'],
    [{ lowMs: 10_000, highMs: 100_000 }, 'under 2 min'],
    [{ lowMs: 170_000, highMs: 250_000 }, '3–4 min'],
    [{ lowMs: 3 * 3_600_000, highMs: 5 * 3_600_000 }, '3–5 h'],
  ])

  it('is written in full in the pane', () => {
    expect(formatRangeInFull({ lowMs: 50_000, highMs: 80_000 })).toBe('50 s to 1 min 20 s')
    expect(formatRangeInFull({ lowMs: 4_900, highMs: 5_100 })).toBe('about 5 s')
  })
})

it('counts things in words', () => {
  expect(plural(1, 'job')).toBe('1 job')
  expect(plural(2_000, 'job')).toBe('2,000 jobs')
})
