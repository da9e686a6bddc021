import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
function settled(offset = 10, ...ids: string[]): ReturnType<TellingsBench['welcome']> {
  const track = bench.welcome()
  bench.snapshot(track, { offsets: { acme: offset } }, ...ids)
  bench.came.length = 0
  return track
}

describe('a message', () => {
  it.each<[string, string, unknown]>([
    ['an unknown name', 'chat:message', {}],
    ['an event that is no object', 'job:event', 'x'],
    ['an event with a broken offset', 'job:event', { offset: -1, job: wireJob() }],
    ['an event without a job in it', 'job:event', { tenant_id: 'acme', offset: 1 }],
    ['an event with a job that is none', 'job:event', { tenant_id: 'acme', offset: 1, job: null }],
    ['a snapshot without jobs', 'job:snapshot', { epoch: 'e1' }],
  ])('is dropped, and is no sign of what stands: %s', (_what, name, payload) => {
    expect(bench.say(bench.welcome(), name, payload)).toBe(false)
    expect(bench.news).toEqual(['dropped malformed'])
  })

  it.each<[string, unknown]>([
    ['an unknown name', 'chat:message'],
    ['an event that is none', 'job:event'],
    ['a snapshot that is none', 'job:snapshot'],
  ])('that makes no sense does not make it whole: %s', (_what, name) => {
    bench.say(bench.welcome(), String(name), null)
    expect(bench.jobs.isWhole).toBe(false)
  })

  it('that says why the session ends is neither heard nor dropped', () => {
    expect(bench.say(bench.welcome(), 'session:ended', { reason: 'x' })).toBe(false)
    expect(bench.news).toEqual([])
  })

  it('of another tenant is dropped as such', () => {
    const job = wireJob({ tenant_id: 'initech' })
    const said = { tenant_id: 'initech', offset: 1, job }
    expect(bench.say(bench.welcome(), 'job:event', said)).toBe(false)
    expect(bench.news).toEqual(['dropped tenant'])
  })

  it('may be the job itself, at a backend that numbers nothing', () => {
    expect(bench.say(bench.welcome(), 'job:event', wireJob({ id: 'a', seq: 3 }))).toBe(true)
    expect(bench.news).toEqual(['take a 3'])
    expect(bench.jobs.isWhole).toBe(true)
  })

  it('names the tenant where its job does not', () => {
    const said = { tenant_id: 'globex', offset: 1, job: { id: 'a', status: 'running', seq: 3 } }
    expect(bench.say(bench.welcome(), 'job:event', said)).toBe(true)
    expect(bench.news).toEqual(['take a 3'])
  })

  it('does not overrule the tenant that its job names', () => {
    const said = { tenant_id: 'acme', offset: 1, job: wireJob({ tenant_id: 'initech' }) }
    expect(bench.say(bench.welcome(), 'job:event', said)).toBe(false)
    expect(bench.news).toEqual(['dropped tenant'])
  })
})

