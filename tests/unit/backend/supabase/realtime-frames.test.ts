import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeBinary,
  decodeText,
  encodeText,
  encodeUserBroadcast,
  type Vsn,
} from '../../../../src/backend/supabase/realtime/frames.ts'
import { encodePush } from '../../../support/realtime-socket.ts'

const versions: readonly Vsn[] = ['1.0.0', '2.0.0']
const reference = fc.option(fc.string(), { nil: null })
const frames = fc.record({
  joinRef: reference,
  ref: reference,
  topic: fc.string({ unit: 'grapheme' }),
  event: fc.string(),
  // A key that would be an object's prototype is left out by the schema at the door.
  payload: fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    fc.jsonValue(),
  ),
})

describe.each(versions)('a text frame of vsn %s', (vsn) => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const text = encodeText(vsn, { ...frame, payload: JSON.stringify(frame.payload) })
        const payload = JSON.parse(JSON.stringify(frame.payload)) as object
        expect(decodeText(vsn, text)).toEqual({ ...frame, payload, pushed: null })
      }),
    )
  })

  it('loses a key of its payload that would be an object’s prototype, and nothing else', () => {
    const text = encodeText(vsn, { topic: 't', event: 'e', payload: '{"__proto__":{"x":1},"a":2}' })
    const { payload } = decodeText(vsn, text) ?? {}
    expect(Object.entries(payload ?? {})).toEqual([['a', 2]])
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype)
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('is nothing else: any text is a frame or null', () => {
    const texts = fc.oneof(fc.string(), fc.json())
    fc.assert(
      fc.property(texts, (text) => {
        const frame = decodeText(vsn, text)
        if (frame !== null) expect(typeof frame.topic).toBe('string')
      }),
    )
  })
})

describe('a binary broadcast', () => {
  const word = fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .filter((text) => Buffer.byteLength(text) < 256)
  const bytes = fc.uint8Array().map((array) => Buffer.from(array))

  it('is read by its lengths, in bytes', () => {
    fc.assert(
      fc.property(word, word, bytes, (topic, event, content) => {
        const frame = decodeBinary(encodePush(['7', '9', topic, event, '{"a":1}'], content, 0))
        expect(frame).toEqual({
          joinRef: '7',
          ref: '9',
          topic: Buffer.from(topic).toString(),
          event: 'broadcast',
          payload: {},
          pushed: { event: Buffer.from(event).toString(), encoding: 'binary', content },
        })
      }),
    )
  })

  it('is null for whatever is cut off, or of another kind', () => {
    const whole = encodePush(['1', '2', 'topic', 'event', ''], Buffer.alloc(0), 0)
    for (let length = 0; length < whole.length; length += 1) {
      expect(decodeBinary(whole.subarray(0, length))).toBeNull()
    }
    expect(decodeBinary(whole)).not.toBeNull()
    fc.assert(
      fc.property(bytes, (any) => {
        if (any[0] !== 3) expect(decodeBinary(any)).toBeNull()
        else decodeBinary(any)
      }),
    )
  })

  it('must hold JSON where it says so', () => {
    const names = ['1', '2', 'topic', 'event'] as const
    expect(decodeBinary(encodePush([...names, ''], Buffer.from('{')))).toBeNull()
    expect(decodeBinary(encodePush([...names, '{'], Buffer.from('{}')))).toBeNull()
    expect(decodeBinary(encodePush([...names, ''], Buffer.from('{}')))?.pushed).toEqual({
      event: 'event',
      encoding: 'json',
      content: Buffer.from('{}'),
    })
  })

  it('is sent with the receiver’s header', () => {
    const content = Buffer.from('{}')
    const sent = encodeUserBroadcast('tö', { event: 'e', encoding: 'json', content })
    expect([...sent]).toEqual([4, 3, 1, 0, 1, ...Buffer.from('töe{}')])
  })
})
