import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { isFinal } from '../../../../src/shared/job.ts'
import type { Job } from '../../../../src/shared/job.ts'
import { JobStore, keyOf } from '../../../../src/main/jobs/job-store.ts'
import type { Teller } from '../../../../src/main/jobs/job-store.ts'
import { job } from '../../../support/wire-jobs.ts'

let store: JobStore
let touched: string[]

const fresh = (maxFinished?: number): JobStore =>
  new JobStore({
    onTouched: (key) => touched.push(key),
    ...(maxFinished === undefined ? {} : { maxFinished }),
  })
const gateway: Teller = { family: 'gateway', bit: 1 }
/** Another source that means the same jobs. */
const list: Teller = { family: 'gateway', bit: 2 }
const other: Teller = { family: 'realtime', bit: 4 }
const take = (changes: Partial<Job>, nowMs = 0) => store.take(gateway, job(changes), nowMs)
const acme = (id = 'job-1') => keyOf('gateway', { tenantId: 'acme', id })
const known = (id?: string): Job | undefined => store.get(acme(id))?.job
const state = (of: JobStore) => [...of.keys()].sort().map((key) => of.get(key)?.job)
const total = (of: JobStore) =>
  Object.fromEntries([...of.counts].map(([tenantId, counts]) => [tenantId, { ...counts }]))

const remembered = () =>
  Object.fromEntries([...store.values()].map((stored) => [stored.job.id, stored.remembered]))

beforeEach(() => {
  touched = []
  store = fresh()
})

