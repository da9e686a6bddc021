import { describe, expect, it } from 'vitest'
import { readWire, toJob } from '../../../../src/main/sources/wire-job.ts'
import type { Ground } from '../../../../src/main/sources/wire-job.ts'
import type { Job } from '../../../../src/shared/job.ts'
import { job } from '../../../support/wire-jobs.ts'

const nowMs = Date.UTC(2026, 10, 20, 14, 0, 0)
const now = '2026-11-20T14:00:00.000Z'
const bare: Ground = { state: null, last: undefined, nowMs }

/** A message of job-1 as it is read, on what was known before. */
function read(message: unknown, ground: Partial<Ground> = {}): Job {
  const wire = readWire(message)
  if (wire === null) throw new Error('the schema refuses it')
  const identity = { id: 'job-1', tenantId: 'acme', attempt: 1, seq: 1 }
  return toJob(wire, identity, { ...bare, ...ground })
}

describe('what a message leaves unsaid', () => {
  it('is as of a job that just began, where nothing is known', () => {
    expect(read({})).toEqual(
      job({
        name: 'job-1',
        kind: '',
        progress: 0,
        step: null,
        counters: null,
        createdAt: now,
        startedAt: null,
        updatedAt: now,
      }),
    )
  })

  it('is who it was, where only another attempt is known', () => {
    const last = job({ status: 'failed', progress: 60, message: 'no', updatedAt: now })
    expect(read({}, { last })).toMatchObject({
      name: 'Orders import',
      kind: 'import',
      createdAt: '2026-11-20T13:59:00.000Z',
      status: 'running',
      progress: 0,
      message: null,
      startedAt: null,
    })
  })

  it('is as it was, where the state before it is known', () => {
    const state = job({
      status: 'failed',
      progress: 60,
      message: 'stuck',
      finishedAt: '2026-11-20T13:59:02.000Z',
      error: { code: 'stuck', message: 'it is' },
    })
    expect(read({}, { state, last: state })).toEqual(state)
    expect(read({ status: 'failed', updated_at: now }, { state, last: state }).finishedAt).toBe(
      '2026-11-20T13:59:02.000Z',
    )
  })

  it('is not what it says is nothing', () => {
    const state = job({ message: 'a', finishedAt: now, error: { code: 'a', message: 'b' } })
    const nothing = {
      step: null,
      counters: null,
      message: null,
      started_at: null,
      finished_at: null,
      error: null,
    }
    expect(read(nothing, { state, last: state })).toMatchObject({
      step: null,
      counters: null,
      message: null,
      startedAt: null,
      finishedAt: null,
      error: null,
    })
    expect(read({ current_step: null }, { state }).step).toBeNull()
  })
})

describe('a job that has ended', () => {
  it.each(['succeeded', 'failed', 'cancelled'])('did so, as %s, at its last change', (status) => {
    const updated_at = '2026-11-20T13:59:30Z'
    expect(read({ status, updated_at }).finishedAt).toBe(updated_at)
    expect(read({ status, updated_at }, { state: job() }).finishedAt).toBe(updated_at)
  })

  it('did so when it says so', () => {
    const finished_at = '2026-11-20T13:58:00Z'
    const state = job({ finishedAt: now })
    expect(read({ status: 'failed', finished_at }, { state }).finishedAt).toBe(finished_at)
  })

  it.each(['running', 'queued'])('has not when it is %s', (status) => {
    expect(read({ status }, { state: job() }).finishedAt).toBeNull()
  })
})

describe('the parts of a message', () => {
  it('are read whole', () => {
    expect(read({ counters: { done: 3 } }).counters).toEqual({ done: 3, total: null, unit: '' })
    const counters = { done: 3, total: 9, unit: 'rows' }
    expect(read({ counters }).counters).toEqual(counters)
    expect(read({ error: { code: 'x1', message: 'no' } }).error).toEqual({
      code: 'x1',
      message: 'no',
    })
    expect(read({ error: 'no' }).error).toEqual({ code: '', message: 'no' })
    expect(read({ current_step: 'load' }).step).toEqual({ index: 1, total: 1, label: 'load' })
    expect(read({ current_step: 'save' }, { state: job() }).step).toEqual({
      index: 1,
      total: 4,
      label: 'save',
    })
    const step = { index: 2, total: 3, label: 'load' }
    expect(read({ step, current_step: 'save' }).step).toEqual(step)
  })

  it.each([
    ['a message', 2_000, (text: string) => read({ message: text }).message],
    ['an error', 2_000, (text: string) => read({ error: text }).error?.message],
    [
      'an error with a code',
      2_000,
      (text: string) => read({ error: { code: '', message: text } }).error?.message,
    ],
    ['a label', 128, (text: string) => read({ current_step: text }).step?.label],
  ])('are kept to a length: %s to %i', (_, most, kept) => {
    expect(kept('é'.repeat(most))).toBe('é'.repeat(most))
    expect(kept(`${'é'.repeat(most)}x`)).toBe('é'.repeat(most))
  })

  it.each([[[]], ['text'], [5], [null], [{ progress: 101 }], [{ status: 5 }]])(
    'are none in %j',
    (raw) => {
      expect(readWire(raw)).toBeNull()
    },
  )
})

describe('a time', () => {
  it.each([
    ['2026-11-20T14:00:00Z', '2026-11-20T14:00:00Z'],
    ['2026-11-20T14:00:00.123456', '2026-11-20T14:00:00.123456Z'],
    ['2026-11-20T16:00:00+02:00', '2026-11-20T16:00:00+02:00'],
    ['2026-11-20T08:30:00-05:30', '2026-11-20T08:30:00-05:30'],
  ])('without an offset is UTC: %s', (said, kept) => {
    expect(read({ updated_at: said }).updatedAt).toBe(kept)
    expect(read({ timestamp: said }).updatedAt).toBe(kept)
  })

  it.each([
    [1_763_647_200, '2025-11-20T14:00:00.000Z'],
    [99_999_999_999, '5138-11-16T09:46:39.000Z'],
    [100_000_000_000, '1973-03-03T09:46:40.000Z'],
  ])('is seconds below 100,000,000,000, else milliseconds: %d', (timestamp, kept) => {
    expect(read({ timestamp }).updatedAt).toBe(kept)
  })
})
