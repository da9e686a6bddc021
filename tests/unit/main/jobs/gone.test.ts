import { describe, expect, it } from 'vitest'
import { Gone } from '../../../../src/main/jobs/gone.ts'
import { job } from '../../../support/wire-jobs.ts'

const removed = (changes: Parameters<typeof job>[0] = {}): Gone<string> => {
  const gone = new Gone<string>()
  gone.note('a', job({ attempt: 2, seq: 5, progress: 40, ...changes }))
  return gone
}

describe('a job that was removed', () => {
  it('comes back with a newer word, and with the progress it had', () => {
    const newer = job({ attempt: 2, seq: 6, progress: 30, message: 'back' })
    expect(removed().returned('a', newer)).toEqual({ ...newer, progress: 40 })
    const further = job({ attempt: 2, seq: 6, progress: 41 })
    expect(removed().returned('a', further)).toBe(further)
  })

  it('does not come back with an older word, or with its last', () => {
    expect(removed().returned('a', job({ attempt: 2, seq: 5, progress: 40 }))).toBeNull()
    expect(removed().returned('a', job({ attempt: 2, seq: 4, progress: 90 }))).toBeNull()
    expect(removed().returned('a', job({ attempt: 1, seq: 90, progress: 90 }))).toBeNull()
  })

  it('comes back as it is with another attempt', () => {
    const again = job({ attempt: 3, seq: 1, progress: 0 })
    expect(removed({ status: 'failed' }).returned('a', again)).toBe(again)
  })

  it('that had ended does not come back running, but with the same end', () => {
    const gone = removed({ status: 'succeeded', progress: 100 })
    const running = job({ attempt: 2, seq: 6, status: 'running', progress: 100 })
    expect(gone.returned('a', running)).toBeNull()
    const end = job({ attempt: 2, seq: 6, status: 'succeeded', progress: 100 })
    expect(gone.returned('a', end)).toBe(end)
  })

  it('that had not ended may come back with an end', () => {
    const end = job({ attempt: 2, seq: 6, status: 'succeeded', progress: 100 })
    expect(removed().returned('a', end)).toBe(end)
  })

  it('is held to its time where its source gives no numbers', () => {
    const at = (ms: number): string => new Date(1_000_000 + ms).toISOString()
    const gone = removed({ byTime: true, seq: 9_000, updatedAt: at(5) })
    const numbered = job({ attempt: 2, seq: 1, progress: 50 })
    expect(gone.returned('a', { ...numbered, updatedAt: at(4) })).toBeNull()
    expect(gone.returned('a', { ...numbered, updatedAt: at(6) })).not.toBeNull()
    const counted = removed({ seq: 5, updatedAt: at(5) })
    expect(counted.returned('a', { ...numbered, seq: 6, updatedAt: at(4) })).not.toBeNull()
  })

  it('is nothing to another job', () => {
    const other = job({ attempt: 1, seq: 1 })
    expect(removed().returned('b', other)).toBe(other)
  })
})

describe('what is kept of removed jobs', () => {
  it('is the last word of the 20,000 that were removed last', () => {
    const gone = new Gone<number>()
    for (let key = 0; key < 20_000; key += 1) gone.note(key, job())
    expect(gone.has(0)).toBe(true)
    // Said again, it is the newest.
    gone.note(0, job())
    gone.note(20_000, job())
    expect([0, 1, 2].map((key) => gone.has(key))).toEqual([true, false, true])
  })

  it('goes for those that are named, or for all', () => {
    const gone = new Gone<string>()
    for (const key of ['a', 'b', 'c']) gone.note(key, job())
    gone.forget((key) => key === 'b')
    expect(['a', 'b', 'c'].map((key) => gone.has(key))).toEqual([true, false, true])
    gone.clear()
    expect(gone.has('a')).toBe(false)
  })
})
