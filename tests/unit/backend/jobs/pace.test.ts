import { describe, expect, it } from 'vitest'
import { Pace } from '../../../../src/backend/jobs/pace.ts'

describe('the throughput cap', () => {
  it('makes rows wait for their time, and counts the time that work took', () => {
    let nowMs = 0
    const pace = new Pace(100, () => nowMs)
    expect(pace.book(50)).toBe(500)
    nowMs = 500
    expect(pace.book(50)).toBe(500)
    nowMs = 1_300
    expect(pace.book(50)).toBe(200)
  })

  it('makes up for no more than a second of lateness', () => {
    let nowMs = 0
    const pace = new Pace(100, () => nowMs)
    nowMs = 60_000
    expect(pace.book(100)).toBe(0)
    expect(pace.book(100)).toBe(1_000)
  })

  it('stops waiting when it is told to', async () => {
    const stop = new AbortController()
    const waiting = new Pace(1).take(1_000, stop.signal)
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })
})
