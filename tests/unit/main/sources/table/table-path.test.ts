import { describe, expect, it } from 'vitest'
import { oneOf, tablePath } from '../../../../../src/main/sources/table/table-path.ts'
import type { Wanted } from '../../../../../src/main/sources/table/table-path.ts'
import { jobTableSchema } from '../../../../../src/shared/profile.ts'

const table = jobTableSchema.parse({})
const query = (wanted: Partial<Wanted>, tenantIds = ['acme']): URLSearchParams => {
  const path = tablePath(table, tenantIds, { order: 'oldest', limit: 10, ...wanted })
  expect(path).toMatch(/^rest\/v1\/translation_jobs\?[!-~]+$/)
  return new URL(path, 'http://server').searchParams
}

describe('tablePath', () => {
  it('asks for the mapped columns of our tenant, in the order of changes', () => {
    expect(Object.fromEntries(query({}))).toEqual({
      select:
        'id,tenant_id,updated_at,status,name,progress,message,attempt,created_at,started_at,completed_at,error',
      tenant_id: 'eq.acme',
      order: 'updated_at.asc.nullslast,id.asc',
      limit: '10',
    })
  })

  it('asks from a moment on, and after a row', () => {
    const asked = query({ since: 1, after: { micros: 1_795_183_200_123_456, id: 'a,"b' } })
    expect(asked.get('updated_at')).toBe('gte.1970-01-01T00:00:00.000001Z')
    expect(asked.get('or')).toBe(
      '(updated_at.gt."2026-11-20T14:00:00.123456Z",and(updated_at.eq."2026-11-20T14:00:00.123456Z",id.gt."a,\\"b"))',
    )
  })

  it('goes the other way for the newest', () => {
    const asked = query({ order: 'newest', after: { micros: 0, id: 'x' } })
    expect(asked.get('order')).toBe('updated_at.desc.nullslast,id.asc')
    expect(asked.get('or')).toContain('(updated_at.lt.')
  })

  it('says the tenants as they are, however they are written', () => {
    expect(query({}, ['a&b=c,d']).get('tenant_id')).toBe('eq.a&b=c,d')
    expect(query({}, ['a', 'b "c"', 'd\\e']).get('tenant_id')).toBe('in.("a","b \\"c\\"","d\\\\e")')
  })

  it('leaves more than 100 tenants to row level security', () => {
    const many = Array.from({ length: 101 }, (_, at) => `t${at}`)
    expect(query({}, many).has('tenant_id')).toBe(false)
    expect(query({}, many.slice(1)).has('tenant_id')).toBe(true)
  })

  it('puts a condition of its own beside them', () => {
    const only = { column: 'status', test: oneOf(['pending']) }
    expect(query({ only }).get('status')).toBe('in.("pending")')
  })
})
