import { describe, expect, it } from 'vitest'
import { parseFilters } from '../../../../../src/backend/supabase/realtime/changes/filter-text.ts'
import { bindingsOf, idsIn } from '../../../../../src/main/sources/realtime/binding.ts'
import { jobTableSchema } from '../../../../../src/shared/profile.ts'

const table = jobTableSchema.parse({})
const filterFor = (...tenantIds: string[]): string => bindingsOf(table, tenantIds)[1]?.filter ?? ''

describe('bindingsOf', () => {
  it('asks for every delete, and for what else changes of our tenants', () => {
    expect(bindingsOf(table, ['acme'])).toEqual([
      { event: 'DELETE', schema: 'public', table: 'translation_jobs' },
      { event: '*', schema: 'public', table: 'translation_jobs', filter: 'tenant_id=eq.acme' },
    ])
  })

  it.each([
    [['acme'], 'tenant_id=eq.acme'],
    [['a b'], 'tenant_id=eq.a b'],
    [['a,b'], 'tenant_id=eq."a,b"'],
    [[' a'], 'tenant_id=eq." a"'],
    [['a '], 'tenant_id=eq."a "'],
    [['null'], 'tenant_id=eq.null'],
    [['a\\b'], 'tenant_id=eq."a\\\\b"'],
    [['NULL', 'nullable', 'a!', '!a'], 'tenant_id=in.("NULL",nullable,"a!","!a")'],
    [['', 'a'], 'tenant_id=in.("",a)'],
    [['17', 'acme-2.x_y'], 'tenant_id=in.(17,acme-2.x_y)'],
    [['a b', 'null', 'x"y'], 'tenant_id=in.("a b","null","x\\"y")'],
  ])('writes %j as %s', (tenantIds, filter) => {
    expect(filterFor(...tenantIds)).toBe(filter)
  })

  it.each([['a,b'], ['with "quotes"'], ['(x)'], ['back\\slash'], [' around ']])(
    'means %j to the server',
    (tenantId) => {
      expect(parseFilters(filterFor(tenantId))).toEqual({
        ok: true,
        filters: [{ column: 'tenant_id', operator: 'eq', value: tenantId, negate: false }],
      })
    },
  )

  it('splits more tenants than one filter takes', () => {
    const many = Array.from({ length: 201 }, (_, at) => `t${at}`)
    const filters = (count: number) =>
      bindingsOf(table, many.slice(0, count)).map(({ filter }) => filter)
    const list = (from: number, to: number) => `tenant_id=in.(${many.slice(from, to).join(',')})`
    expect(filters(100)).toEqual([undefined, list(0, 100)])
    expect(filters(101)).toEqual([undefined, list(0, 100), 'tenant_id=eq.t100'])
    expect(filters(201)).toEqual([undefined, list(0, 100), list(100, 200), 'tenant_id=eq.t200'])
  })
})

describe('idsIn', () => {
  const bindings = bindingsOf(table, ['acme'])
  const answered = bindings.map((binding, at) => ({ ...binding, id: at + 5 }))

  it('reads the ids of what was asked for', () => {
    expect(idsIn({ postgres_changes: answered }, bindings)).toEqual(new Set([5, 6]))
  })

  it.each([
    ['nothing', {}],
    ['fewer', { postgres_changes: answered.slice(1) }],
    ['the first alone', { postgres_changes: answered.slice(0, 1) }],
    ['more', { postgres_changes: [...answered, { ...answered[1], id: 9 }] }],
    ['another event', { postgres_changes: answered.map((one) => ({ ...one, event: 'INSERT' })) }],
    ['another schema', { postgres_changes: answered.map((one) => ({ ...one, schema: 'x' })) }],
    ['another table', { postgres_changes: answered.map((one) => ({ ...one, table: 'x' })) }],
    ['no text', { postgres_changes: answered.map((one) => ({ ...one, table: 5 })) }],
    ['a part of a number', { postgres_changes: answered.map((one) => ({ ...one, id: 1.5 })) }],
    ['another order', { postgres_changes: answered.toReversed() }],
    ['another filter', { postgres_changes: answered.map((one) => ({ ...one, filter: 'x=eq.1' })) }],
    ['no id', { postgres_changes: bindings }],
  ])('takes %s for a misunderstanding', (_, response) => {
    expect(idsIn(response, bindings)).toBeNull()
  })
})
