import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wireJobSchema } from '../../../../src/shared/job.ts'
import { parseFrame, parseJson } from '../../../../src/main/sources/frames.ts'
import { idOf, progressOf, statusOf } from '../../../../src/main/sources/wire-job.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

const frame = (message: unknown) => parseFrame(JSON.stringify(message))

describe('parseFrame', () => {
  it('reads the three kinds of message', () => {
    expect(frame({ type: 'snapshot', job: wireJob() })?.kind).toBe('snapshot')
    expect(frame({ type: 'finished', job: wireJob() })?.kind).toBe('finished')
    expect(frame({ type: 'progress', job_id: 'job-1', seq: 2, progress: 20 })?.kind).toBe(
      'progress',
    )
  })

  it('takes a message without a type for a change', () => {
    expect(frame({ percentage: 20 })).toMatchObject({ kind: 'progress', job: { percentage: 20 } })
  })

  it.each([
    'not json',
    '',
    '42',
    'null',
    '[]',
    '"text"',
    '{"type":"hello"}',
    '{"type":7}',
    '{"type":"snapshot"}',
    '{"type":"snapshot","job":null}',
  ])('F64: drops %j', (text) => {
    expect(parseFrame(text)).toBeNull()
  })

  it.each(['"NaN"', 'null', '1e999', '-5', '250', '"50"', '[50]', '{}', 'true'])(
    'F55: drops progress %s',
    (value) => {
      expect(parseFrame(`{"type":"progress","progress":${value}}`)).toBeNull()
      expect(parseFrame(`{"type":"progress","percentage":${value}}`)).toBeNull()
    },
  )

  it.each(['9007199254740993', '-1', '1.5', '"7"', '1e400'])('F54: drops seq %s', (value) => {
    expect(parseFrame(`{"type":"progress","seq":${value}}`)).toBeNull()
  })

  it('F58: reads nothing nested deeper than the cap, and is not fooled by brackets in text', () => {
    expect(parseJson('['.repeat(10_000) + ']'.repeat(10_000))).toBeUndefined()
    const brackets = '[{"\\'.repeat(1_000)
    expect(parseJson(JSON.stringify({ message: brackets }))).toEqual({ message: brackets })
  })

  it('F59: a __proto__ or constructor key changes no prototype and gives no field', () => {
    const text =
      '{"type":"progress","__proto__":{"progress":99},"constructor":{"prototype":{"x":1}},"seq":3}'
    expect(parseFrame(text)?.job).toEqual({ seq: 3 })
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('I15: never throws, whatever comes', () => {
    // Not `unit: 'binary'`: its table of all letters takes seconds to make.
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }))
    const letters = units.map((codes) => String.fromCharCode(...codes))
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), letters), (text) => {
        parseFrame(text)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the wire schema', () => {
  it('takes every job that the contract allows, unchanged', () => {
    const text = (maxLength: number) => fc.string({ minLength: 1, maxLength })
    const time = fc
      .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString())
    const jobs = fc.record({
      id: fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/),
      name: text(128),
      kind: text(64),
      tenant_id: text(128),
      status: fc.constantFrom('queued', 'running', 'succeeded', 'failed', 'cancelled'),
      progress: fc.double({ min: 0, max: 100, noNaN: true }),
      step: fc.option(
        fc.record({
          index: fc.integer({ min: 1 }),
          total: fc.integer({ min: 1 }),
          label: fc.string({ maxLength: 128 }),
        }),
      ),
      counters: fc.option(
        fc.record({
          done: fc.nat(),
          total: fc.option(fc.nat()),
          unit: fc.string({ maxLength: 32 }),
        }),
      ),
      message: fc.option(fc.string()),
      attempt: fc.integer({ min: 1 }),
      seq: fc.nat(),
      created_at: time,
      started_at: fc.option(time),
      updated_at: time,
      finished_at: fc.option(time),
      error: fc.option(fc.record({ code: fc.string({ maxLength: 64 }), message: fc.string() })),
    })
    fc.assert(
      fc.property(jobs, (job) => {
        const plain: unknown = JSON.parse(JSON.stringify(job))
        expect(wireJobSchema.safeParse(plain).success).toBe(true)
        expect(frame({ type: 'snapshot', job })?.job).toEqual(plain)
      }),
    )
  })

  it.each([
    ['pending', 'queued'],
    ['processing', 'running'],
    ['in_progress', 'running'],
    ['completed', 'succeeded'],
    ['done', 'succeeded'],
    ['error', 'failed'],
    ['cancelled', 'cancelled'],
    ['constructor', null],
    ['dancing', null],
  ])('reads the status word %s as %s', (word, status) => {
    expect(statusOf({ status: word })).toBe(status)
    expect(statusOf({ state: word })).toBe(status)
  })

  it('reads progress, percentage and percent alike', () => {
    expect([{ progress: 5 }, { percentage: 6 }, { percent: 7 }].map(progressOf)).toEqual([5, 6, 7])
  })

  it('takes the name for the id where there is none', () => {
    expect(idOf({ job_name: 'nightly', tenant_id: 1 })).toBe('nightly')
    expect(idOf({ job_id: 42 })).toBe('42')
    expect(idOf({})).toBeNull()
  })

  it.each(['../../admin', 'a?b', 'a#b', 'a/b', '..', '.', '', 'x'.repeat(4_096), 'ä'])(
    'F62: refuses the id %j',
    (id) => {
      expect(idOf({ id })).toBeNull()
    },
  )
})
