import { describe, expect, it } from 'vitest'
import { parseChange } from '../../../../../src/main/sources/realtime/change.ts'
import { jobTableSchema } from '../../../../../src/shared/profile.ts'

const table = jobTableSchema.parse({})
const ids = new Set([1, 2])
const change = (data: object, own: readonly number[] = [1]) =>
  parseChange(
    { ids: own, data: { schema: 'public', table: 'translation_jobs', ...data } },
    table,
    ids,
  )

describe('parseChange', () => {
  it('reads what was written', () => {
    const record = { id: 'a' }
    expect(change({ type: 'INSERT', record, errors: null })).toEqual({
      kind: 'written',
      row: record,
    })
    expect(change({ type: 'UPDATE', record, old_record: {} })).toEqual({
      kind: 'written',
      row: record,
    })
  })

  it('reads what was deleted, by its key', () => {
    expect(change({ type: 'DELETE', old_record: { id: 7 } })).toEqual({ kind: 'deleted', id: '7' })
    expect(change({ type: 'DELETE', old_record: {} })).toBeNull()
    expect(change({ type: 'DELETE', record: { id: 7 } })).toBeNull()
  })

  it('knows a row that was too large to be told', () => {
    const errors = ['Error 413: Payload Too Large']
    expect(change({ type: 'UPDATE', record: { id: 'a' }, errors })).toEqual({
      kind: 'cut',
      id: 'a',
    })
    expect(change({ type: 'DELETE', old_record: { id: 'b' }, errors })).toEqual({
      kind: 'cut',
      id: 'b',
    })
    expect(change({ type: 'UPDATE', errors })).toEqual({ kind: 'cut', id: null })
  })

  it.each([
    ['Error 401: Unauthorized', 'permission_denied'],
    ['Error 400: Bad Request, no primary key', 'realtime_not_enabled'],
  ])('"%s" is %s', (error, reason) => {
    expect(change({ type: 'INSERT', record: {}, errors: [error] })).toEqual({
      kind: 'refused',
      verdict: { kind: 'stop', reason, reach: 'source' },
    })
  })

  it.each([
    ['another table', { type: 'INSERT', record: {}, table: 'users' }],
    ['another schema', { type: 'INSERT', record: {}, schema: 'auth' }],
    ['no record', { type: 'INSERT' }],
    ['an unknown type', { type: 'TRUNCATE' }],
  ])('drops %s', (_, data) => {
    expect(change(data)).toBeNull()
  })

  it.each([[[2]], [[3, 2]]])('takes what is for one of our bindings (%j)', (own) => {
    const written = { kind: 'written', row: { id: 'a' } }
    expect(change({ type: 'INSERT', record: { id: 'a' }, errors: [] }, own)).toEqual(written)
  })

  it('drops what is for none of our bindings', () => {
    expect(change({ type: 'INSERT', record: { id: 'a' } }, [3])).toBeNull()
    expect(change({ type: 'INSERT', record: { id: 'a' } }, [])).toBeNull()
    expect(change({ type: 'INSERT', record: { id: 'a' } }, [1, 1.5])).toBeNull()
    expect(parseChange('text', table, ids)).toBeNull()
  })
})
