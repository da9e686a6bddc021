import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readUsual } from '../../../../src/main/sources/usual-wire.ts'
import { readWire, wireSchema } from '../../../../src/main/sources/wire-job.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

const time = fc.oneof(
  fc
    .date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.constantFrom(
    '2026-11-20T14:00:00Z',
    '2026-11-20T14:00:00',
    '2026-11-20T14:00:00.5',
    '2026-11-20T14:00:00.Z',
    '2026-11-20T14:00:00.1234567890Z',
    '2026-11-20T14:00:00.123456789Z',
    '2026-11-20T14:00:00+02:00',
    '2026-11-20 14:00:00Z',
    '2026-11-20t14:00:00z',
    '2026-13-40T99:99:99Z',
    '２026-11-20T14:00:00Z',
    '2026-11-20T14:00:00Z\n',
  ),
)
const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom(...[31, 32, 33, 63, 64, 65, 127, 128, 129].map((length) => 'x'.repeat(length))),
)
const number = fc.oneof(
  fc.integer({ min: -2, max: 102 }),
  fc.double(),
  fc.constantFrom(
    -0,
    0.5,
    100.000_001,
    2 ** 53 - 1,
    2 ** 53,
    1e13,
    1e13 + 1,
    1e308,
    Number.MAX_VALUE,
  ),
)
const scalar = fc.oneof(text, number, time, fc.boolean(), fc.constant(null))
const nested = (...keys: string[]) =>
  fc.dictionary(fc.constantFrom(...keys, '__proto__', 'more'), scalar, { noNullPrototype: true })
const anything = fc.oneof(
  { weight: 6, arbitrary: scalar },
  nested('index', 'total', 'label'),
  nested('done', 'total', 'unit'),
  nested('code', 'message'),
  fc.array(scalar, { maxLength: 2 }),
)

const likely: Record<string, fc.Arbitrary<unknown>> = {
  id: text,
  job_id: text,
  tenant_id: fc.oneof(text, fc.integer()),
  name: text,
  job_name: text,
  kind: text,
  status: fc.constantFrom('running', 'succeeded', 'dancing'),
  state: fc.constantFrom('processing', 'done'),
  progress: fc.double({ min: 0, max: 100, noNaN: true }),
  percentage: fc.nat(100),
  percent: fc.nat(100),
  step: fc.record({ index: fc.integer({ min: 1 }), total: fc.integer({ min: 1 }), label: text }),
  current_step: fc.option(text),
  counters: fc.record(
    { done: fc.nat(), total: fc.option(fc.nat()), unit: text },
    { requiredKeys: ['done'] },
  ),
  message: fc.option(text),
  attempt: fc.integer({ min: 1, max: 9 }),
  seq: fc.nat(),
  created_at: time,
  started_at: fc.option(time),
  updated_at: time,
  timestamp: fc.oneof(time, fc.nat()),
  finished_at: fc.option(time),
  error: fc.oneof(text, fc.record({ code: text, message: text }), fc.constant(null)),
}
const names = Object.keys(likely)

/** A message with some likely fields, and among them a few that are anything. */
const message = fc
  .tuple(
    fc.record(likely, { requiredKeys: [] }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...names), fc.constantFrom('type', '__proto__', 'constructor', 'x')),
      anything,
      { maxKeys: 2, noNullPrototype: true },
    ),
  )
  .map(([fields, others]): unknown => parse(JSON.stringify({ ...fields, ...others })))

/** The text of a message with a letter lost, doubled or changed. */
const mutated = fc
  .tuple(message, fc.nat(), fc.constantFrom('', '"', '{', '9', '-', ',', 'null', ':'))
  .map(([whole, at, put]): unknown => {
    const letters = JSON.stringify(whole)
    const cut = at % letters.length
    return parse(letters.slice(0, cut) + put + letters.slice(cut + 1))
  })

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Fields that were said. */
const said = (wire: object | null | undefined): unknown =>
  wire && Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== undefined))

const isObject = (raw: unknown): raw is object =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw)

describe('the short way through the door', () => {
  it('answers what the schema answers, or nothing, for whatever comes', { timeout: 60_000 }, () => {
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(message, mutated, fc.anything()), (raw) => {
        const short = isObject(raw) ? readUsual(raw) : null
        const long = wireSchema.safeParse(raw)
        if (short !== null) {
          taken += 1
          expect(long.success).toBe(true)
          expect(said(short)).toEqual(said(long.data))
        }
        expect(said(readWire(raw))).toEqual(long.success ? said(long.data) : null)
      }),
      { numRuns: 6_000 },
    )
    expect(taken).toBeGreaterThan(600)
  })

  it('takes what our own gateway sends', () => {
    const job = wireJob()
    expect(readUsual(job)).toMatchObject(job)
    expect(readUsual({ type: 'progress', job_id: 'a', seq: 2, progress: 20 })).not.toBeNull()
    expect(readUsual(wireJob({ error: { code: 'x', message: 'y' } }))).not.toBeNull()
  })

  it('F59: reads no field out of a __proto__ or constructor key', () => {
    const raw = JSON.parse('{"__proto__":{"progress":99},"constructor":{"seq":1}}') as object
    expect(said(readUsual(raw))).toEqual({})
  })
})