describe('a snapshot', () => {
  it('is taken job by job, and what it leaves out is asked for', async () => {
    const track = bench.welcome()
    expect(bench.snapshot(track, {}, 'a', 'b')).toBe(true)
    expect(bench.news).toEqual(['take a 1', 'take b 1'])
    expect(bench.asked).toEqual(['api/v1/jobs?limit=200'])
    expect(bench.jobs.isWhole).toBe(true)
    await bench.listNothing()
    expect(bench.news).toEqual(['all a,b'])
  })

  it('leaves out the jobs that are none, and keeps the others', () => {
    const jobs = [{ id: 7 }, wireJob({ id: 'a' }), null]
    expect(bench.say(bench.welcome(), 'job:snapshot', { jobs })).toBe(true)
    expect(bench.news.filter((word) => word.startsWith('take'))).toEqual(['take a 1'])
  })

  it('keeps a job that was told of after it was read', async () => {
    const track = bench.welcome()
    bench.event(track, 11, 'later')
    bench.event(track, 12, 'read')
    bench.snapshot(track, { offsets: { acme: 11 } }, 'a')
    await bench.listNothing()
    expect(bench.came.at(-1)).toBe('all a,read')
  })

  it('keeps what is told of while the list is on its way', async () => {
    const track = settled(10, 'a')
    bench.event(track, 11, 'new')
    await bench.listNothing()
    expect(bench.came.at(-1)).toBe('all a,new')
  })

  it('without numbers is as late as whatever was told before it', async () => {
    const track = bench.welcome()
    bench.event(track, 11, 'old')
    bench.snapshot(track, {}, 'a')
    await bench.listNothing()
    expect(bench.came.at(-1)).toBe('all a')
  })

  it('forgets what it proves to have been read, so that the next one does not keep it', async () => {
    const track = bench.welcome()
    bench.event(track, 11, 'old')
    bench.snapshot(track, { offsets: { acme: 11 } }, 'a')
    bench.snapshot(track, { offsets: { acme: 3 } }, 'a')
    await bench.listNothing()
    expect(bench.came.at(-1)).toBe('all a')
  })

  it('goes by the last that was told of a job, in whatever order it came', async () => {
    const track = bench.welcome()
    bench.event(track, 12, 'a', 12)
    bench.event(track, 11, 'a', 11)
    bench.snapshot(track, { offsets: { acme: 11 } })
    await bench.listNothing()
    expect(bench.came.at(-1)).toBe('all a')
  })

  it('goes by the last that was told of a job, however often', async () => {
    const track = bench.welcome()
    for (const offset of [11, 12, 13]) bench.event(track, offset, 'a')
    bench.snapshot(track, { offsets: { acme: 12 } })
    await bench.listNothing()
    expect(bench.came.at(-1)).toBe('all a')
  })

  it('does not keep a job that only another tenant could have told of', async () => {
    const track = bench.welcome()
    const foreign = { tenant_id: 'initech', offset: 99, job: wireJob({ id: 'x' }) }
    bench.say(track, 'job:event', foreign)
    bench.snapshot(track, { offsets: { initech: 1, acme: 1 } }, 'a')
    await bench.listNothing()
    expect(bench.came.at(-1)).toBe('all a')
  })

  it('remembers the 10,000 jobs that were told of last, and no more', async () => {
    const track = bench.welcome()
    for (let offset = 1; offset <= 10_000; offset += 1) bench.event(track, offset, `j${offset}`)
    bench.event(track, 10_001, 'j1')
    bench.event(track, 10_002, 'new')
    bench.snapshot(track, { offsets: { acme: 0 } })
    await bench.listNothing()
    const kept = bench.came.at(-1)?.replace('all ', '').split(',') ?? []
    expect([kept.length, kept[0], kept.slice(-2)]).toEqual([10_000, 'j3', ['j1', 'new']])
  })
})

describe('F53: another history', () => {
  it('replaces all that was known, and what it has told is judged by it alone', async () => {
    const track = settled(10, 'a', 'b')
    bench.event(track, 11, 'c')
    bench.came.length = 0
    bench.snapshot(track, { epoch: 'e2', offsets: { acme: 2 } }, 'a')
    expect(bench.news).toEqual(['all a in e2', 'gap 0 null'])
    expect(bench.event(track, 3, 'a', 2)).toBe(true)
    await bench.listNothing()
    expect(bench.came).toEqual(['take a 2', 'all a'])
    expect(bench.restarts).toBe(0)
    bench.event(track, 5, 'a', 3)
    expect(bench.restarts).toBe(1)
  })

  it('takes nothing that was told in the one before for younger than its snapshot', async () => {
    const track = settled(10, 'a')
    bench.event(track, 11, 'c')
    bench.snapshot(track, { epoch: 'e2', offsets: { acme: 2 } }, 'a')
    bench.event(track, 3, 'c')
    bench.snapshot(track, { epoch: 'e2', offsets: { acme: 3 } }, 'a')
    await bench.listNothing()
    expect(bench.came.at(-1)).toBe('all a')
  })

  it('begins also where an epoch is not told any more', () => {
    const track = settled(10, 'a')
    bench.say(track, 'job:snapshot', { jobs: [wireJob({ id: 'b' })] })
    expect(bench.news).toEqual(['all b in ', 'gap 0 null'])
  })

  it.each(['e1', undefined])('is not the first one that is told: %s', (epoch) => {
    bench.say(bench.welcome(), 'job:snapshot', { epoch, jobs: [wireJob({ id: 'a' })] })
    bench.say(bench.welcome(), 'job:snapshot', { epoch, jobs: [wireJob({ id: 'a' })] })
    expect(bench.news).toEqual(['take a 1', 'take a 1'])
  })

  it('is not proven whole by numbers that happen to be the same', () => {
    const track = settled(10, 'a')
    bench.jobs.interrupt()
    bench.greet(track, false)
    bench.snapshot(track, { epoch: 'e2', offsets: { acme: 10 } }, 'a')
    expect(bench.news).toEqual(['all a in e2', 'gap 0 null'])
  })
})