describe('JobStore', () => {
  it('F51: keeps the newest and drops what is older or the same', () => {
    expect(take({ seq: 5, message: 'five' })).toBe('changed')
    expect(take({ seq: 5, message: 'five again' })).toBe('same')
    expect(take({ seq: 4, message: 'four' })).toBe('older')
    expect(known()?.message).toBe('five')
  })

  it('F56: holds progress within an attempt; a new attempt may start over', () => {
    take({ seq: 1, progress: 80 })
    take({ seq: 2, progress: 40 })
    expect(known()).toMatchObject({ seq: 2, progress: 80 })
    take({ attempt: 2, seq: 1, progress: 5 })
    expect(known()).toMatchObject({ attempt: 2, progress: 5 })
  })

  it('takes one event with and without a number for one', () => {
    const event = { seq: 3, updatedAt: '2026-11-20T14:00:00.000Z' }
    const unnumbered = { ...event, seq: 1e15, byTime: true } as const
    take(event)
    store.doubt(gateway, null)
    expect(take(unnumbered)).toBe('same')
    expect(remembered()).toEqual({ 'job-1': false })
    store.forget(gateway, 'job-1')
    expect(take(unnumbered)).toBe('older')
    store = fresh()
    take(unnumbered)
    store.forget(gateway, 'job-1')
    expect(take(event)).toBe('older')
  })

  it('F57: an end is final unless the attempt rises', () => {
    take({ seq: 5, status: 'succeeded', progress: 100 })
    take({ seq: 6, status: 'running', progress: 100 })
    take({ seq: 7, status: 'failed' })
    expect(known()?.status).toBe('succeeded')
    take({ attempt: 2, seq: 1, status: 'running', progress: 0 })
    expect(known()).toMatchObject({ attempt: 2, status: 'running', progress: 0 })
    take({ attempt: 1, seq: 99, status: 'failed' })
    expect(known()?.attempt).toBe(2)
  })

  it('I10: holds a job that comes back in the same attempt to its word', () => {
    take({ seq: 3, progress: 40 })
    store.forget(gateway, 'job-1')
    expect(take({ seq: 3, progress: 40 })).toBe('older')
    expect(take({ seq: 4, progress: 0 })).toBe('changed')
    expect(known()).toMatchObject({ seq: 4, progress: 40 })
    take({ seq: 5, status: 'succeeded', progress: 100 })
    store.forget(gateway, 'job-1')
    expect(take({ seq: 6, status: 'running', progress: 50 })).toBe('older')
    expect(take({ seq: 1, attempt: 2, progress: 5 })).toBe('changed')
    expect(known()).toMatchObject({ attempt: 2, progress: 5 })
  })

  it('I12: keeps neither a job nor a count of a tenant that the operator lost', () => {
    take({ id: 'a', tenantId: 'acme' })
    take({ id: 'b', tenantId: 'borealis' })
    store.retain(['borealis'])
    expect(state(store).map((left) => left?.id)).toEqual(['b'])
    expect(Object.keys(total(store))).toEqual(['borealis'])
    expect(touched.at(-1)).toBe(acme('a'))
  })

  it('tells apart jobs of two families with the same id', () => {
    store.take(gateway, job({ message: 'one' }), 0)
    store.take(other, job({ message: 'two' }), 0)
    expect(store.size).toBe(2)
    store.takeAll(gateway, [], 0)
    expect([...store.keys()]).toEqual([keyOf('realtime', job({}))])
  })

  it('I12: tells apart jobs of two tenants with the same id', () => {
    take({ tenantId: 'acme', message: 'one', seq: 5 })
    take({ tenantId: 'borealis', message: 'two', seq: 3 })
    expect(state(store).map((one) => one?.message)).toEqual(['one', 'two'])
    store.retain(['borealis'])
    expect(state(store).map((one) => one?.message)).toEqual(['two'])
  })

  it('no id and no name of a tenant can pass for another job', () => {
    const pairs = fc.record({ tenantId: fc.string({ minLength: 1 }), id: fc.string() })
    fc.assert(
      fc.property(pairs, pairs, (one, two) => {
        const same = one.tenantId === two.tenantId && one.id === two.id
        expect(keyOf('gateway', one) === keyOf('gateway', two)).toBe(same)
      }),
    )
  })

  it('forgets and doubts a job of which no tenant was named wherever it is known', () => {
    take({ tenantId: 'acme' })
    take({ tenantId: 'borealis' })
    take({ id: 'other' })
    store.doubt(gateway, 'job-1')
    const doubted = [...store.keys()].filter((key) => store.get(key)?.remembered === true)
    expect(doubted).toHaveLength(2)
    store.forget(gateway, 'job-1')
    expect(state(store).map((one) => one?.id)).toEqual(['other'])
  })

  it('removes what the server lists no more, and is not talked into it by an old event', () => {
    take({ id: 'a', seq: 3 })
    take({ id: 'b', seq: 3 })
    store.takeAll(gateway, [job({ id: 'b', seq: 3 })], 0)
    expect(take({ id: 'a', seq: 3 })).toBe('older')
    expect(known('a')).toBeUndefined()
    expect(take({ id: 'a', seq: 4 })).toBe('changed')
  })

  it('does not let an old list undo an end', () => {
    take({ seq: 9, status: 'succeeded' })
    store.takeAll(gateway, [job({ seq: 7, status: 'running' })], 0)
    expect(known()?.status).toBe('succeeded')
  })

  it('forgets', () => {
    take({})
    store.forget(gateway, 'job-1')
    expect(store.size).toBe(0)
    expect(total(store)).toMatchObject({ acme: { running: 0 } })
  })

  it('shows a job that is heard of again as fresh, but not at every breath', () => {
    take({}, 1_000)
    take({}, 3_000)
    expect(touched).toHaveLength(1)
    take({}, 6_000)
    expect(touched).toHaveLength(2)
    expect(store.get(acme())?.heardAtMs).toBe(6_000)
  })

  it('remembers everything of a source that is lost, until it tells of it again', () => {
    take({ id: 'a' })
    take({ id: 'b', status: 'succeeded' })
    store.lose(gateway)
    expect(remembered()).toEqual({ a: true, b: true })
    store.regain(gateway)
    expect(remembered()).toEqual({ a: true, b: false })
    take({ id: 'a' })
    expect(remembered()).toEqual({ a: false, b: false })
  })

  it('F52: doubts what may be behind, until it is heard again or proved to be whole', () => {
    take({ id: 'a' })
    take({ id: 'b' })
    take({ id: 'over', status: 'failed' })
    store.doubt(gateway, null)
    expect(remembered()).toEqual({ a: true, b: true, over: false })
    take({ id: 'a', seq: 2 })
    expect(remembered()).toEqual({ a: false, b: true, over: false })
    store.doubt(gateway, 'a')
    store.confirm(gateway, 9_000)
    expect(remembered()).toEqual({ a: false, b: false, over: false })
    expect(store.get(acme('a'))?.heardAtMs).toBe(9_000)
    expect(store.get(acme('over'))?.heardAtMs).toBe(0)
  })

  it('F53: keeps what one source told of a new history when another one comes to it later', () => {
    take({ id: 'a', seq: 50 })
    store.take(list, job({ id: 'a', seq: 50 }), 0)
    store.take(list, job({ id: 'b', seq: 50 }), 0)
    store.restart(gateway, 'e2')
    take({ id: 'a', seq: 2, status: 'succeeded' })
    store.take(list, job({ id: 'a', seq: 1 }), 0)
    take({ id: 'b', seq: 3 })
    store.restart(list, 'e2')
    expect(known('a')).toMatchObject({ seq: 2, status: 'succeeded' })
    // What it says is still of the history before, whoever has told of it since.
    expect(store.get(acme('b'))).toBeUndefined()
    store.restart(gateway, 'e3')
    expect(store.size).toBe(0)
  })

  it('F53: mixes no two histories: after a restart nothing known before is newer', () => {
    take({ id: 'a', seq: 50, progress: 80 })
    take({ id: 'over', seq: 9, status: 'succeeded' })
    store.forget(gateway, 'over')
    store.restart(gateway, 'e2')
    store.takeAll(gateway, [job({ id: 'a', seq: 3, progress: 20 })], 0)
    expect(known('a')).toMatchObject({ seq: 3, progress: 20 })
    expect(take({ id: 'over', seq: 1 })).toBe('changed')
    expect(store.size).toBe(2)
  })

  it('keeps only so many finished jobs, and lets no list bring the others back', () => {
    store = fresh(3)
    const ended = [1, 2, 3, 4, 5].map((n) => job({ id: `j${n}`, status: 'succeeded' }))
    for (const one of ended) store.take(gateway, one, 0)
    take({ id: 'running' })
    expect([...store.keys()].sort()).toEqual(['j3', 'j4', 'j5', 'running'].map(acme))
    for (const one of ended) store.take(gateway, one, 0)
    expect(store.size).toBe(4)
  })

  it('leaves nothing when cleared', () => {
    take({})
    expect(store.clear()).toBe(1)
    expect([store.size, store.counts.size]).toEqual([0, 0])
  })
})

