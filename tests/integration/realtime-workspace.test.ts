import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JobRow } from '../../src/shared/job.ts'
import type { WorkspaceView } from '../../src/shared/workspace.ts'
import type { FakeSocket } from '../support/fake-socket.ts'
import { line, MemoryConsole } from '../support/memory-ports-console.ts'
import { tableRow } from '../support/table-rows.ts'

let desk: MemoryConsole
let workspaceId: string

beforeEach(async () => {
  desk = new MemoryConsole([line({ sources: ['realtime'] })])
  // Renewed 90 s before its end.
  desk.servers.lifetimeS = 600
  desk.servers.rows.push(tableRow({ id: 'a' }), tableRow({ id: 'b' }))
  await desk.start()
  expect([desk.sockets.all.length, desk.servers.requests.length]).toEqual([0, 0])
  workspaceId = await desk.signIn()
})

afterEach(async () => {
  await desk.app.close()
  await desk.settle()
  expect([desk.app.size, desk.clock.armed, desk.sockets.live]).toEqual([0, 0, 0])
})

const socket = (): FakeSocket => desk.sockets.last
type Frame = readonly [string, string, string, string, Record<string, unknown>]
const said = (): Frame[] => socket().sent.map((text) => JSON.parse(text) as Frame)

/** Takes the join as it was asked for, and tells changes from then on. */
async function subscribe(): Promise<void> {
  socket().accept()
  await desk.settle()
  const [joinRef, ref, topic, , payload] = said()[0]!
  const { postgres_changes: asked } = payload.config as { postgres_changes: object[] }
  const bindings = asked.map((binding, at) => ({ ...binding, id: at + 1 }))
  const response = { status: 'ok', response: { postgres_changes: bindings } }
  socket().say([joinRef, ref, topic, 'phx_reply', response])
  const ok = { extension: 'postgres_changes', status: 'ok', message: 'Subscribed to PostgreSQL' }
  socket().say([joinRef, null, topic, 'system', ok])
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

describe('a workspace on Realtime', () => {
  it('dials one socket after sign-in, says the session token there, and shows the table', async () => {
    expect(desk.sockets.all.map(({ url }) => new URL(url).pathname)).toEqual([
      '/realtime/v1/websocket',
    ])
    await subscribe()
    const [join] = said()
    expect(join?.[3]).toBe('phx_join')
    expect(String(join?.[4].access_token).split('.')).toHaveLength(3)
    expect(await view()).toMatchObject({
      connection: { kind: 'live' },
      sources: [{ kind: 'realtime', state: 'live', sockets: 1 }],
    })
    expect((await rows()).map(({ id }) => id)).toEqual(['a', 'b'])
  })

  it('F32: gives the renewed token to the open channel, 90 s before the old one ends', async () => {
    await subscribe()
    const [, , topic] = said()[0]!
    for (let second = 0; second < 515; second += 5) {
      await desk.advance(5_000)
      const beats = said().filter(([, , , event]) => event === 'heartbeat')
      const ref = beats.at(-1)?.[1] ?? null
      socket().say([null, ref, 'phoenix', 'phx_reply', { status: 'ok', response: {} }])
    }
    const tokens = said().filter(([, , , event]) => event === 'access_token')
    expect(tokens).toHaveLength(1)
    expect(tokens[0]?.[2]).toBe(topic)
    expect(tokens[0]?.[4].access_token).not.toBe(said()[0]?.[4].access_token)
    expect(desk.sockets.all).toHaveLength(1)
    expect((await view()).connection.kind).toBe('live')
  })

  it('goes on by polling, says so, and no row stays remembered', async () => {
    await subscribe()
    socket().end()
    await desk.settle()
    expect((await rows()).every(({ remembered }) => remembered)).toBe(true)
    await desk.advance(1_000)
    socket().end({ status: 404 })
    await desk.advance(2_000)
    expect((await view()).sources).toMatchObject([
      { state: 'polling', reason: 'realtime_unavailable', sockets: 0 },
    ])
    expect((await rows()).some(({ remembered }) => remembered)).toBe(false)
  })

  it.each([
    ['while it is live', subscribe],
    ['while it joins', async () => socket().accept()],
    ['while it dials', async () => undefined],
  ])('I1: leaves nothing at sign-out %s, and the receipt says so', async (_, begin) => {
    await begin()
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
