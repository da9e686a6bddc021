import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyBytes, seal, unseal } from '../../../../src/main/offline/sealed-file.ts'
import { pack, snapshotOf } from '../../../support/snapshots.ts'

const key = randomBytes(keyBytes)
const plain = pack(snapshotOf())
const sealed = seal(plain, key)
const opened = (bytes: Uint8Array, by = key) => unseal(bytes, by).kind

describe('a sealed file', () => {
  it('opens with its key, and with no other', () => {
    expect(unseal(sealed, key)).toEqual({ kind: 'unsealed', plain })
    expect(opened(sealed, randomBytes(keyBytes))).toBe('damaged')
  })

  it('shows nothing of what it holds, and is never twice the same', () => {
    const again = seal(Buffer.from('canary-canary-canary'), key)
    expect(again.includes('canary')).toBe(false)
    expect(seal(plain, key).equals(sealed)).toBe(false)
  })

  it('holds nothing as well as much', () => {
    for (const size of [0, 1, 65_537]) {
      const bytes = randomBytes(size)
      expect(unseal(seal(bytes, key), key)).toEqual({ kind: 'unsealed', plain: bytes })
    }
  })

  it('is of another version when only its format is another', () => {
    const later = Buffer.from(sealed)
    later[7] = 2
    expect(opened(later)).toBe('outdated')
  })

  it('F68: is refused when it is cut off anywhere, empty, or a megabyte of noise', () => {
    for (let length = 0; length < sealed.length; length += 1) {
      expect(opened(sealed.subarray(0, length))).toBe('damaged')
    }
    expect(opened(randomBytes(1_000_000))).toBe('damaged')
    expect(opened(Buffer.concat([sealed.subarray(0, 8), randomBytes(1_000_000)]))).toBe('damaged')
  })

  it('F68: ten thousand changed ones are refused, none throws', () => {
    const flips = fc.record({
      at: fc.nat({ max: sealed.length - 1 }),
      by: fc.integer({ min: 1, max: 255 }),
    })
    const pieces = fc.record({
      from: fc.nat({ max: sealed.length }),
      to: fc.nat({ max: sealed.length }),
      put: fc.uint8Array({ maxLength: 40 }),
    })
    const changed = fc.oneof(
      fc.array(flips, { minLength: 1, maxLength: 8 }).map((all) => {
        const bytes = Buffer.from(sealed)
        for (const { at, by } of all) bytes[at] = (bytes[at] ?? 0) ^ by
        return bytes
      }),
      pieces.map(({ from, to, put }) =>
        Buffer.concat([sealed.subarray(0, from), put, sealed.subarray(to)]),
      ),
      fc.uint8Array({ maxLength: 400 }).map((noise) => Buffer.from(noise)),
    )
    let refused = 0
    fc.assert(
      fc.property(changed, (bytes) => {
        const same = bytes.equals(sealed)
        expect(opened(bytes) === 'unsealed').toBe(same)
        if (!same) refused += 1
      }),
      { numRuns: 10_000 },
    )
    expect(refused).toBeGreaterThan(9_000)
  })
})
