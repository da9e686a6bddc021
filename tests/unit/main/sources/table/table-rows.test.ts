import { beforeEach, describe, expect, it } from 'vitest'
import { Intake } from '../../../../../src/main/sources/intake.ts'
import { TableRows } from '../../../../../src/main/sources/table/table-rows.ts'
import { jobTableSchema } from '../../../../../src/shared/profile.ts'
import type { Job } from '../../../../../src/shared/job.ts'
import { FakeClock } from '../../../../support/fake-clock.ts'
import { secondsLater, tableRow } from '../../../../support/table-rows.ts'
import { noSink } from '../../../../support/source-context.ts'

let taken: Job[]
let forgotten: string[]
let rows: TableRows

beforeEach(() => {
  taken = []
  forgotten = []
  const intake = new Intake({
    clock: new FakeClock(),
    tenantIds: ['acme'],
    sink: {
      ...noSink,
      take: (job) => taken.push(job),
      forget: (id) => forgotten.push(id),
    },
    onTrespass: () => undefined,
    onGap: () => undefined,
  })
  rows = new TableRows(intake, jobTableSchema.parse({}).columns)
})

const without = (column: string, changes: object = {}) =>
  Object.fromEntries(Object.entries(tableRow({ ...changes })).filter(([name]) => name !== column))

describe('TableRows', () => {
  it('knows what it knew before, also where ids are numbers', () => {
    expect(rows.take(tableRow({ id: 7 }))?.before).toBeUndefined()
    const next = rows.take(tableRow({ id: 7, updated_at: secondsLater(1) }))
    expect(next?.before).toBe(taken[0])
    expect(next?.job.id).toBe('7')
  })

  it('keeps apart those that have not ended, the longest unheard first', () => {
    rows.take(tableRow({ id: 'a' }))
    rows.take(tableRow({ id: 'b' }))
    rows.take(tableRow({ id: 'a', updated_at: secondsLater(1) }))
    expect([...rows.unfinished]).toEqual(['b', 'a'])
    rows.take(tableRow({ id: 'b', status: 'failed', updated_at: secondsLater(2) }))
    expect([...rows.unfinished]).toEqual(['a'])
  })

  it('forgets what it knew, and nothing else', () => {
    rows.take(tableRow({ id: 'a' }))
    rows.forget('a')
    rows.forget('stranger')
    expect(forgotten).toEqual(['a'])
    expect(rows.unfinished.size).toBe(0)
  })

  it('forgets also those that have ended', () => {
    rows.take(tableRow({ id: 'a', status: 'completed' }))
    rows.forget('a')
    expect(forgotten).toEqual(['a'])
  })

  it('takes a row for all there is, and a change only for what it tells', () => {
    rows.take(tableRow({ progress: 50 }))
    rows.take(tableRow({ progress: null, updated_at: secondsLater(1) }))
    expect(taken.at(-1)?.progress).toBe(0)
    rows.take(tableRow({ progress: 50, updated_at: secondsLater(2) }))
    rows.takeChange(without('progress', { updated_at: secondsLater(3) }))
    expect(taken.at(-1)?.progress).toBe(50)
  })

  it('wants no row read that was told whole, or that is none of ours', () => {
    expect(rows.takeChange(tableRow())).toBe(true)
    expect(rows.takeChange(tableRow({ attempt: 2, updated_at: secondsLater(1) }))).toBe(true)
    expect(rows.takeChange(without('message', { id: 'b', tenant_id: 'globex' }))).toBe(true)
    expect(taken).toHaveLength(2)
  })

  it('wants a row read that a change told in part, unless it stands on what is known', () => {
    expect(rows.takeChange(without('message'))).toBe(false)
    rows.take(tableRow({ message: 'page 3', updated_at: secondsLater(1) }))
    expect(rows.takeChange(without('message', { updated_at: secondsLater(2) }))).toBe(true)
    expect(taken.at(-1)?.message).toBe('page 3')
    const again = { updated_at: secondsLater(3), attempt: 2 }
    expect(rows.takeChange(without('message', again))).toBe(false)
    expect(rows.takeChange(tableRow({ updated_at: secondsLater(4), attempt: 2 }))).toBe(true)
  })
})
