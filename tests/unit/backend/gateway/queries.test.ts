import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  jobKey,
  jobsQuery,
  parseQuery,
  writeCursor,
} from '../../../../src/backend/gateway/queries.ts'

describe('the job that a path names', () => {
  it.each([
    ['job_7Q2M-F4.x', 'job_7Q2M-F4.x'],
    ['Jira%20issues', 'Jira issues'],
    ['Invoices%20de%20%E2%86%92%20en', 'Invoices de → en'],
    ['x'.repeat(128), 'x'.repeat(128)],
  ])('is read from %s', (segment, key) => {
    expect(jobKey(segment)).toBe(key)
  })

  it.each([
    '',
    '.',
    '..',
    '%2e%2e',
    'a%2Fb',
    'a%00',
    'a%0d%0ab',
    '%E0%A4%A',
    'x'.repeat(129),
    '%3Cb%3E',
  ])('is none in %j', (segment) => {
    expect(jobKey(segment)).toBeNull()
  })

  it('never throws and never holds a character that means something in a path or a header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (segment) => {
        const key = jobKey(segment)
        if (key !== null) expect(key).not.toMatch(/[/\\?#%\r\n\0<>"']/)
      }),
    )
  })
})

describe('a query', () => {
  it('has defaults, and reads back the cursor that was given out', () => {
    expect(parseQuery(jobsQuery, {})).toEqual({ value: { limit: 100 } })
    const cursor = writeCursor(['2026-11-20 14:03:12.123456+00', 'job_1'])
    expect(parseQuery(jobsQuery, { cursor, limit: '500' })).toEqual({
      value: { cursor: ['2026-11-20 14:03:12.123456+00', 'job_1'], limit: 500 },
    })
  })

  it('never throws, whatever it is made of, and never repeats a value', () => {
    const secret = 'eyJhbGciOi.secret'
    const value = fc.oneof(
      fc.string(),
      fc.constant(secret),
      fc.array(fc.string(), { maxLength: 3 }),
    )
    const keys = fc.constantFrom('status', 'since', 'search', 'cursor', 'limit', 'token', 'x')
    fc.assert(
      fc.property(fc.dictionary(keys, value), (query) => {
        const parsed = parseQuery(jobsQuery, query)
        if ('fault' in parsed) expect(parsed.fault).not.toContain(secret)
      }),
    )
  })
})
