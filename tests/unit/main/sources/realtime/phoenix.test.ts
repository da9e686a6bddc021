import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText } from '../../../../../src/backend/supabase/realtime/frames.ts'
import { parsePhoenix, phoenixText } from '../../../../../src/main/sources/realtime/phoenix.ts'

describe('Phoenix frames', () => {
  it('are arrays of five', () => {
    const frame = { joinRef: '1', ref: '2', topic: 'realtime:x', event: 'phx_join', payload: {} }
    expect(phoenixText(frame)).toBe('["1","2","realtime:x","phx_join",{}]')
    expect(parsePhoenix('[null,7,"t","e",{"a":1}]')).toEqual({
      joinRef: null,
      ref: '7',
      topic: 't',
      event: 'e',
      payload: { a: 1 },
    })
  })

  it('have refs that may be numbers', () => {
    expect(parsePhoenix('[3,"4","t","e",null]')).toMatchObject({ joinRef: '3', ref: '4' })
    expect(parsePhoenix('["3",null,"t","e",null]')).toMatchObject({ joinRef: '3', ref: null })
    expect(parsePhoenix('[true,null,"t","e",{}]')).toBeNull()
    expect(parsePhoenix('[null,null,"t","e",{},{}]')).toBeNull()
    expect(parsePhoenix('[null,null,"t",5,{}]')).toBeNull()
  })

  it.each(['', '{}', '[]', '[1,2]', '[null,null,"t","e"', '[null,null,5,"e",{}]', '"text"'])(
    'F64: %j is none',
    (text) => {
      expect(parsePhoenix(text)).toBeNull()
    },
  )

  it('F58: nothing deeper than our cap is read', () => {
    const deep = `[null,null,"t","e",${'['.repeat(20)}${']'.repeat(20)}]`
    expect(parsePhoenix(deep)).toBeNull()
  })

  it('are understood by the server as they were meant', () => {
    const name = fc.string()
    fc.assert(
      fc.property(name, name, fc.dictionary(name, fc.jsonValue()), (topic, event, payload) => {
        const text = phoenixText({ joinRef: '1', ref: '2', topic, event, payload })
        expect(decodeText('2.0.0', text)).toMatchObject({ topic, event, ref: '2' })
      }),
    )
  })
})
