import { describe, expect, it } from 'vitest'
import {
  changedAt,
  columnsOf,
  idIn,
  isWhole,
  toWire,
  untoldIn,
} from '../../../../../src/main/sources/table/rows.ts'
import { wireSchema } from '../../../../../src/main/sources/wire-job.ts'
import { jobTableSchema } from '../../../../../src/shared/profile.ts'
import { tableRow } from '../../../../support/table-rows.ts'

const { columns } = jobTableSchema.parse({})
const rich = jobTableSchema.parse({
  columns: { kind: 'kind', step: 'step', counters: 'counters', seq: 'seq' },
}).columns

describe('columnsOf', () => {
  it('names every mapped column once', () => {
    const twice = jobTableSchema.parse({ columns: { name: 'id', kind: 'status' } }).columns
    const names = columnsOf(twice)
    expect(names).toContain('tenant_id')
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('toWire', () => {
  it('turns a row into what the schema takes, whatever PostgreSQL makes of its types', () => {
    const row = tableRow({ progress: '45.5', attempt: '2', error: '{"code":"x","message":"y"}' })
    expect(wireSchema.parse(toWire(row, columns))).toMatchObject({
      id: 'job-1',
      tenant_id: 'acme',
      status: 'processing',
      progress: 45.5,
      attempt: 2,
      updated_at: '2026-11-20T13:59:02.000001Z',
      finished_at: null,
      error: { code: 'x', message: 'y' },
    })
  })

  it.each([
    [{ step: { index: 1, total: 2, label: 'a' } }, { step: { index: 1, total: 2, label: 'a' } }],
    [{ step: '{"index":1,"total":2,"label":"a"}' }, { step: { index: 1, total: 2, label: 'a' } }],
    [{ step: 'reading' }, { current_step: 'reading' }],
    [{ step: null }, { step: null }],
    [{ error: 'it broke' }, { error: 'it broke' }],
    [{ error: { message: 'it broke' } }, { error: 'it broke' }],
    [{ error: { detail: 7 } }, { error: '{"detail":7}' }],
    [{ error: '42' }, { error: '42' }],
    [{ error: { message: 7 } }, { error: '{"message":7}' }],
    [{ name: 'x'.repeat(300) }, { name: 'x'.repeat(128) }],
    [{ name: '' }, { name: undefined }],
    [{ name: null }, { name: undefined }],
    [{ seq: '7' }, { seq: 7 }],
    [{ progress: null }, { progress: undefined }],
    [{ progress: '45.25' }, { progress: 45.25 }],
    [{ created_at: '2026-11-20 14:00:00+00' }, { created_at: '2026-11-20T14:00:00.000000Z' }],
    [{ created_at: null }, { created_at: undefined }],
    [{ started_at: '2026-11-20 14:00:00+00' }, { started_at: '2026-11-20T14:00:00.000000Z' }],
  ])('reads %j', (changes, expected) => {
    const wire = wireSchema.parse(toWire(tableRow(changes), rich))
    expect(wire).toMatchObject(expected)
  })

  it.each([
    [{ tenant_id: null }],
    [{ status: null }],
    [{ id: null }],
    [{ progress: 'NaN' }],
    [{ progress: 250 }],
    [{ progress: [45] }],
    [{ progress: '0x10' }],
    [{ progress: '1e1' }],
    [{ updated_at: 'infinity' }],
    [{ updated_at: ['2026-11-20T14:00:00Z'] }],
    [{ counters: { cats: 2 } }],
  ])('F55: leaves %j for the schema to refuse', (changes) => {
    expect(wireSchema.safeParse(toWire(tableRow(changes), rich)).success).toBe(false)
  })

  it('F59: reads only what the row has of its own', () => {
    const odd = jobTableSchema.parse({ columns: { message: 'constructor', name: '__proto__' } })
    const wire = toWire(tableRow(), odd.columns)
    expect([wire.message, wire.name]).toEqual([undefined, undefined])
  })

  it('does not read a column that happens to be called null, for want of one', () => {
    expect(toWire(tableRow({ null: 'x' }), columns).kind).toBeUndefined()
  })
})

describe('what a row tells', () => {
  it('is all of it only with every mapped column', () => {
    const changed = Object.fromEntries(
      Object.entries(tableRow()).filter(([column]) => column !== 'message'),
    )
    expect([isWhole(tableRow(), columns), isWhole(changed, columns)]).toEqual([true, false])
  })

  it('is never what the table has no column for, nor a name that the row leaves empty', () => {
    expect(untoldIn(tableRow(), columns)).toEqual(['kind', 'step', 'counters'])
    expect(untoldIn(tableRow({ name: null }), columns)).toContain('name')
    expect(untoldIn(tableRow({ kind: '', step: null }), rich)).toEqual(['kind'])
    expect(untoldIn(tableRow({ kind: 'x', step: null, counters: null }), rich)).toEqual([])
  })

  it('is an id and a moment, if it has them', () => {
    expect(idIn({ id: 7 }, columns)).toBe('7')
    expect(idIn({ id: { a: 1 } }, columns)).toBeNull()
    expect(changedAt(tableRow(), columns)).toBe(1_795_183_142_000_001)
    expect(changedAt({ updated_at: null }, columns)).toBeNull()
    expect(changedAt({ updated_at: ['2026-11-20T14:00:00Z'] }, columns)).toBeNull()
  })
})
