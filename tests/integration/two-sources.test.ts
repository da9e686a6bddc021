import { afterEach, describe, expect, it } from 'vitest'
import type { FakeSocket } from '../support/fake-socket.ts'
import { line } from '../support/memory-ports-console.ts'
import type { MemoryConsole } from '../support/memory-ports-console.ts'
import {
  byId,
  closeAll,
  newConsole,
  next,
  quit,
  rows,
  serve,
  view,
} from '../support/offline-console.ts'
import { wireJob } from '../support/wire-jobs.ts'

afterEach(closeAll)

const streams = (desk: MemoryConsole): FakeSocket[] => desk.sockets.to('/ws')
const streamed = [wireJob(), wireJob({ id: 'streamed', progress: 30 })]

/** What the console asked of its stream. */
const asked = ({ sent }: FakeSocket): unknown => JSON.parse(sent[0] ?? 'null')

/** The console of one profile with these sources. */
const consoleOf = (...sources: ('stream' | 'progress')[]): MemoryConsole =>
  newConsole([line({ sources })])

async function advance(desk: MemoryConsole, seconds: number, silent?: FakeSocket): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await desk.advance(1_000)
    for (const socket of desk.sockets.all) if (socket !== silent) socket.pong()
  }
}

/** The stream tells of two jobs, the list of one of them and of one of its own. */
async function both(): Promise<MemoryConsole> {
  const desk = consoleOf('stream', 'progress')
  desk.servers.put(wireJob())
  desk.servers.put(wireJob({ id: 'followed' }))
  await desk.start()
  await desk.signIn()
  const [stream] = streams(desk)
  stream!.accept()
  stream!.say({ type: 'snapshot', epoch: 'e1', offset: 5, jobs: streamed })
  await serve(desk)
  await advance(desk, 1)
  return desk
}

describe('a workspace with two sources', () => {
  it('is live when both are, and tells which one is down when one is', async () => {
    const desk = await both()
    expect((await view(desk))?.connection.kind).toBe('live')
    streams(desk)[0]!.end()
    await advance(desk, 1)
    expect((await view(desk))?.connection).toMatchObject({
      kind: 'partial',
      down: [{ kind: 'stream', state: 'reconnecting' }],
    })
  })

  it('remembers what only the lost one told of, and nothing else', async () => {
    const desk = await both()

    const [stream] = streams(desk)
    stream!.say({ type: 'event', offset: 6, job: wireJob({ id: 'alone', progress: 5 }) })
    expect(byId(await rows(desk))).toMatchObject({ alone: false, followed: false })
    stream!.end()
    await advance(desk, 1)
    expect(byId(await rows(desk))).toMatchObject({
      'job-1': false,
      followed: false,
      alone: true,
    })
  })

  it('has all of them back at once when the stream proves that nothing was missed', async () => {
    const desk = await both()
    const [stream] = streams(desk)
    stream!.say({ type: 'event', offset: 6, job: wireJob({ id: 'alone', progress: 5 }) })
    stream!.end()
    await advance(desk, 3)
    const [again] = streams(desk)
    again!.accept()
    expect(asked(again!)).toMatchObject({ type: 'resume', epoch: 'e1', offset: 6 })
    again!.say({ type: 'resumed', epoch: 'e1', offset: 6, missed: 0 })
    await advance(desk, 1)
    expect((await view(desk))?.connection.kind).toBe('live')
    expect(Object.values(byId(await rows(desk)))).not.toContain(true)
  })

  it('goes on with the one when the other gave up, and does not say live', async () => {
    const desk = await both()
    streams(desk)[0]!.end({ code: 4403 })
    await advance(desk, 5)
    expect((await view(desk))?.connection).toMatchObject({
      kind: 'partial',
      down: [{ kind: 'stream', state: 'stopped', reason: 'forbidden' }],
    })
    expect(byId(await rows(desk))).toMatchObject({ 'job-1': false, followed: false })
  })
})

describe('a stream over a restart of the console', () => {
  async function stream(desk = consoleOf('stream')): Promise<MemoryConsole> {
    await desk.start()
    await desk.signIn()
    const [socket] = streams(desk)
    socket!.accept()
    socket!.say({ type: 'snapshot', epoch: 'e1', offset: 5, jobs: streamed })
    for (const job of streamed) desk.servers.put(job)
    await advance(desk, 2)
    socket!.say({ type: 'event', offset: 6, job: wireJob({ seq: 2, progress: 40 }) })
    await advance(desk, 1)
    return desk
  }

  it('resumes where the rows end, and tells what came to pass meanwhile', async () => {
    const before = await stream()
    await quit(before)
    await before.clock.advance(60_000)
    const desk = await next(before)
    expect(byId(await rows(desk))).toEqual({ 'job-1': true, streamed: true })
    const [socket] = streams(desk)
    socket!.accept()
    expect(asked(socket!)).toMatchObject({ type: 'resume', epoch: 'e1', offset: 6 })
    socket!.say({ type: 'resumed', epoch: 'e1', offset: 6, missed: 1 })
    socket!.say({ type: 'event', offset: 7, job: wireJob({ seq: 3, progress: 70 }) })
    await advance(desk, 1)
    expect((await view(desk))?.sources).toMatchObject([
      { state: 'live', gap: { recovered: 1, missing: 0 } },
    ])
    const now = await rows(desk)
    expect(byId(now)).toEqual({ 'job-1': false, streamed: false })
    expect(now.find(({ id }) => id === 'job-1')?.progress).toBe(70)
  })

  it('shows no old history where the server begins a new one (F53)', async () => {
    const before = await stream()
    await quit(before)
    const desk = await next(before)
    const [socket] = streams(desk)
    socket!.accept()
    const jobs = [wireJob({ seq: 1, progress: 3 })]
    desk.servers.jobs.delete('streamed')
    for (const job of jobs) desk.servers.put(job)
    socket!.say({ type: 'snapshot', epoch: 'e2', offset: 1, jobs })
    await advance(desk, 1)
    const now = await rows(desk)
    expect(byId(now)).toEqual({ 'job-1': false })
    expect(now[0]?.progress).toBe(3)
  })

  it('begins from nothing when what was kept could not be used', async () => {
    const before = await stream()
    await quit(before)
    before.files.bytes.set('snapshot-line.sealed', new Uint8Array(200))
    const desk = await next(before)
    const [socket] = streams(desk)
    socket!.accept()
    expect(asked(socket!)).toEqual({ type: 'resume', parts: true })
  })
})
