import { beforeEach, describe, expect, it } from 'vitest'
import { sleepless } from '../../../../src/main/lib/sleepless.ts'

const hourMs = 3_600_000
let wallMs: number
let steadyMs: number
let uptimeMs: number
let asked: number
let now: () => number

beforeEach(() => {
  wallMs = Date.UTC(2026, 10, 20)
  steadyMs = 500
  uptimeMs = 90 * hourMs
  asked = 0
  now = sleepless({
    wall: () => wallMs,
    steady: () => steadyMs,
    uptime: () => {
      asked += 1
      return uptimeMs
    },
  })
})

const pass = (ms: number): void => {
  steadyMs += ms
  sleep(ms)
}
/** As on Linux, where the steady clock stands still. */
const sleep = (ms: number): void => {
  wallMs += ms
  uptimeMs += ms
}

describe('monotonic time', () => {
  it('goes as the steady clock goes', () => {
    const before = now()
    pass(1_234)
    expect(now() - before).toBe(1_234)
  })

  it('counts sleep in which the steady clock stood still', () => {
    const before = now()
    sleep(10 * 60_000)
    expect(now() - before).toBe(10 * 60_000)
    pass(7)
    sleep(hourMs)
    expect(now() - before).toBe(10 * 60_000 + 7 + hourMs)
  })

  it('counts sleep once where the steady clock goes on in it', () => {
    const before = now()
    pass(hourMs)
    expect(now() - before).toBe(hourMs)
  })

  it.each([hourMs, -hourMs, 400 * 24 * hourMs])(
    'is not moved by a wall clock that is set by %d ms (I19)',
    (byMs) => {
      const before = now()
      wallMs += byMs
      expect(now() - before).toBe(0)
      pass(10)
      expect(now() - before).toBe(10)
    },
  )

  it('tells sleep from a wall clock that is set back in the meantime', () => {
    const before = now()
    sleep(hourMs)
    wallMs -= 20 * 60_000
    expect(now() - before).toBe(hourMs)
    wallMs += 20 * 60_000
    expect(now() - before).toBe(hourMs)
  })

  it('is not moved by the coarseness of the uptime', () => {
    const before = now()
    wallMs += hourMs
    uptimeMs += 900
    expect(now()).toBe(before)
  })

  it('never goes back, whatever the uptime says', () => {
    sleep(hourMs)
    const before = now()
    wallMs += hourMs
    uptimeMs -= 2 * hourMs
    expect(now()).toBe(before)
  })

  it('asks for the uptime only when the clocks parted', () => {
    const first = asked
    for (let second = 0; second < 100; second += 1) {
      pass(1_000)
      now()
    }
    expect(asked).toBe(first)
  })
})
