import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { Hearing } from '../../../../src/main/sources/hearing.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

let scope: Scope
let clock: FakeClock
let stale: number[]
let hearing: Hearing

beforeEach(() => {
  scope = new Scope('source')
  clock = new FakeClock()
  stale = []
  hearing = new Hearing(scope, clock, () => stale.push(clock.monotonic()))
})
afterEach(async () => {
  const { errors } = await scope.close('test over')
  expect([errors, clock.armed]).toEqual([[], 0])
})

describe('Hearing', () => {
  it('has heard nothing at first', () => {
    expect([hearing.ever, hearing.fresh, clock.armed]).toEqual([false, false, 0])
  })

  it('I14: is fresh for less than 12 s, and says once when it is no longer', async () => {
    hearing.heard()
    await clock.advance(11_999)
    expect([hearing.ever, hearing.fresh, stale]).toEqual([true, true, []])
    await clock.advance(1)
    expect([hearing.ever, hearing.fresh, stale]).toEqual([true, false, [12_000]])
    await clock.advance(60_000)
    expect(stale).toEqual([12_000])
  })

  it('counts from what was heard last, on one timer', async () => {
    hearing.heard()
    await clock.advance(5_000)
    hearing.heard()
    expect(clock.delays).toEqual([7_000])
    await clock.advance(7_000)
    expect([hearing.fresh, clock.delays]).toEqual([true, [5_000]])
    await clock.advance(5_000)
    expect(stale).toEqual([17_000])
  })

  it('says again when it was heard again', async () => {
    hearing.heard()
    await clock.advance(12_000)
    hearing.heard()
    expect(hearing.fresh).toBe(true)
    await clock.advance(12_000)
    expect(stale).toEqual([12_000, 24_000])
  })

  it.each([
    [11_999, false],
    [12_000, true],
    [12_001, true],
  ])('after %i ms it was silent: %s', (ms, wasSilent) => {
    expect(hearing.heard()).toBe(true)
    clock.stall(ms)
    expect(hearing.heard()).toBe(wasSilent)
  })

  it('is stale at once by the clock, though its timer comes later', () => {
    hearing.heard()
    clock.sleep(12_000)
    expect([hearing.fresh, clock.delays]).toEqual([false, [12_000]])
  })

  it('says nothing more when its owner ends', async () => {
    hearing.heard()
    await scope.close('signed out')
    expect(clock.armed).toBe(0)
    await clock.advance(60_000)
    expect(stale).toEqual([])
  })
})
