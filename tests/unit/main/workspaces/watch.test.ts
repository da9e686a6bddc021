import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { JobDesk } from '../../../../src/main/jobs/job-desk.ts'
import { Scope } from '../../../../src/main/lib/scope.ts'
import type { JobSink } from '../../../../src/main/sources/source.ts'
import { liveForMs } from '../../../../src/main/workspaces/connection-view.ts'
import { Watch } from '../../../../src/main/workspaces/watch.ts'
import type { SourceView } from '../../../../src/shared/workspace.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { MemoryNetwork } from '../../../support/memory-ports.ts'
import { job } from '../../../support/wire-jobs.ts'

const up: Partial<SourceView> = { state: 'live', sockets: 1 }
const down: Partial<SourceView> = { state: 'reconnecting', sockets: 0, reason: 'unreachable' }

let clock: FakeClock
let scope: Scope
let desk: JobDesk
let watch: Watch
let views: SourceView[]
let news: number
let losses: number
let stream: JobSink
let progress: JobSink

/** What a source says of itself from now on. */
const say = (kind: SourceView['kind'], changes: Partial<SourceView>): void => {
  const bare = { kind, state: 'connecting', sockets: 0, nextTryAtMs: null, reason: null } as const
  views = views.map((view) => (view.kind === kind ? { ...bare, ...changes } : view))
}
const remembered = () =>
  Object.fromEntries(desk.open(9).rows.map((row) => [row.id, row.remembered] as const))

/** Both sources are up and were just heard. */
function connect(): void {
  say('stream', up)
  say('progress', up)
  stream.heard()
  progress.heard()
  watch.look()
}

beforeEach(() => {
  clock = new FakeClock()
  scope = new Scope('workspace')
  news = 0
  losses = 0
  views = (['stream', 'progress'] as const).map((kind) => ({
    kind,
    state: 'connecting',
    sockets: 0,
    nextTryAtMs: null,
    reason: null,
  }))
  desk = new JobDesk({ scope, clock, workspaceId: 'w1', publish: () => undefined })
  watch = new Watch({
    scope,
    clock,
    network: new MemoryNetwork(),
    desk,
    session: () => ({ kind: 'signed-in', expiresAtMs: clock.now() + 3_600_000 }),
    sources: () => views,
    onNews: () => {
      news += 1
      watch.look()
    },
    onLost: () => (losses += 1),
  })
  stream = watch.sinkOf('stream')
  progress = watch.sinkOf('progress')
})

afterEach(async () => {
  await scope.close('test over')
  expect(clock.armed).toBe(0)
})

describe('the watch over two sources', () => {
  it('I14: what a list told while the sockets are down is remembered once no list comes either', async () => {
    connect()
    say('stream', down)
    say('progress', down)
    watch.look()
    for (const seq of [1, 2, 3]) {
      progress.take(job({ id: 'a', seq }))
      await clock.advance(3_000)
      watch.look()
      expect(remembered()).toEqual({ a: false })
    }
    await clock.advance(liveForMs)
    watch.look()
    expect(remembered()).toEqual({ a: true })
  })

  it('I14: a row that a source told while it is down is remembered when its own time is up, whatever else is told', async () => {
    connect()
    say('stream', down)
    say('progress', down)
    watch.look()
    progress.take(job({ id: 'a' }))
    for (let seq = 1; seq <= 5; seq += 1) {
      progress.take(job({ id: 'b', seq }))
      await clock.advance(3_000)
      watch.look()
    }
    expect(remembered()).toEqual({ a: true, b: false })
  })

  it('says live only once both were heard and say so themselves', async () => {
    expect(watch.look().kind).toBe('connecting')
    stream.heard()
    // It tells us first and changes its own mind after.
    say('stream', up)
    await settle()
    expect([watch.connection.kind, news]).toEqual(['partial', 1])
    say('progress', up)
    progress.heard()
    await settle()
    expect([watch.connection.kind, news]).toEqual(['live', 2])
    stream.heard()
    await settle()
    expect(news).toBe(2)
  })

  it('remembers the rows that only the lost one told of, and their ages stand still', () => {
    connect()
    stream.take(job({ id: 'both' }))
    progress.take(job({ id: 'both' }))
    stream.take(job({ id: 'streamed' }))
    progress.take(job({ id: 'followed' }))
    say('stream', down)
    expect(watch.look()).toMatchObject({ kind: 'partial', down: [{ kind: 'stream' }] })
    expect(remembered()).toEqual({ both: false, streamed: true, followed: false })
    expect(losses).toBe(0)
    say('progress', down)
    watch.look()
    expect(remembered()).toEqual({ both: true, streamed: true, followed: true })
    expect(losses).toBe(1)
  })

  it('takes ends for ends when the lost one is back, and the rest when it tells of it', () => {
    connect()
    stream.take(job({ id: 'runs' }))
    stream.take(job({ id: 'over', status: 'failed' }))
    say('stream', down)
    watch.look()
    say('stream', up)
    stream.heard()
    watch.look()
    expect(remembered()).toEqual({ runs: true, over: false })
    stream.take(job({ id: 'runs' }))
    expect(remembered()).toEqual({ runs: false, over: false })
  })

  it('takes all for true at once when the lost one missed nothing', () => {
    connect()
    stream.take(job({ id: 'runs' }))
    say('stream', down)
    watch.look()
    say('stream', up)
    stream.heard()
    watch.look()
    stream.confirm()
    expect(remembered()).toEqual({ runs: false })
  })

  it('I14: does not believe one that was silent for twelve seconds', async () => {
    connect()
    stream.take(job({ id: 'streamed' }))
    await clock.advance(liveForMs)
    progress.heard()
    expect(watch.look().kind).toBe('live')
    await clock.advance(1)
    expect(watch.look()).toMatchObject({ kind: 'partial', down: [{ kind: 'stream' }] })
    expect(remembered()).toEqual({ streamed: true })
  })

  it('knows since when nothing was heard, whatever the wall clock does (I19)', async () => {
    expect(watch.asOfMs).toBeNull()
    watch.remember(1_000)
    expect([watch.asOfMs, watch.hasHeard]).toEqual([1_000, false])
    connect()
    expect(watch.hasHeard).toBe(true)
    await clock.advance(3_000)
    clock.jump(3_600_000)
    expect(watch.look().kind).toBe('live')
    expect(watch.asOfMs).toBe(clock.now() - 3_000)
  })

  it('F65: believes nobody after a long sleep, and knows from when the rows are', async () => {
    connect()
    stream.take(job({ id: 'streamed' }))
    progress.take(job({ id: 'followed' }))
    await clock.advance(2_000)
    const asOfMs = clock.now() - 2_000
    clock.sleep(600_000)
    expect(['live', 'partial']).not.toContain(watch.look().kind)
    expect([watch.asOfMs, losses]).toEqual([asOfMs, 1])
    expect(remembered()).toEqual({ streamed: true, followed: true })
    // It was connected all the while, and says so.
    stream.heard()
    stream.confirm()
    await settle()
    expect(watch.connection).toMatchObject({ kind: 'partial', down: [{ kind: 'progress' }] })
    expect(remembered()).toEqual({ streamed: false, followed: true })
  })

  it('is told of nothing once the workspace is silent', async () => {
    await scope.close('signed out')
    stream.take(job())
    stream.heard()
    await settle()
    expect([news, desk.size, watch.hasHeard]).toEqual([0, 0, false])
  })
})
