import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Track } from '../../../../../src/main/sources/socketio/job-tellings.ts'
import { TellingsBench } from '../../../../support/tellings-bench.ts'
import { wireJob } from '../../../../support/wire-jobs.ts'

let bench: TellingsBench

beforeEach(() => {
  bench = new TellingsBench()
})

afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
})

/** A connection that was told where things stand. */
function settled(offset = 10): Track {
  const track = bench.welcome()
  bench.snapshot(track, { offsets: { acme: offset } }, 'a')
  bench.came.length = 0
  return track
}

/** The same, after the connection was lost. */
function interrupted(): Track {
  const track = settled()
  bench.jobs.interrupt()
  return track
}

const gaps = (): string[] => bench.news.filter((word) => !word.startsWith('take'))

describe('an interruption', () => {
  it('leaves nothing in doubt where nothing was told yet', () => {
    expect(bench.jobs.isWhole).toBe(false)
    bench.jobs.interrupt()
    bench.snapshot(bench.welcome(), { offsets: { acme: 10 } }, 'a')
    expect(bench.news).toEqual(['take a 1'])
    expect(bench.jobs.isWhole).toBe(true)
  })

  it('takes from what is shown that it is whole, until it is told where things stand', () => {
    const track = interrupted()
    expect(bench.jobs.isWhole).toBe(false)
    bench.greet(track, false)
    expect(bench.jobs.isWhole).toBe(false)
    bench.event(track, 11)
    expect(bench.jobs.isWhole).toBe(false)
    bench.snapshot(track, { offsets: { acme: 11 } }, 'a')
    expect(bench.jobs.isWhole).toBe(true)
  })

  it.each([
    ['the numbers prove that nothing was missed', { offsets: { acme: 10 } }, 0],
    ['the numbers show that something was', { offsets: { acme: 11 } }, null],
    ['there are no numbers', {}, null],
  ])('ends with a snapshot, where %s', (_where, said, missing) => {
    const track = interrupted()
    expect(bench.greet(track, false)).toBe(false)
    bench.snapshot(track, said, 'a')
    expect(gaps()).toEqual([`gap 0 ${missing}`])
    expect(bench.jobs.isWhole).toBe(true)
  })

  it('is found without one as well, by numbers that went on unheard', () => {
    const track = settled()
    bench.snapshot(track, { offsets: { acme: 10 } }, 'a')
    expect(gaps()).toEqual([])
    bench.snapshot(track, { offsets: { acme: 11 } }, 'a')
    expect(gaps()).toEqual(['gap 0 null'])
  })

  it('of which nothing was missed ends with the welcome', () => {
    const track = interrupted()
    expect(bench.greet(track, true, 0)).toBe(true)
    expect(gaps()).toEqual(['confirm', 'gap 0 0'])
    expect(bench.jobs.isWhole).toBe(true)
    bench.greet(track, true, 0)
    expect(gaps()).toEqual([])
  })

  it('ends with the last of what was missed, and not before', () => {
    const track = interrupted()
    bench.greet(track, true, 3)
    bench.event(track, 11)
    bench.event(track, 12)
    expect(gaps()).toEqual([])
    bench.event(track, 13)
    expect(gaps()).toEqual(['confirm', 'gap 3 0'])
    bench.event(track, 14)
    expect(gaps()).toEqual([])
  })

  it('counts what was missed once, and only what was news', () => {
    const track = interrupted()
    bench.greet(track, true, 6)
    bench.event(track, 10)
    bench.event(track, 11)
    bench.event(track, 11)
    bench.say(track, 'job:event', { job: wireJob({ id: 'b', seq: 9 }) })
    bench.say(track, 'job:event', { job: 7 })
    bench.say(track, 'job:event', { tenant_id: 'acme', job: wireJob({ id: 'b', seq: 10 }) })
    expect(gaps()).toEqual(['dropped order', 'dropped malformed', 'confirm', 'gap 3 0'])
  })

  it('counts anew after each one', () => {
    const track = interrupted()
    bench.greet(track, true, 2)
    bench.event(track, 11)
    bench.event(track, 12)
    bench.jobs.interrupt()
    bench.greet(track, true, 1)
    bench.event(track, 13)
    expect(gaps()).toEqual(['confirm', 'gap 2 0', 'confirm', 'gap 1 0'])
  })

  it('is not over with what was kept where that is not all', () => {
    const track = interrupted()
    bench.greet(track, false, 1)
    bench.event(track, 30)
    expect(gaps()).toEqual([])
    expect(bench.jobs.isWhole).toBe(false)
  })

  it('of a connection that was replaced leaves nothing to make good', () => {
    settled()
    const successor = bench.welcome()
    bench.snapshot(successor, { offsets: { acme: 12 } }, 'a')
    expect(gaps()).toEqual([])
  })
})

describe('F52: a hole', () => {
  it('puts everything in doubt and begins the connection anew, at once', () => {
    const track = settled()
    expect(bench.event(track, 12)).toBe(true)
    expect(bench.news).toEqual(['take a 12', 'doubt null'])
    expect(bench.restarts).toBe(1)
  })

  it('is not one where numbers go on one by one, or come again', () => {
    const track = settled()
    for (const offset of [11, 12, 12, 11]) bench.event(track, offset)
    expect(bench.restarts).toBe(0)
    expect(bench.came.filter((word) => word.startsWith('doubt'))).toEqual([])
  })

  it('in what was kept gives up what is still to come of it', () => {
    const track = interrupted()
    bench.greet(track, true, 3)
    bench.event(track, 11)
    bench.event(track, 13)
    bench.event(track, 14)
    expect(gaps()).not.toContain('confirm')
    expect(bench.jobs.isWhole).toBe(false)
  })

  it.each([
    ['a minute after the one before is an accident as well', 60_000, 2],
    ['sooner than that is how this server counts', 59_999, 1],
  ])('%s', async (_what, laterMs, restarts) => {
    const track = settled()
    bench.event(track, 12)
    await bench.clock.advance(laterMs)
    bench.event(track, 13)
    expect(bench.restarts).toBe(restarts)
    expect(gaps().filter((word) => word === 'doubt null')).toHaveLength(restarts)
  })

  it('proves nothing for good, once a server was seen to count otherwise', async () => {
    const track = settled()
    bench.event(track, 12)
    bench.event(track, 14)
    expect(bench.restarts).toBe(1)
    await bench.clock.advance(60_000)
    bench.event(track, 16)
    expect(bench.restarts).toBe(1)
    expect(bench.logged.join('')).toContain('not numbered one by one')
  })

  it('is judged for each tenant by itself', () => {
    const track = settled()
    const job = wireJob({ id: 'g', tenant_id: 'globex' })
    bench.say(track, 'job:event', { tenant_id: 'globex', offset: 700, job })
    expect(bench.restarts).toBe(0)
    bench.event(track, 11)
    expect(bench.restarts).toBe(0)
  })

  it('in the numbers of a tenant that is not ours does not concern us', () => {
    const track = settled()
    for (const offset of [1, 5, 9]) {
      bench.say(track, 'job:event', { tenant_id: 'initech', offset, job: wireJob({ id: 'a' }) })
    }
    expect(bench.restarts).toBe(0)
  })
})
