import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareEvents, isOlder, merge } from '../../../../src/main/jobs/merge.ts'
import type { Job } from '../../../../src/shared/job.ts'
import { job } from '../../../support/wire-jobs.ts'

const at = (ms: number): string => new Date(1_000_000 + ms).toISOString()
const numbered = (changes: Partial<Job> = {}): Job => job({ updatedAt: at(0), ...changes })
const timed = (ms: number, changes: Partial<Job> = {}): Job =>
  job({ updatedAt: at(ms), seq: (1_000_000 + ms) * 1_000, byTime: true, ...changes })

describe('merge', () => {
  it('answers what is known, itself, when nothing new was heard', () => {
    const known = numbered({ seq: 5, progress: 40 })
    expect(merge(known, numbered({ seq: 5, progress: 40 }))).toBe(known)
    expect(merge(known, numbered({ seq: 4, progress: 30, message: 'old' }))).toBe(known)
    expect(merge(known, numbered({ attempt: 1, seq: 6 })).seq).toBe(6)
  })

  it('takes a higher attempt whole, and nothing of a lower one', () => {
    const second = numbered({ attempt: 2, seq: 1, progress: 0 })
    const first = numbered({ attempt: 1, seq: 90, progress: 90, status: 'failed' })
    expect(merge(first, second)).toBe(second)
    expect(merge(second, first)).toBe(second)
  })

  it('F57: keeps an end against whatever is heard after it, number or not', () => {
    const end = numbered({ seq: 9, status: 'succeeded', progress: 100 })
    expect(merge(end, numbered({ seq: 10, status: 'running', progress: 100 }))).toBe(end)
    expect(merge(end, timed(60_000, { status: 'running', progress: 100 }))).toBe(end)
  })

  it('takes an end that is heard late, with the progress that was reached', () => {
    const running = numbered({ seq: 9, progress: 80 })
    const end = numbered({ seq: 7, status: 'failed', progress: 60 })
    expect(merge(running, end)).toEqual({ ...end, progress: 80 })
  })

  it('of two ends keeps the first, in whatever order they come', () => {
    const first = numbered({ seq: 7, status: 'failed', progress: 60 })
    const second = numbered({ seq: 8, status: 'cancelled', progress: 60 })
    expect(merge(first, second)).toBe(first)
    expect(merge(second, first)).toBe(first)
    expect(merge(first, { ...first })).toBe(first)
  })

  it('F56: never lets progress fall within an attempt', () => {
    const known = numbered({ seq: 5, progress: 80 })
    expect(merge(known, numbered({ seq: 6, progress: 40 }))).toMatchObject({ seq: 6, progress: 80 })
    expect(merge(known, numbered({ seq: 4, progress: 90 }))).toMatchObject({ seq: 5, progress: 90 })
  })
})

describe('what a source never tells', () => {
  const sparse = (ms: number, changes: Partial<Job> = {}): Job =>
    timed(ms, {
      name: 'job-1',
      kind: '',
      step: null,
      counters: null,
      untold: ['name', 'kind', 'step', 'counters'],
      ...changes,
    })

  it('stays as another source told it, whichever of them is heard first', () => {
    const full = numbered()
    const told = { name: full.name, kind: 'import', step: full.step, counters: full.counters }
    expect(merge(full, sparse(1, { progress: 20 }))).toMatchObject({ ...told, progress: 20 })
    expect(merge(sparse(1, { progress: 20 }), full)).toMatchObject({ ...told, progress: 20 })
  })

  it('is not taken from another attempt, but for who the job is', () => {
    const second = merge(numbered(), sparse(1, { attempt: 2, progress: 0 }))
    expect(second).toMatchObject({ name: 'Orders import', kind: 'import', step: null })
    expect(second.untold).toEqual(['step', 'counters'])
  })

  it('changes nothing twice', () => {
    const known = merge(numbered(), sparse(1))
    expect(merge(known, numbered())).toBe(known)
    const alone = sparse(1)
    expect(merge(alone, sparse(0))).toBe(alone)
  })

  it('does not keep what the end says of the last step', () => {
    const known = merge(numbered(), sparse(5, { status: 'succeeded', progress: 100 }))
    const step = { index: 4, total: 4, label: 'done' }
    const end = numbered({ seq: 2, updatedAt: at(5), status: 'succeeded', progress: 100, step })
    expect(merge(known, end).step).toEqual(step)
  })
})

