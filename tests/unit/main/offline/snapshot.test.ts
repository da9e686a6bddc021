import { deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode, newest } from '../../../../src/main/offline/snapshot.ts'
import { anySnapshot, keptRows, pack, snapshotOf } from '../../../support/snapshots.ts'

/** What stands in a packed snapshot, changed. */
const edited = (edit: (text: string) => string): Buffer =>
  deflateRawSync(edit(inflateRawSync(pack(snapshotOf())).toString()))

describe('a snapshot', () => {
  it('I18: comes back as it was', () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        expect(decode(pack(snapshot))).toEqual({ kind: 'read', snapshot })
      }),
      { numRuns: 300 },
    )
  })

  it('I18: is never thrown on, whatever the bytes are', () => {
    const packed = pack(snapshotOf())
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.json().map((text) => deflateRawSync(text)),
      fc.nat({ max: packed.length - 1 }).map((length) => packed.subarray(0, length)),
    )
    fc.assert(
      fc.property(bytes, (any) => {
        expect(decode(any)).toEqual({ kind: 'outdated' })
      }),
      { numRuns: 2_000 },
    )
  })

  it.each<[string, (text: string) => string]>([
    ['another version', (text) => text.replace('"version":1', '"version":2')],
    ['a field more', (text) => text.replace('{"version"', '{"extra":0,"version"')],
    ['one row that is none', (text) => text.replace('"status":"running"', '"status":"new"')],
    ['a number too large for one', (text) => text.replace('"seq":1', '"seq":1e999')],
    ['a row that nobody told of', (text) => text.replace('"told":1', '"told":0')],
    ['prototypes', (text) => text.replace('"job":{', '"job":{"__proto__":{"a":1},')],
  ])('with %s is of another version, whole', (_, edit) => {
    expect(decode(edited((text) => text)).kind).toBe('read')
    expect(decode(edited(edit)).kind).toBe('outdated')
    expect(Object.prototype).not.toHaveProperty('a')
  })

  it('keeps nothing of what the desk knows beside the job', () => {
    const jobs = keptRows({ id: 'a' })
    const more = { ...jobs, rows: jobs.rows.map((row) => ({ ...row, vouched: 1 })) }
    expect(inflateRawSync(pack(snapshotOf({ jobs: more }))).toString()).not.toContain('vouched')
  })

  it('is packed a thousand jobs at a time', () => {
    const jobs = keptRows(...Array.from({ length: 2_500 }, (_, n) => ({ id: `job-${n}` })))
    const snapshot = snapshotOf({ jobs })
    expect([...encode(snapshot)]).toHaveLength(2)
    expect(decode(pack(snapshot))).toEqual({ kind: 'read', snapshot })
  })
})

describe('what is kept of too many jobs', () => {
  const rows = [
    { ...keptRows({ id: 'old-end', status: 'failed' }).rows[0]!, heardAtMs: 1 },
    { ...keptRows({ id: 'old' }).rows[0]!, heardAtMs: 2 },
    { ...keptRows({ id: 'new-end', status: 'succeeded' }).rows[0]!, heardAtMs: 3 },
    { ...keptRows({ id: 'new', status: 'queued' }).rows[0]!, heardAtMs: 4 },
  ]
  const kept = (most: number) => {
    const { jobs, isCut } = newest({ sources: ['progress'], rows }, most)
    return { isCut, ids: jobs.rows.map(({ job }) => job.id).sort() }
  }

  it('is everything while it fits', () => {
    expect(kept(4)).toEqual({ isCut: false, ids: ['new', 'new-end', 'old', 'old-end'] })
  })

  it('is what is unfinished first, and the newest of either', () => {
    expect(kept(3)).toEqual({ isCut: true, ids: ['new', 'new-end', 'old'] })
    expect(kept(2)).toEqual({ isCut: true, ids: ['new', 'old'] })
    expect(kept(1)).toEqual({ isCut: true, ids: ['new'] })
  })

  it('is as many as may be when all were heard of at once', () => {
    const jobs = keptRows(...Array.from({ length: 9 }, (_, n) => ({ id: `j${n}` })))
    expect(newest(jobs, 4).jobs.rows).toHaveLength(4)
  })
})
