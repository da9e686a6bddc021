import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Pace } from '../../../../src/main/jobs/rates.ts'
import { job } from '../../../support/wire-jobs.ts'

const counting = (done: number, total = 1_000) =>
  job({ counters: { done, total, unit: 'rows' }, progress: (done / total) * 100 })

describe('Pace', () => {
  it('gives the rate over what was heard', () => {
    const pace = new Pace(1)
    for (let second = 0; second <= 10; second += 1) pace.hear(counting(second * 20), second * 1_000)
    expect(pace.perSecond(10_000)).toBeCloseTo(20)
  })

  it('looks back 30 s only', () => {
    const pace = new Pace(1)
    for (let second = 0; second <= 90; second += 1) {
      pace.hear(counting(second <= 60 ? 0 : (second - 60) * 10), second * 1_000)
    }
    expect(pace.perSecond(90_000)).toBeCloseTo(10)
  })

  it('keeps the rate of a job that stops counting in its last step', () => {
    const pace = new Pace(1)
    for (let second = 0; second <= 10; second += 1) pace.hear(counting(second * 20), second * 1_000)
    pace.hear(job({ counters: null }), 10_500)
    expect(pace.perSecond(10_500)).toBeCloseTo(200 / 10.5)
  })

  it('gives the same however often the job is heard of between two seconds', () => {
    const often = new Pace(1)
    for (let ms = 0; ms <= 60_000; ms += 20) often.hear(counting(ms / 100), ms)
    expect(often.perSecond(60_000)).toBeCloseTo(10)
    expect(often.left(60_000)).toMatchObject({ lowMs: 36_364, highMs: 44_444 })
  })

  it('falls while nothing is heard, down to 0', () => {
    const pace = new Pace(1)
    for (let second = 0; second <= 10; second += 1) pace.hear(counting(second * 20), second * 1_000)
    expect(pace.perSecond(20_000)).toBeCloseTo(10)
    expect(pace.perSecond(60_000)).toBe(0)
    expect(pace.left(60_000)).toBeNull()
  })

  it('knows no rate of a job that counts nothing, but may know the time left', () => {
    const pace = new Pace(1)
    for (let second = 0; second <= 10; second += 1) {
      pace.hear(job({ counters: null, progress: second * 5 }), second * 1_000)
    }
    expect(pace.perSecond(10_000)).toBeNull()
    const left = pace.left(10_000)
    expect(left?.lowMs).toBeLessThan(10_000)
    expect(left?.highMs).toBeGreaterThan(10_000)
  })

  it('keeps the rate and the time left when a new step counts from zero again', () => {
    const pace = new Pace(1)
    for (let second = 0; second <= 20; second += 1) {
      const done = (second % 10) * 20
      pace.hear(
        job({ counters: { done, total: 200, unit: 'rows' }, progress: second * 4 }),
        second * 1_000,
      )
    }
    expect(pace.perSecond(20_000)).toBeGreaterThan(15)
    const left = pace.left(20_000)
    expect(left?.lowMs).toBeLessThan(5_000)
    expect(left?.highMs).toBeGreaterThan(5_000)
    expect(left?.highMs).toBeLessThan(10_000)
  })

  it('says "not enough data" below three samples or five seconds', () => {
    const pace = new Pace(1)
    pace.hear(counting(0), 0)
    pace.hear(counting(100), 6_000)
    expect(pace.left(6_000)).toBeNull()
    pace.hear(counting(120), 7_200)
    expect(pace.left(7_200)).not.toBeNull()
    const quick = new Pace(1)
    for (let at = 0; at <= 4_000; at += 1_000) quick.hear(counting(at / 10), at)
    expect(quick.left(4_000)).toBeNull()
  })

  it('gives a narrow range for even work and a wide one for uneven work', () => {
    const even = new Pace(1)
    const uneven = new Pace(1)
    const bursts = [0, 0, 0, 90, 95, 100, 180, 185, 190, 195, 200]
    for (let second = 0; second <= 10; second += 1) {
      even.hear(counting(second * 20), second * 1_000)
      uneven.hear(counting(bursts[second] ?? 0), second * 1_000)
    }
    const width = (pace: Pace): number => {
      const left = pace.left(10_000)
      return left === null ? 0 : left.highMs / left.lowMs
    }
    expect(width(even)).toBeCloseTo(1.1 / 0.9, 2)
    expect(width(uneven)).toBeGreaterThan(2)
  })

  it('needs a second for a rate and five for the time left, to the millisecond', () => {
    const pace = new Pace(1)
    pace.hear(counting(0), 50_000)
    pace.hear(counting(20), 50_400)
    expect(pace.perSecond(50_999)).toBeNull()
    expect(pace.perSecond(51_000)).toBeCloseTo(20)
    pace.hear(counting(40), 52_400)
    pace.hear(counting(60), 54_400)
    expect(pace.left(54_999)).toBeNull()
    expect(pace.left(55_000)).not.toBeNull()
  })

  it('takes what is heard within two seconds of the sample before for one sample', () => {
    const pace = new Pace(1)
    for (const atMs of [50_000, 51_000, 51_900, 53_900]) pace.hear(counting(atMs / 1_000), atMs)
    pace.hear(counting(56), 56_000)
    expect(pace.left(56_000)).not.toBeNull()
    const few = new Pace(1)
    for (const atMs of [50_000, 51_000, 51_900, 56_000]) few.hear(counting(atMs / 1_000), atMs)
    expect(few.left(56_000)).toBeNull()
  })

  it('says nothing of a job heard once, until it has been silent for the whole window', () => {
    const pace = new Pace(1)
    pace.hear(counting(10), 0)
    expect(pace.perSecond(30_000)).toBeNull()
    expect(pace.perSecond(30_001)).toBe(0)
  })

  it('counts from where the job began to count', () => {
    const pace = new Pace(1)
    pace.hear(job({ counters: null }), 0)
    pace.hear(counting(100), 4_000)
    expect(pace.perSecond(8_000)).toBeNull()
    pace.hear(counting(140), 8_000)
    expect(pace.perSecond(8_000)).toBeCloseTo(10)
  })

  it('does not take a counter that stands still for one that began anew', () => {
    const pace = new Pace(1)
    for (const [atMs, done] of [
      [0, 0],
      [2_000, 50],
      [4_000, 50],
      [6_000, 50],
    ] as const) {
      pace.hear(counting(done), atMs)
    }
    expect(pace.perSecond(6_000)).toBeCloseTo(50 / 6)
  })

  it('forgets what is older than 30 s, and not a millisecond before', () => {
    const pace = new Pace(1)
    pace.hear(counting(0), 0)
    pace.hear(counting(300), 10_000)
    pace.hear(counting(330), 20_000)
    expect(pace.perSecond(30_000)).toBeCloseTo(11)
    expect(pace.perSecond(30_001)).toBeCloseTo(30 / 20.001)
    expect(pace.left(30_001)).toBeNull()
  })

  it.each([
    ['between its slowest and fastest fifth', [0, 8, 20, 30, 42, 50], 10_000, [8_333, 12_500]],
    ['at most three times longer than the mean', [0, 10, 10, 30, 40, 50], 10_000, [5_000, 30_000]],
    ['at most three times shorter either', [0, 0, 50, 50, 50, 50], 10_000, [3_333, 30_000]],
    ['evenly between samples', [0, 10, 10, 30, 40, 50], 12_000, [6_667, 36_000]],
  ])('gives the time left %s', (_what, percents, nowMs, [lowMs, highMs]) => {
    const pace = new Pace(1)
    for (const [index, progress] of percents.entries()) {
      pace.hear(job({ counters: null, progress }), 70_000 + index * 2_000)
    }
    expect(pace.left(70_000 + nowMs)).toEqual({ lowMs, highMs })
  })

  it('takes two samples of one moment', () => {
    const pace = new Pace(1)
    const heard = [10, 20, 30, 40, 50]
    for (const [index, progress] of heard.entries()) {
      pace.hear(job({ counters: null, progress }), Math.max(0, index - 1) * 2_000)
    }
    expect(pace.left(6_000)).toEqual({ lowMs: 5_000, highMs: 10_000 })
  })

  it('always gives an ordered, finite range that is not negative', () => {
    const steps = fc.array(fc.record({ waitMs: fc.nat(9_000), done: fc.nat(100) }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, (all) => {
        const pace = new Pace(1)
        let atMs = 0
        let done = 0
        for (const step of all) {
          atMs += step.waitMs
          done = Math.min(1_000, done + step.done)
          pace.hear(counting(done), atMs)
          const left = pace.left(atMs)
          if (left === null) continue
          expect(left.lowMs).toBeGreaterThanOrEqual(0)
          expect(left.highMs).toBeGreaterThanOrEqual(left.lowMs)
          expect(Number.isFinite(left.highMs)).toBe(true)
        }
        expect(pace.perSecond(atMs) ?? 0).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
