import { beforeEach, describe, expect, it } from 'vitest'
import { Liveness } from '../../../../src/main/sources/liveness.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

let clock: FakeClock
let asked: number
let answers: boolean
let liveness: Liveness

beforeEach(() => {
  clock = new FakeClock()
  asked = 0
  answers = true
  liveness = new Liveness(clock, () => {
    asked += 1
    return answers
  })
  liveness.heard()
})

const again = (inMs: number) => ({ kind: 'again', inMs })
const dead = (probed: boolean) => ({ kind: 'dead', probed })
/** Where an answer is due in 4 s. */
function askNow(): void {
  clock.stall(8_000)
  expect(liveness.next()).toEqual(again(4_000))
}

describe('Liveness', () => {
  it.each([
    [0, 8_000, 0],
    [7_999, 1, 0],
    [8_000, 4_000, 1],
    [9_000, 4_000, 1],
  ])('after %i ms of silence looks again in %i ms, having asked %i times', (...row) => {
    const [quietMs, inMs, times] = row
    clock.stall(quietMs)
    expect(liveness.next()).toEqual(again(inMs))
    expect(asked).toBe(times)
  })

  it.each([
    [3_999, again(1)],
    [4_000, dead(false)],
    [4_499, dead(false)],
    [4_500, again(500)],
  ])('judges %i ms after it has asked', (ms, step) => {
    askNow()
    clock.stall(ms)
    expect(liveness.next()).toEqual(step)
  })

  it('after a stall asks once more, and waits half a second for what lies unread', () => {
    askNow()
    clock.stall(60_000)
    expect(liveness.next()).toEqual(again(500))
    expect(asked).toBe(2)
    clock.stall(499)
    expect(liveness.next()).toEqual(again(1))
    clock.stall(1)
    expect(liveness.next()).toEqual(dead(false))
    expect(asked).toBe(2)
  })

  it('F65: after a wake expects the answer within 3 s', () => {
    expect(liveness.probe()).toEqual(again(3_000))
    clock.stall(2_999)
    expect(liveness.next()).toEqual(again(1))
    clock.stall(1)
    expect(liveness.next()).toEqual(dead(true))
    expect(asked).toBe(1)
  })

  it.each([
    ['a second before', 3_000, 1_000],
    ['this very moment', 4_000, 1],
    ['before the sleep', 4_001, 3_000],
    ['long after', 500, 3_000],
  ])('expects no later what was due %s', (_, ms, inMs) => {
    askNow()
    clock.stall(ms)
    expect(liveness.probe()).toEqual(again(inMs))
  })

  it('what is heard makes up for every question', () => {
    askNow()
    liveness.probe()
    liveness.heard()
    expect(liveness.next()).toEqual(again(8_000))
    askNow()
    clock.stall(4_000)
    expect(liveness.next()).toEqual(dead(false))
  })

  it('never takes silence for death where no answer is due, but does not trust it after a wake', () => {
    answers = false
    for (let time = 1; time <= 3; time += 1) {
      clock.stall(8_000)
      expect(liveness.next()).toEqual(again(8_000))
      expect(asked).toBe(time)
    }
    clock.stall(7_999)
    expect(liveness.next()).toEqual(again(1))
    expect(liveness.probe()).toEqual(dead(true))
  })
})
