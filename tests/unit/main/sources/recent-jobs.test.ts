import { beforeEach, describe, expect, it } from 'vitest'
import { RecentJobs } from '../../../../src/main/sources/recent-jobs.ts'
import { job } from '../../../support/wire-jobs.ts'

const generation = 10_000

let recent: RecentJobs

beforeEach(() => {
  recent = new RecentJobs()
})

const hear = (id: string, progress = 0, tenantId = 'acme'): void =>
  recent.set(job({ id, progress, tenantId }))
/** So many others are heard of. */
const fill = (count: number, name = 'other'): void => {
  for (let at = 0; at < count; at += 1) hear(`${name}-${at}`)
}
const progressOf = (id: string, tenantId = 'acme'): number | undefined =>
  recent.get(tenantId, id)?.progress

describe('RecentJobs', () => {
  it('knows the last state of each job of each tenant', () => {
    hear('a', 1)
    hear('a', 2)
    hear('a', 3, 'globex')
    expect([progressOf('a'), progressOf('a', 'globex'), progressOf('b')]).toEqual([2, 3, undefined])
    expect(progressOf('a', 'nobody')).toBeUndefined()
  })

  it('keeps a job until two generations of others were heard of', () => {
    hear('a', 1)
    fill(2 * generation - 1)
    expect(progressOf('a')).toBe(1)
    hear('one more')
    expect(progressOf('a')).toBeUndefined()
    expect(progressOf('other-9999')).toBe(0)
  })

  it('keeps a job twice as long that is heard of again in the second generation', () => {
    hear('a', 1)
    fill(generation)
    hear('a', 2)
    fill(2 * generation - 2, 'later')
    expect(progressOf('a')).toBe(2)
  })

  it('counts a job once, however often it is heard of', () => {
    hear('a', 1)
    for (let time = 0; time < 3 * generation; time += 1) hear('b', time % 100)
    expect([progressOf('a'), progressOf('b')]).toEqual([1, 99])
    fill(2 * generation - 2)
    expect(progressOf('a')).toBe(1)
  })

  it('counts no job that was deleted', () => {
    hear('a', 1)
    for (let time = 0; time < 3 * generation; time += 1) {
      hear('brief')
      recent.delete('acme', 'brief')
      recent.delete('acme', 'brief')
      recent.delete('nobody', 'brief')
    }
    expect([progressOf('a'), progressOf('brief')]).toEqual([1, undefined])
    fill(2 * generation)
    expect(progressOf('a')).toBeUndefined()
  })

  it('forgets what was deleted in both generations, of this tenant only', () => {
    hear('a', 1)
    hear('a', 2, 'globex')
    fill(generation)
    recent.delete('acme', 'a')
    expect([progressOf('a'), progressOf('a', 'globex')]).toEqual([undefined, 2])
    hear('b', 1)
    recent.delete('acme', 'b')
    expect(progressOf('b')).toBeUndefined()
  })

  it('does not come back to an older state once the newer one is deleted', () => {
    hear('a', 1)
    fill(generation)
    hear('a', 2)
    recent.delete('acme', 'a')
    expect(progressOf('a')).toBeUndefined()
  })

  it('is empty when it was cleared, and counts anew', () => {
    hear('old', 1)
    fill(generation)
    hear('young', 1)
    recent.clear()
    expect([progressOf('old'), progressOf('young')]).toEqual([undefined, undefined])
    hear('a', 1)
    fill(2 * generation - 1)
    expect(progressOf('a')).toBe(1)
  })
})
