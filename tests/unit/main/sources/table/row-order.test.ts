import { describe, expect, it } from 'vitest'
import { isBefore, orderOfRow } from '../../../../../src/main/sources/table/row-order.ts'
import { job } from '../../../../support/wire-jobs.ts'

const time = '2026-11-20T14:00:00.123456Z'
const micros = 1_795_183_200_123_456

describe('orderOfRow', () => {
  it('goes by the number of the server', () => {
    expect(orderOfRow({ seq: 7, attempt: 2, updated_at: time }, undefined)).toEqual({
      attempt: 2,
      seq: 7,
    })
  })

  it('goes by the time of the change to the microsecond, where there is no number', () => {
    const row = { updated_at: time, status: 'running' }
    expect(orderOfRow(row, undefined)).toEqual({ attempt: 1, seq: micros, byTime: true })
    expect(orderOfRow(row, job({ seq: micros, byTime: true, attempt: 3 }))).toEqual({
      attempt: 3,
      seq: micros,
      byTime: true,
    })
  })

  it('has no place for a row that tells neither', () => {
    expect(orderOfRow({ status: 'running' }, undefined)).toBeNull()
  })

  it('takes a job that runs again after its end for a new attempt, if attempts are not counted', () => {
    const ended = job({ status: 'failed', seq: micros - 1, byTime: true })
    expect(orderOfRow({ updated_at: time, status: 'pending' }, ended)?.attempt).toBe(2)
    expect(orderOfRow({ updated_at: time, status: 'failed' }, ended)?.attempt).toBe(1)
    expect(orderOfRow({ updated_at: time, status: 'pending', attempt: 1 }, ended)?.attempt).toBe(1)
    const later = { ...ended, seq: micros + 1 }
    expect(orderOfRow({ updated_at: time, status: 'pending' }, later)?.attempt).toBe(1)
    const same = { ...ended, seq: micros }
    expect(orderOfRow({ updated_at: time, status: 'pending' }, same)?.attempt).toBe(1)
  })

  it('takes a change that leaves the status out for none that begins anew', () => {
    const ended = job({ status: 'failed', seq: micros - 1, byTime: true })
    expect(orderOfRow({ updated_at: time }, ended)?.attempt).toBe(1)
  })
})

describe('isBefore', () => {
  it.each([
    [{ attempt: 1, seq: 9 }, { attempt: 2, seq: 1 }, true],
    [{ attempt: 1, seq: 1 }, { attempt: 1, seq: 2 }, true],
    [{ attempt: 1, seq: 2 }, { attempt: 1, seq: 2 }, false],
    [{ attempt: 2, seq: 1 }, { attempt: 1, seq: 9 }, false],
  ])('%j before %j: %s', (one, other, answer) => {
    expect(isBefore(one, other)).toBe(answer)
  })
})
