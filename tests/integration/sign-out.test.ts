import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Receipt } from '../../src/shared/workspace.ts'
import { expectNothingOpen } from '../support/expect-nothing-open.ts'
import { MemoryConsole } from '../support/memory-ports-console.ts'
import { wireJob } from '../support/wire-jobs.ts'

let desk: MemoryConsole

beforeEach(async () => {
  desk = new MemoryConsole()
  desk.servers.put(wireJob())
  desk.servers.put(wireJob({ id: 'job-2' }))
  await desk.start()
})

afterEach(async () => {
  await desk.app.close()
  await desk.settle()
  expectNothingOpen({ scope: desk.app, timers: desk.clock.armed, sockets: desk.sockets.live })
})

/** Both jobs on open sockets, watched by a window. */
async function live(): Promise<string> {
  const id = await desk.signIn()
  for (const socket of desk.sockets.all) {
    socket.accept()
    socket.say({
      type: 'snapshot',
      job: wireJob({ id: socket.url.endsWith('2') ? 'job-2' : 'job-1' }),
    })
  }
  await desk.ipc.call('jobs:open', { workspaceId: id })
  await desk.clock.advance(1_000)
  await desk.settle()
  return id
}

const ended = (receipt: Receipt) =>
  Object.fromEntries(receipt.lines.map((line) => [line.what, line.ended]))
const left = (receipt: Receipt) => receipt.lines.filter((line) => line.left !== 0)

/** Nothing is left, and the receipt says so. */
function expectNothingLeft(receipt: Receipt): void {
  expect(left(receipt)).toEqual([])
  expect(receipt.durationMs).toBeLessThanOrEqual(1_000)
  desk.expectNoSession()
}

describe('signing out', () => {
  it('leaves nothing, and says what there was', async () => {
    const id = await live()
    const { armed } = desk.clock
    const receipt = await desk.signOut(id)
    expectNothingLeft(receipt)
    expect(receipt).toMatchObject({
      workspaceId: id,
      profileId: 'line',
      email: 'ada@example.com',
      reason: null,
      server: { kind: 'revoked' },
      notes: [],
    })
    const counts = ended(receipt)
    expect(counts).toMatchObject({ sockets: 2, rows: 2, keychain_entries: 1 })
    expect(counts.timers_and_requests).toBe(armed)
    expect(counts.subscriptions).toBeGreaterThan(0)
    expect(desk.servers.sessions.size).toBe(0)
    expect(await desk.ipc.call('workspaces:list')).toEqual({ ok: true, value: [] })
  })

  it('tells the window in an event too, and only once', async () => {
    const id = await live()
    const receipt = await desk.signOut(id)
    expect(desk.ipc.payloads('session:ended')).toEqual([receipt])
    expect(desk.ipc.payloads('workspaces:changed').at(-1)).toEqual([])
  })

  it('refuses every call on the workspace afterwards', async () => {
    const id = await live()
    await desk.signOut(id)
    expect(await desk.ipc.call('jobs:open', { workspaceId: id })).toMatchObject({
      failure: { code: 'workspace_unknown' },
    })
  })
})

// From any state, twice, and late: F72 in tests/faults/sign-out.test.ts.
describe('signing out with a keychain in trouble', () => {
  it('that answers nothing: the receipt says what is left', async () => {
    const id = await live()
    desk.keychain.hangs = true
    const receipt = await desk.signOut(id)
    expect(receipt.durationMs).toBeLessThanOrEqual(1_000)
    expect(left(receipt)).toEqual([{ what: 'keychain_entries', ended: 0, left: 1 }])
    expect(receipt.notes).not.toEqual([])
    expectNothingOpen({ sockets: desk.sockets.live, timers: desk.clock.armed })
    desk.keychain.hangs = false
  })

  it('that refuses to delete: erased at the next start before it is read', async () => {
    const id = await live()
    desk.keychain.refusesErasure = true
    const receipt = await desk.signOut(id)
    expect(left(receipt)).toMatchObject([{ what: 'keychain_entries', left: 1 }])
    expect(receipt.notes).toContain('keychain_locked')
    await desk.app.close()
    desk.keychain.refusesErasure = false
    const next = new MemoryConsole(desk.profiles, desk)
    await next.start()
    expect(await next.ipc.call('workspaces:list')).toEqual({ ok: true, value: [] })
    expect(desk.keychain.entries.size).toBe(0)
    await next.app.close()
  })
})

describe('signing in again', () => {
  it('to a profile that somebody is signed in to ends that session first', async () => {
    const ada = await live()
    const bob = await desk.signIn('bob@example.com', 'builder')
    expect(desk.ipc.payloads('session:ended')).toMatchObject([{ workspaceId: ada }])
    await desk.clock.advance(250)
    expect(desk.ipc.payloads('workspaces:changed').at(-1)).toMatchObject([{ id: bob }])
    expectNothingLeft(await desk.signOut(bob))
  })
})