describe('JobStore, with two sources that mean the same jobs', () => {
  const both = (changes: Partial<Job>): void => {
    store.take(gateway, job(changes), 0)
    store.take(list, job(changes), 0)
  }

  it('remembers only what nobody else who is connected tells of', () => {
    both({ id: 'both' })
    take({ id: 'one' })
    store.lose(gateway)
    expect(remembered()).toEqual({ both: false, one: true })
    store.lose(list)
    expect(remembered()).toEqual({ both: true, one: true })
    store.take(list, job({ id: 'one', seq: 2 }), 0)
    expect(remembered()).toEqual({ both: true, one: false })
  })

  it('does not count a source as connected for a job that it told of before it was lost', () => {
    both({ id: 'both' })
    store.lose(list)
    store.regain(list)
    store.lose(gateway)
    expect(remembered()).toEqual({ both: true })
    store.take(list, job({ id: 'both' }), 0)
    expect(remembered()).toEqual({ both: false })
  })

  it('believes nobody who tells what is older than what is known', () => {
    take({ seq: 5 })
    store.lose(gateway)
    store.take(list, job({ seq: 4 }), 0)
    expect(remembered()).toEqual({ 'job-1': true })
  })

  it('removes only what no other source has told of, and the rest when the last one drops it', () => {
    both({ id: 'both' })
    take({ id: 'one' })
    store.take(list, job({ id: 'other' }), 0)
    store.takeAll(gateway, [job({ id: 'new' })], 0)
    expect(Object.keys(remembered()).sort()).toEqual(['both', 'new', 'other'])
    store.forget(list, 'both')
    store.forget(list, 'new')
    expect(Object.keys(remembered()).sort()).toEqual(['new', 'other'])
  })

  it('remembers at once what only a lost source still stands for', () => {
    both({ id: 'both' })
    store.lose(list)
    store.takeAll(gateway, [], 0)
    expect(remembered()).toEqual({ both: true })
  })

  it('F52: one that doubts takes only its own word back', () => {
    both({ id: 'both' })
    take({ id: 'one' })
    take({ id: 'over', status: 'failed' })
    store.doubt(gateway, null)
    expect(remembered()).toEqual({ both: false, one: true, over: false })
    store.doubt(list, 'both')
    expect(remembered()).toEqual({ both: true, one: true, over: false })
  })

  it('takes all for true again that a source proves to have missed nothing of', () => {
    both({ id: 'both' })
    take({ id: 'one' })
    store.take(list, job({ id: 'other' }), 0)
    store.lose(gateway)
    store.lose(list)
    store.confirm(gateway, 7)
    expect(remembered()).toEqual({ both: false, one: false, other: true })
  })

  it('F53: takes only what it told itself out of an old history', () => {
    both({ id: 'both', seq: 50 })
    take({ id: 'one', seq: 50 })
    store.take(list, job({ id: 'other' }), 0)
    store.restart(gateway, 'e2')
    expect(Object.keys(remembered())).toEqual(['other'])
    expect(take({ id: 'both', seq: 1 })).toBe('changed')
  })

  it('recalls jobs of an earlier start as they were, and never over what is known', () => {
    take({ id: 'known', seq: 7 }, 9)
    take({ id: 'gone', seq: 7 })
    store.forget(gateway, 'gone')
    const kept = ['known', 'gone', 'kept'].map((id) => ({
      job: job({ id, seq: 3 }),
      heardAtMs: 5,
      told: list.bit,
    }))
    store.recall('gateway', kept)
    expect(remembered()).toEqual({ known: false, kept: true })
    expect(known('known')?.seq).toBe(7)
    expect(store.get(acme('kept'))).toMatchObject({ heardAtMs: 5, told: list.bit })
    expect(total(store)).toMatchObject({ acme: { running: 2 } })
    store.takeAll(list, [], 10)
    expect(remembered()).toEqual({ known: false })
  })
})

