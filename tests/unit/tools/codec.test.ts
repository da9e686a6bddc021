import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCodec } from '../../../tools/electron-stand-in/codec.ts'

const codec = createCodec(null)
const through = (value: unknown): unknown => codec.decode(codec.encode(value))

describe('the codec of the stand-in', () => {
  it('keeps what structured clone keeps, for any value of plain data', () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: false,
      withNullPrototype: false,
    })
    fc.assert(
      fc.property(value, (each) => {
        expect(through(each)).toEqual(structuredClone(each))
      }),
    )
  })

  it.each([
    ['undefined in an object', { nothing: undefined }],
    ['an object that looks like a tag', { $: 'Date', v: 0 }],
    ['minus zero', -0],
    ['a buffer', new Uint8Array([1, 2, 3]).buffer],
    ['an invalid date', new Date(Number.NaN)],
    ['a regular expression', /a+/gi],
  ])('keeps %s', (_, value) => {
    expect(through(value)).toStrictEqual(value)
  })

  it('keeps the kind and the words of an error', () => {
    const error = through(new RangeError('too far')) as Error
    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toBe('too far')
  })

  it('does not let a value reach the prototype', () => {
    const value: unknown = JSON.parse('{"__proto__": {"polluted": true}}')
    expect((through(value) as { polluted?: boolean }).polluted).toBeUndefined()
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  it.each([
    ['a function', () => 1],
    ['a function deep inside', { list: [{ run: () => 1 }] }],
    ['a symbol', Symbol('x')],
    ['a promise', Promise.resolve()],
    ['a weak map', new WeakMap()],
    ['a cycle', cycle],
  ])('refuses %s in Electron\u2019s words', (_, value) => {
    expect(() => codec.encode(value)).toThrow('An object could not be cloned.')
  })

  it('carries functions as numbers where a table says how', () => {
    const table: unknown[] = []
    const crossing = createCodec({
      toId: (value) => table.push(value) - 1,
      toFunction: (id) => table[id],
    })
    const run = (): number => 1
    expect(crossing.decode(crossing.encode({ run }))).toEqual({ run })
  })
})
