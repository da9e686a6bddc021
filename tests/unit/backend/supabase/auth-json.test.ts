import { describe, expect, it } from 'vitest'
import { parseJson } from '../../../../src/backend/supabase/auth-json.ts'

describe('a body', () => {
  it('is read as JSON, whatever its texts hold', () => {
    const body = { email: 'a"]}[{\\', data: { '[[': '{{', more: [[1]] } }
    expect(parseJson(JSON.stringify(body))).toEqual(body)
    expect(parseJson('"[[[["')).toBe('[[[[')
  })

  it.each(['', '{', '{"a":1}}', 'undefined', '"a'])('is refused when it is none: %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError)
  })

  it('is refused when it is nested beyond reason, without reading on and on', () => {
    expect(() => parseJson('['.repeat(500_000) + ']'.repeat(500_000))).toThrow('too deep')
    expect(() => parseJson('"\\'.repeat(300_000))).toThrow(SyntaxError)
    const deep = '['.repeat(64) + ']'.repeat(64)
    expect(() => parseJson(deep)).not.toThrow()
  })

  it('keeps a key named __proto__ as a key', () => {
    const read = parseJson('{"__proto__":{"admin":true}}')
    expect(Object.keys(read as object)).toEqual(['__proto__'])
    expect((read as { admin?: boolean }).admin).toBeUndefined()
  })
})
