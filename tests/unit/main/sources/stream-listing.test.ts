import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { StreamListing } from '../../../../src/main/sources/stream-listing.ts'
import {
  body,
  CatalogueBench,
  failed,
  missing,
  page,
  stopped,
} from '../../../support/catalogue-bench.ts'
import { settle } from '../../../support/fake-clock.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

const discovery = 'api/v1/websocket/status?active_jobs=true'
const wholeList = 'api/v1/jobs?limit=200'

let bench: CatalogueBench
let listing: StreamListing
/** One for each look. */
let signals: AbortSignal[]
/** The gateway answers no more. */
let isSilent: boolean
let listed: number
let reasons: string[]
let changes: number

beforeEach(() => {
  bench = new CatalogueBench()
  signals = []
  isSilent = false
  listed = 0
  reasons = []
  changes = 0
  const { scope, clock, intake, catalogue, ask } = bench
  listing = new StreamListing({
    scope,
    clock,
    random: () => 0.5,
    intake,
    catalogue,
    http: (signal) => {
      signals.push(signal)
      return isSilent ? () => Promise.withResolvers<never>().promise : ask
    },
    onListed: () => (listed += 1),
    onStopped: (reason) => reasons.push(reason),
    onChanged: () => (changes += 1),
  })
})
afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
})

describe('a look beside a snapshot', () => {
  it('is one at the list, which takes nothing back that the stream told', async () => {
    bench.answers.push(page(['a']))
    listing.once(bench.know({ id: 'b' }))
    bench.know({ id: 'c' })
    listing.heard('c')
    expect([listing.isOwed, listed]).toEqual([true, 0])
    await settle()
    expect([listing.isOwed, listed]).toEqual([false, 1])
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['all a b c']])
    await bench.clock.advance(120_000)
    expect([bench.asked.length, signals[0]?.aborted, bench.scope.size]).toEqual([1, true, 0])
  })

  it('takes the snapshot for all there is where there is no list', async () => {
    bench.answers.push(missing)
    listing.once(bench.know({ id: 'b' }))
    await settle()
    expect([bench.told, listed]).toEqual([['all b'], 1])
  })

  it('does not name what was forgotten meanwhile', async () => {
    bench.answers.push(page(['a']))
    listing.once(bench.know({ id: 'b' }, { id: 'c' }))
    bench.intake.forget('b')
    await settle()
    expect(bench.told).toEqual(['forget b', 'all a c'])
  })

  it('stays owed until it succeeds, and is no trouble of the stream', async () => {
    bench.answers.push(failed, page(['a']))
    listing.once([])
    await settle()
    expect([listing.isOwed, listing.reason, listing.nextTryAtMs]).toEqual([true, null, null])
    listing.leave()
    listing.soon()
    await bench.clock.advance(999)
    expect([bench.asked.length, listed, listing.isOwed]).toEqual([1, 0, true])
    await bench.clock.advance(1)
    expect([bench.told, listed, listing.isOwed]).toEqual([['all a'], 1, false])
  })

  it('is given up for that beside the next snapshot', async () => {
    isSilent = true
    listing.once(bench.know({ id: 'a' }))
    isSilent = false
    bench.answers.push(page([]))
    listing.once(bench.know({ id: 'b' }))
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    await settle()
    expect(bench.told).toEqual(['all b'])
  })

  it('F65: that hangs begins again when the computer wakes', async () => {
    isSilent = true
    listing.once([])
    await bench.clock.advance(2_001)
    isSilent = false
    bench.answers.push(page(['a']))
    listing.wake()
    await settle()
    expect([bench.told, listed]).toEqual([['all a'], 1])
    listing.wake()
    await settle()
    expect(signals).toHaveLength(2)
  })
})

describe('looks for want of a snapshot', () => {
  /** Discovery names a job. */
  const named = body({ active_jobs: [wireJob({ id: 'a' })] })

  it('are at discovery and at the list, every half minute', async () => {
    bench.answers.push(named, page(['b']), named, page(['c']))
    listing.keep()
    expect(listing.isOwed).toBe(false)
    await settle()
    expect([bench.asked, bench.told]).toEqual([[discovery, wholeList], ['all b a']])
    expect([listed, listing.isOwed, listing.reason, changes]).toEqual([1, false, null, 1])
    await bench.clock.advance(29_999)
    expect(bench.asked).toHaveLength(2)
    await bench.clock.advance(1)
    expect([bench.asked.slice(2), bench.told[1]]).toEqual([[discovery, wholeList], 'all c a'])
    expect(listed).toBe(2)
  })

  it('take nothing back that was told since they began, and what was told before', async () => {
    bench.answers.push(named, page([]), named, page([]))
    listing.keep()
    await settle()
    bench.know({ id: 'early' }, { id: 'late' })
    listing.heard('early')
    bench.onAsked = () => listing.heard('late')
    await bench.clock.advance(30_000)
    expect(bench.told).toEqual(['all a', 'all a late'])
  })

  it('take nothing for all there is where there is no list', async () => {
    bench.answers.push(named, missing)
    listing.keep()
    await settle()
    expect([bench.told, listed]).toEqual([['take a'], 1])
  })

  it.each([
    ['is not served', missing],
    ['is none', body({ active_jobs: 'none' })],
  ])('take what is on the list where discovery %s', async (_, answer) => {
    bench.answers.push(answer, page(['b']))
    listing.keep()
    await settle()
    expect([bench.asked, bench.told, listed]).toEqual([[discovery, wholeList], ['all b'], 1])
  })

  it('say why discovery could not be asked, and when it will be, and ask no further', async () => {
    bench.answers.push(failed, named, page([]))
    listing.keep()
    await settle()
    const inASecond = bench.clock.now() + 1_000
    expect([listing.reason, listing.nextTryAtMs]).toEqual(['server_error', inASecond])
    expect([bench.asked, bench.told, listed]).toEqual([[discovery], [], 0])
    await bench.clock.advance(1_000)
    expect([listing.reason, listing.nextTryAtMs, listed]).toEqual([null, null, 1])
  })

  it('say that they may not be, and end', async () => {
    bench.answers.push(stopped)
    listing.keep()
    await bench.clock.advance(60_000)
    expect([reasons, bench.asked]).toEqual([['forbidden'], [discovery]])
  })

  it('come out of turn when something was missed', async () => {
    bench.answers.push(named, page([]))
    listing.soon()
    listing.keep()
    await settle()
    listing.soon()
    await bench.clock.advance(499)
    expect(bench.asked).toHaveLength(2)
    await bench.clock.advance(1)
    expect(bench.asked).toHaveLength(4)
  })

  it('end when the stream proves itself again, also the one under way', async () => {
    bench.answers.push(named, page([]))
    listing.keep()
    await settle()
    listing.leave()
    await bench.clock.advance(60_000)
    expect([bench.asked.length, bench.scope.size]).toEqual([2, 0])
    isSilent = true
    listing.keep()
    listing.leave()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
  })

  it.each([discovery, wholeList])('take nothing that comes too late from %s', async (path) => {
    bench.answers.push(named, page([]))
    bench.onAsked = (asked) => {
      if (asked === path) listing.leave()
    }
    listing.keep()
    await settle()
    expect(bench.asked.at(-1)).toBe(path)
    expect([bench.told, listed, changes]).toEqual([[], 0, 0])
  })
})
