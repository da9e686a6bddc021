import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'
import {
  ChunkedEntry,
  entryMaxBytes,
  valueMaxBytes,
} from '../../../../src/main/session/chunked-entry.ts'
import { settle } from '../../../support/fake-clock.ts'
import { MemoryKeychain } from '../../../support/memory-keychain.ts'

const open = (keychain = new MemoryKeychain()) => ({
  keychain,
  entry: new ChunkedEntry(keychain, 'session.test'),
})
const textOf = async (entry: ChunkedEntry): Promise<string> => {
  const read = await entry.read()
  return read.kind === 'present' ? read.value.reveal() : read.kind
}
/** Short, at the border, and in up to four parts; characters of one to four bytes. */
const anyValue = fc
  .tuple(
    fc.constantFrom('a', '"', 'ä', '€', '🚂'),
    fc.constantFrom(1, 10, 599, 600, 601, 800, 1_200, 2_399, 2_400, 2_401, 5_000),
    fc.string({ maxLength: 8 }),
  )
  .map(([character, count, tail]) => character.repeat(count) + tail)

describe('a value in the keychain', () => {
  it('is one plain entry when it is short', async () => {
    const { keychain, entry } = open()
    await entry.write(new Secret('{"short":true}'))
    expect([...keychain.entries]).toEqual([['session.test', '{"short":true}']])
  })

  it('is read as it was written, in entries that Windows takes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyValue, { minLength: 1, maxLength: 5 }), async (values) => {
        const { keychain, entry } = open()
        for (const value of values) {
          expect(await entry.write(new Secret(value))).toBe('done')
          expect(await textOf(entry)).toBe(value)
        }
        expect(keychain.longest).toBeLessThanOrEqual(entryMaxBytes)
        const { erased, left } = await entry.erase()
        expect({ left, entries: keychain.entries.size }).toEqual({ left: 0, entries: 0 })
        expect(erased).toBeGreaterThan(0)
      }),
    )
  })

  it('is the old one or the new one, never half, wherever the process died (1,000 histories)', async () => {
    await fc.assert(
      fc.asyncProperty(anyValue, anyValue, fc.nat(12), async (old, fresh, changes) => {
        const { keychain, entry } = open()
        await entry.write(new Secret(old))
        keychain.diesAfter = keychain.changes + changes
        const write = { done: false }
        void entry.write(new Secret(fresh)).then(() => (write.done = true))
        for (let turn = 0; turn < 20 && !write.done; turn += 1) await settle()
        keychain.diesAfter = Infinity
        const after = new ChunkedEntry(keychain, 'session.test')
        const text = await textOf(after)
        expect([old, fresh]).toContain(text)
        if (write.done) expect(text).toBe(fresh)
        // Whatever was left lying about is found by the next write, and by erasing.
        await after.write(new Secret('x'))
        expect([...keychain.entries.values()]).toEqual(['x'])
        await after.erase()
        expect(keychain.entries.size).toBe(0)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is gone whole, or still erasable, wherever the process died while erasing', async () => {
    await fc.assert(
      fc.asyncProperty(anyValue, anyValue, fc.nat(8), async (old, fresh, changes) => {
        const { keychain, entry } = open()
        await entry.write(new Secret(old))
        await entry.write(new Secret(fresh))
        keychain.diesAfter = keychain.changes + changes
        void entry.erase()
        for (let turn = 0; turn < 20; turn += 1) await settle()
        keychain.diesAfter = Infinity
        const after = new ChunkedEntry(keychain, 'session.test')
        expect(['absent', fresh]).toContain(await textOf(after))
        expect((await after.erase()).left).toBe(0)
        expect(keychain.entries.size).toBe(0)
      }),
    )
  })

  it('is corrupt when a part is missing, changed or of another generation', async () => {
    const value = new Secret('x'.repeat(6_000))
    const partNames = ['session.test.a0', 'session.test.a1', 'session.test.a2']
    for (const name of partNames) {
      for (const harm of ['missing', 'changed'] as const) {
        const { keychain, entry } = open()
        await entry.write(value)
        if (harm === 'missing') keychain.entries.delete(name)
        else keychain.entries.set(name, 'y')
        expect(await textOf(entry)).toBe('corrupt')
      }
    }
  })

  it('is not read at all when it is absurdly long, and not written', async () => {
    const { keychain, entry } = open()
    keychain.entries.set('session.test', 'x'.repeat(1_000_000))
    expect(await textOf(entry)).toBe('corrupt')
    expect(await entry.write(new Secret('x'.repeat(valueMaxBytes + 1)))).toBe('unavailable')
  })

  it.each(['locked', 'unavailable', 'timeout'] as const)(
    'says %s where the keychain does, and counts what may be left',
    async (trouble) => {
      const { keychain, entry } = open()
      await entry.write(new Secret('kept'))
      keychain.trouble = trouble
      expect(await textOf(entry)).toBe(trouble)
      expect(await entry.write(new Secret('new'))).toBe(trouble)
      expect(await entry.erase()).toEqual({ erased: 0, left: 1 })
      keychain.trouble = null
      expect(await textOf(entry)).toBe('kept')
    },
  )

  it('counts every entry that a keychain keeps though told to delete', async () => {
    const { keychain, entry } = open()
    await entry.write(new Secret('x'.repeat(6_000)))
    keychain.refusesErasure = true
    expect(await entry.erase()).toEqual({ erased: 0, left: 4 })
  })
})
