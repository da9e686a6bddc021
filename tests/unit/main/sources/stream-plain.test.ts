import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Positions } from '../../../../src/main/workspaces/positions.ts'
import { settleAll } from '../../../support/fake-clock.ts'
import { StreamBench } from '../../../support/stream-bench.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

let stream: StreamBench
const view = () => stream.bench.source.view
const asked = (what: string): number => stream.asked.filter((one) => one === what).length

/** A server that was once heard up to the third event, and proves nothing since. */
beforeEach(async () => {
  const position = new Positions().of('stream')
  position.write(() => '{"epoch":"e","offset":3}')
  stream = new StreamBench(position)
  stream.jobs = [wireJob({ id: 'a' })]
  await stream.accept()
})

afterEach(async () => {
  const { scope, clock } = stream.bench
  await scope.close('test over')
  expect([clock.armed, scope.size, stream.sockets.live]).toEqual([0, 0, 0])
})

describe('a plain stream', () => {
  it('is live by its lists, is asked every 30 s, and never how far it is', async () => {
    await stream.pass(2_500)
    expect([view().state, asked('active')]).toEqual(['live', 1])
    await stream.pass(90_000)
    expect([asked('active'), asked('place')]).toEqual([4, 0])
  })

  it('is asked at once on its next socket, and only once', async () => {
    await stream.pass(2_500)
    await stream.redial()
    expect(asked('active')).toBe(2)
    await stream.pass(2_500)
    expect(asked('active')).toBe(2)
    expect(view()).toMatchObject({ state: 'live', gap: { recovered: 0, missing: null } })
  })

  it('says why its lists cannot be had, and when they are asked for again', async () => {
    stream.meanwhile = () => false
    await stream.pass(2_500)
    expect(stream.bench.views.at(-1)).toEqual({
      kind: 'stream',
      state: 'reconnecting',
      sockets: 1,
      reason: 'server_error',
      nextTryAtMs: stream.bench.clock.now() + 1_000,
    })
  })

  it('F52: has its lists read within half a second when an event of a job is missing', async () => {
    await stream.pass(2_500)
    await stream.say({ type: 'progress', job_id: 'a', attempt: 1, seq: 9, progress: 50 })
    await stream.pass(499)
    expect(asked('active')).toBe(1)
    await stream.pass(1)
    expect(asked('active')).toBe(2)
    expect([view().state, stream.sockets.all.length]).toEqual(['live', 1])
  })

  it('is not live by a list that is read when its socket is gone', async () => {
    const answer = Promise.withResolvers<boolean>()
    stream.meanwhile = () => answer.promise
    await stream.pass(2_500)
    await stream.end()
    answer.resolve(true)
    await settleAll()
    expect(view()).toMatchObject({ state: 'reconnecting', sockets: 0, reason: 'server_error' })
    await stream.pass(1_000)
    expect(view().state).toBe('reconnecting')
  })
})

describe('a stream that was taken for a plain one and resumes', () => {
  it.each([
    ['before its lists were read', false],
    ['after that', true],
  ])('is proof again, and asked for no list: %s', async (_when, hasLists) => {
    stream.meanwhile = () => hasLists
    await stream.pass(2_500)
    await stream.resumed(0)
    expect(view().state).toBe('live')
    stream.asked.length = 0
    stream.meanwhile = () => true
    await stream.pass(60_000)
    expect(asked('active')).toBe(0)
    expect(asked('place')).toBeGreaterThan(0)
  })
})

describe('a list that is owed', () => {
  it('does not stand for the events that were missed', async () => {
    await stream.snapshot([], { offset: 5 })
    stream.meanwhile = () => false
    await stream.snapshot([], { offset: 7 })
    await stream.redial()
    await stream.resumed(2, 7)
    const before = view().gap
    stream.meanwhile = () => true
    await stream.pass(4_000)
    expect(asked('all')).toBeGreaterThan(2)
    expect(view()).toMatchObject({ state: 'reconnecting', sockets: 1 })
    expect(view().gap).toBe(before)
  })
})