/** What a sane server does to one job: a row of events, perhaps over several attempts. */
const history = (id: string, tenantId: string): fc.Arbitrary<Job[]> =>
  fc
    .array(
      fc.record({
        steps: fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 6 }),
        end: fc.constantFrom<Job['status'] | null>('succeeded', 'failed', 'cancelled', null),
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((attempts) =>
      attempts.flatMap(({ steps, end }, index) => {
        const events = steps.map((progress, at) =>
          job({ id, tenantId, attempt: index + 1, seq: at + 1, progress, message: `${progress}` }),
        )
        const seq = steps.length + 1
        const last = job({
          id,
          tenantId,
          attempt: index + 1,
          seq,
          progress: 50,
          status: end ?? 'running',
        })
        return [...events, last]
      }),
    )

const histories = fc
  .tuple(history('a', 'acme'), history('b', 'acme'), history('c', 'globex'))
  .map((all) => all.flat())

describe('JobStore, over generated histories', () => {
  it('I9: reordered, repeated and replayed events lead to the same state', () => {
    const shuffled = histories.chain((events) =>
      fc.record({
        events: fc.constant(events),
        mixed: fc
          .tuple(
            fc.shuffledSubarray(events, { minLength: events.length }),
            fc.array(fc.constantFrom(...events), { maxLength: 20 }),
          )
          .map(([all, again]) => [...all, ...again]),
      }),
    )
    fc.assert(
      fc.property(shuffled, ({ events, mixed }) => {
        const inOrder = fresh()
        for (const event of events) inOrder.take(gateway, event, 0)
        const outOfOrder = fresh()
        for (const event of mixed) outOfOrder.take(gateway, event, 0)
        expect(state(outOfOrder)).toEqual(state(inOrder))
        expect(total(outOfOrder)).toEqual(total(inOrder))
      }),
      { numRuns: 2_000 },
    )
  })

  it('I10: progress never falls within an attempt, and an end is an end, for any events at all', () => {
    const wild = fc.array(
      fc.record({
        attempt: fc.integer({ min: 1, max: 3 }),
        seq: fc.nat(12),
        progress: fc.integer({ min: 0, max: 100 }),
        status: fc.constantFrom<Job['status']>('queued', 'running', 'succeeded', 'failed'),
      }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(wild, (events) => {
        const wildStore = fresh()
        let before: Job | undefined
        for (const event of events) {
          wildStore.take(gateway, job(event), 0)
          const now = wildStore.get(acme())?.job
          if (before !== undefined && now?.attempt === before.attempt) {
            expect(now.progress).toBeGreaterThanOrEqual(before.progress)
            if (isFinal(before.status)) expect(isFinal(now.status)).toBe(true)
          }
          expect(now?.attempt ?? 0).toBeGreaterThanOrEqual(before?.attempt ?? 0)
          before = now
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('I12: counts per tenant are those of its own jobs, whatever happens to the others', () => {
    const acts = fc.array(
      fc.oneof(
        histories.map((events) => (into: JobStore) => {
          for (const event of events) into.take(gateway, event, 0)
        }),
        fc.constantFrom('a', 'b', 'c').map((id) => (into: JobStore) => into.forget(gateway, id)),
        fc.constant((into: JobStore) =>
          into.takeAll(gateway, [job({ id: 'c', tenantId: 'globex' })], 0),
        ),
        // The other tenant has a job with the same id.
        fc.constant((into: JobStore) => {
          into.take(gateway, job({ id: 'c', tenantId: 'acme', seq: 99 }), 0)
        }),
      ),
      { maxLength: 10 },
    )
    fc.assert(
      fc.property(acts, (run) => {
        const mixed = fresh(2)
        for (const act of run) act(mixed)
        for (const [tenantId, counts] of mixed.counts) {
          const jobs = state(mixed).filter((one) => one?.tenantId === tenantId)
          const sum = Object.values(counts).reduce((all, count) => all + count, 0)
          expect(sum).toBe(jobs.length)
          for (const [status, count] of Object.entries(counts)) {
            expect(jobs.filter((one) => one?.status === status)).toHaveLength(count)
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
