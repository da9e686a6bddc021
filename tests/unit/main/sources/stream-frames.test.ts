import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseStreamFrame } from '../../../../src/main/sources/stream-frames.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

const parse = (message: unknown) => parseStreamFrame(JSON.stringify(message))
const place = { epoch: 'e', offset: 4 }

describe('what a stream says', () => {
  it.each([
    [
      { type: 'event', offset: 5, job: { id: 'a' } },
      { kind: 'event', offset: 5, job: { id: 'a' } },
    ],
    [
      { type: 'snapshot', ...place, jobs: [{ id: 'a' }, 7] },
      { kind: 'snapshot', place, jobs: [{ id: 'a' }, 7], more: false },
    ],
    [
      { type: 'snapshot', ...place, jobs: [], more: true, next_cursor: 'c' },
      { kind: 'snapshot', place, jobs: [], more: true },
    ],
    [
      { type: 'resumed', ...place, missed: 3 },
      { kind: 'resumed', place, missed: 3 },
    ],
    [{ type: 'authenticated', expires_at: '2026-11-20T14:00:00Z' }, { kind: 'authenticated' }],
    [{ type: 'auth_refused', reason: 'token_expired' }, { kind: 'auth-refused' }],
  ])('is understood: %j', (message, frame) => {
    expect(parse(message)).toEqual(frame)
  })

  it.each([
    [{ job_name: 'nightly', percentage: 7 }],
    [{ type: 'progress', job_id: 'a', progress: 7 }],
  ])('is a change, from a backend that numbers nothing: %j', (message) => {
    expect(parse(message)).toEqual({ kind: 'change', job: message })
  })

  it.each([['snapshot'], ['finished']])('is a state of one job: %s', (type) => {
    expect(parse({ type, job: wireJob() })).toEqual({ kind: 'change', job: wireJob() })
  })

  it.each([
    [null],
    ['event'],
    [[]],
    [{ type: 'event', offset: -1, job: {} }],
    [{ type: 'event', offset: 2 ** 53, job: {} }],
    [{ type: 'event', offset: '5', job: {} }],
    [{ type: 'snapshot', epoch: '', offset: 0, jobs: [] }],
    [{ type: 'snapshot', epoch: 'e', offset: 0, jobs: {} }],
    [{ type: 'resumed', ...place }],
    [{ type: 'resumed', ...place, missed: 0.5 }],
    [{ type: '__proto__' }],
    [{ type: 7 }],
    [{ type: 'unheard of' }],
  ])('is dropped: %j', (message) => {
    expect(parse(message)).toBeNull()
  })

  it('F54: does not round an offset that no number can hold', () => {
    expect(parseStreamFrame('{"type":"event","offset":9007199254740993,"job":{}}')).toBeNull()
  })

  it('I15: never throws, whatever is said', () => {
    const before = Object.keys(Object.prototype)
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constant('['.repeat(60_000)),
      fc
        .record({
          type: fc.constantFrom('event', 'snapshot', 'resumed', 'progress', '__proto__'),
          offset: fc.anything(),
          epoch: fc.anything(),
          jobs: fc.anything(),
          job: fc.anything(),
        })
        .map((message) => {
          try {
            return JSON.stringify(message)
          } catch {
            return ''
          }
        }),
    )
    fc.assert(fc.property(texts, (text) => void parseStreamFrame(text)))
    expect(Object.keys(Object.prototype)).toEqual(before)
  })
})
