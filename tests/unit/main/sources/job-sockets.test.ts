import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Intake } from '../../../../src/main/sources/intake.ts'
import { JobSockets } from '../../../../src/main/sources/job-sockets.ts'
import { settle } from '../../../support/fake-clock.ts'
import { FakeSockets } from '../../../support/fake-socket.ts'
import type { FakeSocket } from '../../../support/fake-socket.ts'
import { SourceBench } from '../../../support/source-bench.ts'
import { stillSource } from '../../../support/still-source.ts'
import { job, wireJob } from '../../../support/wire-jobs.ts'

let bench: SourceBench
let sockets: FakeSockets
let served: JobSockets
let heard: number
let changes: number
let stopped: string[]

beforeEach(() => {
  sockets = new FakeSockets()
  bench = new SourceBench({
    gatewayUrl: 'https://gate.example/base',
    sockets: sockets.open,
    open: stillSource,
  })
  heard = 0
  changes = 0
  stopped = []
  const { context, scope } = bench
  const intake = new Intake({ ...context, onTrespass: () => undefined, onGap: () => undefined })
  served = new JobSockets({
    context,
    scope,
    intake,
    onHeard: () => void (heard += 1),
    onStopped: (reason) => stopped.push(reason),
    onChanged: () => void (changes += 1),
  })
})
afterEach(async () => {
  await bench.scope.close('test over')
  expect([bench.clock.armed, bench.scope.size, sockets.live]).toEqual([0, 0, 0])
})

/** These jobs are active, each in this attempt; without one only its name is known. */
async function serve(...active: readonly (string | [string, number])[]): Promise<void> {
  served.serve(
    new Map(
      active.map((entry) =>
        typeof entry === 'string'
          ? [entry, null]
          : [entry[0], job({ id: entry[0], attempt: entry[1] })],
      ),
    ),
  )
  await settle()
}
const socketOf = (id: string): FakeSocket => {
  const [socket] = sockets.to(`/${id}`)
  if (socket === undefined) throw new Error(`no socket for ${id}`)
  return socket
}
const dialled = (): string[] => sockets.all.map(({ url }) => url.split('/').at(-1) ?? '')
async function open(...ids: string[]): Promise<void> {
  await serve(...ids)
  for (const id of ids) socketOf(id).accept()
}
const snapshot = (id: string, attempt = 1) => ({ type: 'snapshot', job: wireJob({ id, attempt }) })
async function finish(id: string, attempt = 1): Promise<void> {
  const over = wireJob({ id, attempt, status: 'succeeded', seq: 9 })
  socketOf(id).say({ type: 'finished', job: over })
  await settle()
}

describe('JobSockets', () => {
  it('dials one socket a job, below the gateway, with the token in the header', async () => {
    await serve('a', 'b')
    await serve('a', 'b')
    expect(sockets.all.map(({ url }) => url)).toEqual([
      'wss://gate.example/base/ws/progress/a',
      'wss://gate.example/base/ws/progress/b',
    ])
    expect(sockets.all[0]?.headers).toEqual({ Authorization: 'Bearer token-1' })
    expect([served.size, served.open, served.unserved]).toEqual([2, 0, 0])
  })

  it('counts those that are open, and hears what they say', async () => {
    await open('a', 'b')
    expect([served.size, served.open]).toEqual([2, 2])
    socketOf('a').say(snapshot('a'))
    socketOf('b').pong()
    expect([heard, bench.row('a')?.progress]).toEqual([2, 10])
    socketOf('a').end()
    expect([served.size, served.open]).toEqual([2, 1])
  })

  it('tells of every change', async () => {
    await serve()
    expect(changes).toBe(1)
    await open('a')
    const before = changes
    socketOf('a').end()
    expect(changes).toBeGreaterThan(before)
    served.drop('a')
    served.drop('a')
    expect(changes).toBe(before + 2)
  })

  it('closes nothing that is listed no more', async () => {
    await open('a')
    await serve()
    expect([served.size, served.open, sockets.live]).toEqual([1, 1, 1])
  })

  it.each([
    ['that is open', (socket: FakeSocket) => socket.accept()],
    ['that dials', () => undefined],
  ])(
    'drops a socket %s when it is told to, and dials it again when it is active',
    async (_, act) => {
      await serve('a', 'b')
      socketOf('b').accept()
      act(socketOf('a'))
      served.drop('a')
      await settle()
      expect([served.size, served.open, sockets.live]).toEqual([1, 1, 1])
      await serve('a', 'b')
      expect(dialled()).toEqual(['a', 'b', 'a'])
    },
  )

  it('opens 1,000 sockets and no more, and takes the next one when a place is free', async () => {
    const ids = Array.from({ length: 1_002 }, (_, at) => `j${at}`)
    await serve(...ids)
    expect([served.size, served.unserved]).toEqual([1_000, 2])
    served.drop('j0')
    await serve(...ids.slice(1))
    expect([served.size, served.unserved]).toEqual([1_000, 1])
    await serve(...ids.slice(1, 1_001))
    expect(served.unserved).toBe(0)
  })
})

