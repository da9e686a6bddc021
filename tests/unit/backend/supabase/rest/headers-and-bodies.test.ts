import { describe, expect, it } from 'vitest'
import { readArguments, readRows } from '../../../../../src/backend/supabase/rest/body.ts'
import { negotiate } from '../../../../../src/backend/supabase/rest/media.ts'
import {
  appliedPreferences,
  parsePreferences,
} from '../../../../../src/backend/supabase/rest/preferences.ts'
import { narrow, pageOf } from '../../../../../src/backend/supabase/rest/ranges.ts'
import { RestError } from '../../../../../src/backend/supabase/rest/rest-error.ts'
import { similarName } from '../../../../../src/backend/supabase/rest/similar-name.ts'

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof RestError) return error.body.code
    throw error
  }
  throw new Error('nothing was refused')
}

describe('preferences', () => {
  it('are read from one header or many; the first of a kind counts', () => {
    const found = parsePreferences(['return=minimal, count=exact', 'return=representation'])
    expect(found).toMatchObject({ returns: 'minimal', count: 'exact', strict: false })
    expect(appliedPreferences(found, ['return', 'count', 'missing'])).toEqual({
      'preference-applied': 'return=minimal, count=exact',
    })
  })

  it('that are unknown matter only to who is strict', () => {
    expect(parsePreferences('return=all, x, __proto__=1, max-affected=2').maxAffected).toBeNull()
    expect(codeOf(() => parsePreferences('handling=strict, tx=rollback'))).toBe('PGRST122')
    expect(parsePreferences('handling=strict, max-affected=2').maxAffected).toBe(2)
  })
})

describe('what is accepted', () => {
  it.each([
    [undefined, 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['text/html, application/json;q=0.9', 'application/json; charset=utf-8'],
    ['text/csv;q=0.1, application/json;q=0.9', 'application/json; charset=utf-8'],
    ['text/csv', 'text/csv; charset=utf-8'],
    ['application/vnd.pgrst.object+json', 'application/vnd.pgrst.object+json; charset=utf-8'],
    [
      'application/vnd.pgrst.array+json;nulls=stripped',
      'application/vnd.pgrst.array+json; nulls=stripped; charset=utf-8',
    ],
  ])('%s', (accept, contentType) => {
    expect(negotiate(accept).contentType).toBe(contentType)
  })

  it('may be nothing that there is', () => {
    expect(codeOf(() => negotiate('text/html'))).toBe('PGRST107')
  })
})

describe('ranges', () => {
  const all = { limit: null, offset: 0 }

  it('narrow limits, and are narrowed by them', () => {
    expect(narrow(all, '2-4')).toEqual({ offset: 2, limit: 3 })
    expect(narrow(all, '2-')).toEqual({ offset: 2, limit: null })
    expect(narrow({ limit: 2, offset: 0 }, '1-9')).toEqual({ offset: 1, limit: 1 })
    expect(narrow(all, 'bytes=0-1')).toEqual(all)
    expect(codeOf(() => narrow(all, '4-2'))).toBe('PGRST103')
  })

  it('tell which part of how many was answered', () => {
    expect(pageOf(0, 3, null)).toEqual({ status: 200, contentRange: '0-2/*' })
    expect(pageOf(0, 3, 3)).toEqual({ status: 200, contentRange: '0-2/3' })
    expect(pageOf(2, 2, 9)).toEqual({ status: 206, contentRange: '2-3/9' })
    expect(pageOf(9, 0, 9)).toEqual({ status: 206, contentRange: '*/9' })
    expect(codeOf(() => pageOf(10, 0, 9))).toBe('PGRST103')
  })
})

describe('bodies', () => {
  it('are an object, or objects with the same keys', () => {
    expect(readRows('{"a": 1, "__proto__": 2}', null).keys).toEqual(['a', '__proto__'])
    expect(readRows('[{"a": 1}, {"a": 2}]', null)).toMatchObject({ array: true, keys: ['a'] })
    expect(readRows('[]', null)).toMatchObject({ array: true, keys: [] })
    expect(readRows('[{"a": 1}, {"b": 2}]', ['a', 'b', 'a']).keys).toEqual(['a', 'b'])
  })

  it.each(['', '{', '1', 'null', '"x"', '[1]', '[{"a": 1}, {"b": 1}]', '[{"a": 1}, null]'])(
    'are refused: %s',
    (body) => {
      expect(codeOf(() => readRows(body, null))).toBe('PGRST102')
    },
  )

  it('do not nest without end', () => {
    const deep = '['.repeat(101)
    expect(codeOf(() => readArguments(deep))).toBe('PGRST102')
    const shallow = JSON.stringify({ text: deep, quote: '\\"['.repeat(101) })
    expect(readArguments(shallow).keys).toEqual(['text', 'quote'])
  })

  it('of functions may be empty, and name arguments only as an object', () => {
    expect(readArguments(' ').keys).toEqual([])
    expect(readArguments('[1]').keys).toEqual([])
    expect(readArguments('{"a": 1}').keys).toEqual(['a'])
  })
})

describe('"perhaps you meant"', () => {
  it('finds what is like it, and nothing else', () => {
    expect(similarName('boks', ['books', 'readers'])).toBe('books')
    expect(similarName('zzz', ['books', 'readers'])).toBeNull()
    expect(similarName('x'.repeat(100_000), ['books'])).toBeNull()
  })
})
