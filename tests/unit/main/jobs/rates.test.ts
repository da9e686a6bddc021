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