describe('the socket of a job', () => {
  it('that is finished is not dialled again while it is listed in that attempt', async () => {
    await open('a')
    await finish('a', 2)
    expect([served.size, served.open, sockets.live]).toEqual([0, 0, 0])
    expect(bench.row('a')?.status).toBe('succeeded')
    await serve('a')
    await serve(['a', 1])
    await serve(['a', 2])
    expect(dialled()).toEqual(['a'])
    await serve(['a', 3])
    expect(dialled()).toEqual(['a', 'a'])
  })

  it('that is finished is dialled again when it was not listed in between', async () => {
    await open('a', 'b')
    await finish('a')
    await serve('b')
    await serve('a', 'b')
    expect(dialled()).toEqual(['a', 'b', 'a'])
  })

  it.each([
    ['unknown', { code: 4404, reason: 'job_unknown' }],
    ['forbidden', { code: 4403, reason: 'forbidden' }],
  ])('that is %s is not dialled again in any attempt while it is listed', async (_, ending) => {
    await open('a')
    socketOf('a').end(ending)
    await settle()
    await serve(['a', 99])
    expect([dialled(), served.size, served.open, stopped]).toEqual([['a'], 0, 0, []])
    await serve()
    await serve(['a', 99])
    expect(dialled()).toEqual(['a', 'a'])
  })

  it('that is unknown is forgotten, one that is forbidden is not', async () => {
    await open('a', 'b')
    for (const id of ['a', 'b']) socketOf(id).say(snapshot(id))
    socketOf('a').end({ code: 4404 })
    socketOf('b').end({ code: 4403 })
    expect(bench.rows.map(({ id }) => id)).toEqual(['b'])
  })

  it('that closes normally is over only if the job is', async () => {
    await open('a', 'b')
    socketOf('a').say(snapshot('a'))
    socketOf('b').say({ type: 'snapshot', job: wireJob({ id: 'b', status: 'failed' }) })
    socketOf('a').end({ code: 1000 })
    socketOf('b').end({ code: 1000 })
    await settle()
    expect([served.size, served.trouble?.reason]).toEqual([1, 'unreachable'])
    await serve('a', 'b')
    await bench.clock.advance(1_000)
    expect(dialled()).toEqual(['a', 'b', 'a'])
  })

  it('that is refused for everybody stops the source', async () => {
    await open('a', 'b')
    socketOf('a').end({ code: 4409 })
    expect(stopped).toEqual(['signed_in_elsewhere'])
  })

  it('takes what another job is told for no word of its own', async () => {
    await open('a')
    socketOf('a').say(snapshot('b'))
    expect([bench.rows, bench.desk.dropped]).toEqual([[], 1])
  })
})

describe('the form of the token', () => {
  it.each([
    ['is not proven by a message that says nothing', 'what?', 'query'],
    ['is proven for all by one that was understood', snapshot('a'), 'header'],
  ])('%s', async (_, message, form) => {
    await open('a')
    socketOf('a').say(message)
    await serve('a', 'b')
    socketOf('b').end({ status: 401 })
    await settle()
    expect(socketOf('b').credential?.form).toBe(form)
  })
})

describe('trouble', () => {
  it('is none while nothing failed', async () => {
    expect(served.trouble).toBeNull()
    await serve('a')
    expect(served.trouble).toBeNull()
    socketOf('a').accept()
    expect(served.trouble).toBeNull()
  })

  it('is the first reason and the soonest dial, until none waits', async () => {
    await serve('a', 'b', 'c')
    socketOf('a').accept()
    socketOf('b').end({ status: 429 })
    const nowMs = bench.clock.now()
    expect(served.trouble).toEqual({ reason: 'rate_limited', nextTryAtMs: nowMs + 11_000 })
    socketOf('c').end({ errorCode: 'ECONNREFUSED' })
    expect(served.trouble).toEqual({ reason: 'rate_limited', nextTryAtMs: nowMs + 1_000 })
    await bench.clock.advance(1_000)
    socketOf('c').accept()
    expect(served.trouble).toEqual({ reason: 'rate_limited', nextTryAtMs: nowMs + 11_000 })
  })

  it('has a reason but no time while it is being dialled again', async () => {
    await serve('a')
    socketOf('a').end()
    served.wake()
    expect(served.trouble).toEqual({ reason: 'unreachable', nextTryAtMs: null })
  })

  it('wake dials what waits and asks what is open', async () => {
    await serve('a', 'b')
    socketOf('a').accept()
    socketOf('b').end()
    served.wake()
    await settle()
    expect([dialled(), socketOf('a').pings]).toEqual([['a', 'b', 'b'], 1])
  })
})
