import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs, clampRetryAfter } from '../../../../src/main/sources/backoff.ts'

describe('backoffMs', () => {
  it('is full jitter: anywhere from nothing to 2 s, 4 s, 8 s … at most 30 s', () => {
    const longest = [0, 1, 2, 3, 4, 50].map((failures) =>
      backoffMs({ failures, minDelayMs: 0, random: () => 1 }),
    )
    expect(longest).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(backoffMs({ failures: 9, minDelayMs: 0, random: () => 0 })).toBe(0)
  })

  it('I7: never leaves the range, and never undercuts what the server asked for', () => {
    const input = fc.record({
      failures: fc.nat(10_000),
      minDelayMs: fc.integer({ min: 0, max: 60_000 }),
      chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    })
    fc.assert(
      fc.property(input, ({ failures, minDelayMs, chance }) => {
        const delayMs = backoffMs({ failures, minDelayMs, random: () => chance })
        expect(delayMs).toBeGreaterThanOrEqual(minDelayMs)
        expect(delayMs).toBeLessThanOrEqual(minDelayMs + 30_000)
      }),
    )
  })

  it('F29, T2: at most a tenth of 1,000 dropped clients dial in any 100 ms', () => {
    let seed = 42
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed / 2_147_483_648
    }
    const buckets = new Array<number>(20).fill(0)
    for (let client = 0; client < 1_000; client += 1) {
      const delayMs = backoffMs({ failures: 0, minDelayMs: 0, random })
      buckets[Math.floor(delayMs / 100)]! += 1
    }
    expect(Math.max(...buckets)).toBeLessThanOrEqual(100)
  })
})

describe('clampRetryAfter', () => {
  it('holds what a server asks for between 1 s and 60 s', () => {
    expect([null, 0, 500, 5_000, 9e9].map(clampRetryAfter)).toEqual([
      0, 1_000, 1_000, 5_000, 60_000,
    ])
  })
})
