import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobRow } from '../../src/shared/job.ts'
import type { WorkspaceView } from '../../src/shared/workspace.ts'
import type { FakeSocket } from '../support/fake-socket.ts'
import { line, MemoryConsole } from '../support/memory-ports-console.ts'
import { wireJob } from '../support/wire-jobs.ts'

let desk: MemoryConsole
let workspaceId: string

beforeEach(async () => {
  desk = new MemoryConsole([line({ sources: ['stream'] })])
  // Renewed 90 s before its end.
  desk.servers.lifetimeS = 600
  desk.servers.put(wireJob({ id: 'a' }))
  desk.servers.put(wireJob({ id: 'b' }))
  await desk.start()
  workspaceId = await desk.signIn()
})

afterEach(async () => {
  await desk.app.close()
  await desk.settle()
  expect([desk.app.size, desk.clock.armed, desk.sockets.live]).toEqual([0, 0, 0])
})

const socket = (): FakeSocket => desk.sockets.last
async function begin(offset: number): Promise<void> {
  socket().accept()
  const jobs = [...desk.servers.jobs.values()]
  socket().say({ type: 'snapshot', epoch: 'e', offset, jobs })
  await desk.settle()
}
async function view(): Promise<WorkspaceView> {
  const answer = await desk.ipc.call('workspaces:list')
  if (!answer.ok || answer.value[0] === undefined) throw new Error('no workspace')
  return answer.value[0]
}
async function rows(): Promise<JobRow[]> {
  const answer = await desk.ipc.call('jobs:open', { workspaceId })
  return answer.ok ? answer.value.rows : []
}

describe('a workspace on a stream', () => {
  it('dials one socket after sign-in, and shows what it tells', async () => {
    expect(desk.sockets.all.map(({ url }) => new URL(url).pathname)).toEqual(['/ws'])
    await begin(4)
    expect(await view()).toMatchObject({
      connection: { kind: 'live' },
      sources: [{ kind: 'stream', state: 'live', sockets: 1 }],
    })
    socket().say({ type: 'event', offset: 5, job: wireJob({ id: 'a', seq: 2, progress: 61 }) })
    expect((await rows()).map(({ id, progress }) => [id, progress])).toEqual([
      ['a', 61],
      ['b', 10],
    ])
  })

  it('says in the foot what an interruption came to, and no row stays remembered', async () => {
    await begin(4)
    socket().end()
    await desk.settle()
    expect((await rows()).every(({ remembered }) => remembered)).toBe(true)
    await desk.advance(1_000)
    socket().accept()
    expect(JSON.parse(socket().sent[0] ?? '')).toMatchObject({ epoch: 'e', offset: 4 })
    socket().say({ type: 'resumed', epoch: 'e', offset: 4, missed: 1 })
    socket().say({ type: 'event', offset: 5, job: wireJob({ id: 'b', seq: 2, progress: 30 }) })
    await desk.settle()
    expect((await view()).sources[0]?.gap).toMatchObject({ recovered: 1, missing: 0 })
    expect((await rows()).some(({ remembered }) => remembered)).toBe(false)
  })

  it('F32: brings the renewed token to the open socket, 90 s before the old one ends', async () => {
    await begin(4)
    for (let second = 0; second < 515; second += 5) {
      await desk.advance(5_000)
      socket().pong()
    }
    const [, said] = socket().sent
    expect(JSON.parse(said ?? '{}')).toMatchObject({ type: 'auth' })
    socket().say({ type: 'authenticated', expires_at: '2026-11-20T15:00:00Z' })
    await desk.advance(11_000)
    expect(desk.sockets.all).toHaveLength(1)
    expect((await view()).connection.kind).toBe('live')
  })

  it('I1: leaves nothing at sign-out, and the receipt says so', async () => {
    await begin(4)
    const { lines } = await desk.signOut(workspaceId)
    expect(lines.find(({ what }) => what === 'sockets')).toEqual({
      what: 'sockets',
      ended: 1,
      left: 0,
    })
    expect(lines.filter(({ left }) => left > 0)).toEqual([])
    desk.expectNoSession()
  })
})