describe('compareEvents', () => {
  it('goes by the number where both have one, whatever the clock says', () => {
    expect(
      compareEvents(numbered({ seq: 2, updatedAt: at(9) }), numbered({ seq: 3 })),
    ).toBeLessThan(0)
    expect(compareEvents(timed(5), timed(4))).toBeGreaterThan(0)
    expect(compareEvents(numbered({ seq: 3 }), numbered({ seq: 3 }))).toBe(0)
  })

  it('goes by the time where one of them has no number', () => {
    expect(compareEvents(timed(5), numbered({ seq: 99, updatedAt: at(4) }))).toBeGreaterThan(0)
    expect(compareEvents(numbered({ seq: 1, updatedAt: at(6) }), timed(5))).toBeGreaterThan(0)
    expect(compareEvents(timed(5), numbered({ seq: 1, updatedAt: at(6) }))).toBeLessThan(0)
  })

  it('takes the numbered one for the later where the times say nothing', () => {
    expect(compareEvents(numbered({ updatedAt: at(5) }), timed(5))).toBeGreaterThan(0)
    expect(compareEvents(timed(5), numbered({ updatedAt: at(5) }))).toBeLessThan(0)
    const unreadable = timed(5, { updatedAt: 'yesterday' })
    expect(compareEvents(unreadable, numbered())).toBeLessThan(0)
    expect(compareEvents(numbered(), unreadable)).toBeGreaterThan(0)
  })
})

describe('isOlder', () => {
  it.each<[string, Partial<Job>, Partial<Job>, boolean]>([
    ['a lower attempt', { attempt: 1, seq: 9 }, { attempt: 2, seq: 1 }, true],
    ['a higher attempt', { attempt: 2, seq: 1 }, { attempt: 1, seq: 9 }, false],
    ['a lower number', { seq: 1 }, { seq: 2 }, true],
    ['the same number', { seq: 2 }, { seq: 2 }, false],
    ['a higher number', { seq: 3 }, { seq: 2 }, false],
  ])('%s', (_name, heard, known, answer) => {
    expect(isOlder(numbered(heard), numbered(known))).toBe(answer)
  })
})

describe('the same history through two sources', () => {
  /** What the server has, event by event; times rise with the numbers. */
  const history = fc
    .array(fc.record({ afterMs: fc.integer({ min: 1, max: 50 }), progress: fc.nat(100) }), {
      minLength: 1,
      maxLength: 8,
    })
    .chain((steps) =>
      fc.record({
        events: fc.constant(eventsOf(steps)),
        ends: fc.boolean(),
        seed: fc.array(fc.nat(), { minLength: 32, maxLength: 32 }),
      }),
    )

  it('I9: leads to the last state in any order, with repeats, with and without numbers', () => {
    fc.assert(
      fc.property(history, ({ events, ends, seed }) => {
        const told = ends ? events.map(endingLast) : events
        const all = told.flatMap((event) => [event, unnumbered(event)])
        const shuffled = [...all, ...all.slice(0, 3)]
          .map((event, index) => ({ event, key: (seed[index % seed.length] ?? 0) + index * 7 }))
          .sort((one, two) => (one.key % 101) - (two.key % 101))
          .map(({ event }) => event)
        const [first, ...rest] = shuffled
        const state = rest.reduce(merge, first!)
        const last = told.at(-1)!
        expect(state).toMatchObject({ status: last.status, updatedAt: last.updatedAt })
        expect(state.byTime).toBeUndefined()
        expect(state.progress).toBe(Math.max(...told.map(({ progress }) => progress)))
      }),
    )
  })

  function eventsOf(steps: readonly { afterMs: number; progress: number }[]): Job[] {
    let ms = 0
    return steps.map(({ afterMs, progress }, index) => {
      ms += afterMs
      return numbered({ seq: index + 1, updatedAt: at(ms), progress })
    })
  }

  const endingLast = (event: Job, index: number, all: readonly Job[]): Job =>
    index === all.length - 1 ? { ...event, status: 'succeeded' } : event

  const unnumbered = (event: Job): Job => ({
    ...event,
    seq: Date.parse(event.updatedAt) * 1_000,
    byTime: true,
  })
})
