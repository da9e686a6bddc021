import { describe, expect, it } from 'vitest'
import {
  eventSchema,
  renewalSchema,
  snapshotSchema,
} from '../../../../../src/main/sources/socketio/io-messages.ts'

const long = (length: number): string => 'x'.repeat(length)

describe('job:event', () => {
  it.each<[string, unknown, unknown]>([
    ['everything', { tenant_id: 'acme', offset: 7, job: 1 }, { tenant_id: 'acme', offset: 7 }],
    ['the first of all', { offset: 0 }, { offset: 0 }],
    ['a tenant in a number', { tenant_id: 42 }, { tenant_id: '42' }],
    ['a tenant below zero', { tenant_id: -1 }, { tenant_id: '-1' }],
    ['the longest tenant', { tenant_id: long(128) }, { tenant_id: long(128) }],
  ])('is read with %s', (_what, said, read) => {
    expect(eventSchema.parse(said)).toMatchObject(read as object)
  })

  it('is read without anything, for it may be the job itself', () => {
    expect(eventSchema.parse({ id: 'job-1' })).toEqual({ job: undefined })
  })

  it.each<[string, unknown]>([
    ['no object', 'x'],
    ['nothing', null],
    ['a list', []],
    ['an empty tenant', { tenant_id: '' }],
    ['a tenant that is too long', { tenant_id: long(129) }],
    ['half a tenant', { tenant_id: 1.5 }],
    ['no tenant', { tenant_id: null }],
    ['an offset below zero', { offset: -1 }],
    ['half an offset', { offset: 1.5 }],
    ['an offset in words', { offset: '7' }],
    ['an offset past all integers', { offset: 2 ** 53 }],
  ])('is not read from %s', (_what, said) => {
    expect(eventSchema.safeParse(said).success).toBe(false)
  })
})

describe('job:snapshot', () => {
  it.each<[string, unknown]>([
    ['jobs alone', { jobs: [] }],
    ['everything', { epoch: 'e', offsets: { acme: 0, globex: 7 }, jobs: [{ id: 'a' }, 7] }],
    ['the longest names', { epoch: long(128), offsets: { [long(128)]: 1 }, jobs: [] }],
    ['no numbers at all', { offsets: {}, jobs: [] }],
  ])('is read with %s', (_what, said) => {
    expect(snapshotSchema.parse(said)).toEqual(said)
  })

  it.each<[string, unknown]>([
    ['no jobs', { epoch: 'e' }],
    ['jobs that are no list', { jobs: {} }],
    ['an epoch that is too long', { epoch: long(129), jobs: [] }],
    ['an epoch in a number', { epoch: 1, jobs: [] }],
    ['offsets in a list', { offsets: [1], jobs: [] }],
    ['a tenant that is too long', { offsets: { [long(129)]: 1 }, jobs: [] }],
    ['an offset below zero', { offsets: { acme: -1 }, jobs: [] }],
    ['half an offset', { offsets: { acme: 0.5 }, jobs: [] }],
    ['an offset in words', { offsets: { acme: '1' }, jobs: [] }],
  ])('is not read from %s', (_what, said) => {
    expect(snapshotSchema.safeParse(said).success).toBe(false)
  })
})

describe('the answer to auth', () => {
  it.each<[string, unknown, unknown]>([
    ['taken', { ok: true, expires_at: 'x' }, { ok: true }],
    ['refused', { ok: false, code: 'token_expired' }, { ok: false, code: 'token_expired' }],
    ['the longest code', { ok: false, code: long(64) }, { ok: false, code: long(64) }],
    ['a code that is too long', { ok: false, code: long(65) }, { ok: false }],
    ['an empty code', { ok: false, code: '' }, { ok: false }],
    ['prose', { ok: false, code: 'No way' }, { ok: false }],
    ['prose behind a word', { ok: false, code: 'no way' }, { ok: false }],
    ['a number', { ok: false, code: 7 }, { ok: false }],
  ])('is read: %s', (_what, said, read) => {
    expect(renewalSchema.parse(said)).toEqual(read)
  })

  it.each([{}, { ok: 'true' }, { ok: 1 }, { code: 'forbidden' }, null, 'ok', []])(
    'is not read from %j',
    (said) => {
      expect(renewalSchema.safeParse(said).success).toBe(false)
    },
  )
})
