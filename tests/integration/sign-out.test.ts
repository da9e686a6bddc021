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

  it('gives everyone who asks the same receipt, also later', async () => {
    const id = await live()
    const [first, second] = await Promise.all([desk.signOut(id), desk.signOut(id)])
    expect(second).toEqual(first)
    await desk.clock.advance(60_000)
    expect(await desk.signOut(id)).toEqual(first)
    expect(desk.ipc.payloads('session:ended')).toHaveLength(1)
  })

  it('lets no late message, answer or timer have an effect (I2)', async () => {
    const id = await live()
    const sockets = [...desk.sockets.all]
    await desk.signOut(id)
    const sent = desk.ipc.sent.length
    for (const socket of sockets) {
      socket.say({ type: 'snapshot', job: wireJob({ seq: 99, progress: 99 }) })
      socket.end()
    }
    await desk.clock.advance(4_000_000)
    await desk.settle()
    expect(desk.ipc.sent).toHaveLength(sent)
    expect(desk.sockets.all).toHaveLength(sockets.length)
    desk.expectNoSession()
  })

  it('refuses every call on the workspace afterwards', async () => {
    const id = await live()
    await desk.signOut(id)
    expect(await desk.ipc.call('jobs:open', { workspaceId: id })).toMatchObject({
      failure: { code: 'workspace_unknown' },
    })
  })
})

describe('signing out from any state', () => {
  it('while sockets are connecting', async () => {
    const id = await desk.signIn()
    expect(desk.sockets.live).toBe(2)
    const receipt = await desk.signOut(id)
    expectNothingLeft(receipt)
    expect(ended(receipt)).toMatchObject({ sockets: 2 })
    const dialled = desk.sockets.all.length
    for (const socket of desk.sockets.all) socket.accept()
    await desk.clock.advance(60_000)
    expect(desk.sockets.all).toHaveLength(dialled)
  })

  it('while discovery waits for its answer', async () => {
    desk.servers.gateway = 'silent'
    const id = await desk.signIn()
    expect(desk.servers.pending).toBe(1)
    expectNothingLeft(await desk.signOut(id))
  })

  it('in the middle of a refresh that never comes back', async () => {
    const id = await live()
    desk.servers.auth = 'silent'
    await desk.clock.advance(3_600_000 - 90_000)
    await desk.settle()
    const underWay = desk.servers.pending
    expect(underWay).toBeGreaterThan(0)
    const receipt = await desk.signOut(id)
    expectNothingLeft(receipt)
    expect(receipt.server).toMatchObject({ kind: 'not-reached' })
    expect(receipt.notes).toContain('timed_out')
  })

  it('with everything unreachable', async () => {
    const id = await live()
    desk.network.online = false
    desk.servers.auth = 'unreachable'
    desk.servers.gateway = 'unreachable'
    for (const socket of desk.sockets.all) socket.end()
    await desk.clock.advance(20_000)
    const receipt = await desk.signOut(id)
    expectNothingLeft(receipt)
    expect(receipt.server.kind).toBe('not-reached')
    expect(receipt.durationMs).toBeLessThanOrEqual(200)
  })

  it('against servers that accept and never answer, within a second', async () => {
    const id = await live()
    desk.servers.auth = 'silent'
    desk.servers.gateway = 'silent'
    await desk.clock.advance(3_000)
    const receipt = await desk.signOut(id)
    expectNothingLeft(receipt)
    expect(receipt.server.kind).toBe('not-reached')
    expect(receipt.durationMs).toBeGreaterThanOrEqual(700)
  })

  it('with a keychain that answers nothing: the receipt says what is left', async () => {
    const id = await live()
    desk.keychain.hangs = true
    const receipt = await desk.signOut(id)
    expect(receipt.durationMs).toBeLessThanOrEqual(1_000)
    expect(left(receipt)).toEqual([{ what: 'keychain_entries', ended: 0, left: 1 }])
    expect(receipt.notes).not.toEqual([])
    expectNothingOpen({ sockets: desk.sockets.live, timers: desk.clock.armed })
    desk.keychain.hangs = false
  })

  it('with a keychain that refuses to delete: erased at the next start before it is read', async () => {
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

describe('a session that ends by itself', () => {
  it('is torn down with its reason when the server revoked it', async () => {
    await live()
    desk.servers.revokeAll()
    const ending = desk.ipc.next('session:ended')
    for (const socket of desk.sockets.all) socket.end({ code: 1008, reason: 'session_revoked' })
    for (let step = 0; step < 20; step += 1) await desk.clock.advance(1_000)
    const receipt = await ending
    expect(receipt.reason).not.toBeNull()
    expect(receipt.server.kind).toBe('already-ended')
    expectNothingLeft(receipt)
    expect(await desk.ipc.call('workspaces:list')).toEqual({ ok: true, value: [] })
  })
})

describe('signing in again', () => {
  it('right after signing out is a new workspace that sees nothing of the old one (I12)', async () => {
    desk.servers.put(wireJob({ id: 'job-9', tenant_id: 'globex' }))
    const ada = await live()
    const old = [...desk.sockets.all]
    desk.servers.auth = 'silent'
    const signingOut = desk.ipc.call('session:sign-out', { workspaceId: ada })
    const signingIn = desk.ipc.call('session:sign-in', {
      profileId: 'line',
      email: 'bob@example.com',
      password: 'builder',
    })
    await desk.settle()
    desk.servers.auth = 'well'
    await desk.clock.advance(750)
    await desk.settle()
    const receipt = await signingOut
    const answer = await signingIn
    if (!receipt.ok || !answer.ok) throw new Error('both have to succeed')
    const bob = answer.value.workspaceId
    expect(bob).not.toBe(ada)
    await desk.settle()
    const since = desk.ipc.sent.length
    for (const socket of old) {
      socket.say({ type: 'snapshot', job: wireJob({ seq: 50, progress: 50 }) })
      socket.end()
    }
    await desk.ipc.call('jobs:open', { workspaceId: bob })
    await desk.clock.advance(5_000)
    await desk.settle()
    const rows = await desk.ipc.call('jobs:open', { workspaceId: bob })
    expect(rows).toMatchObject({ value: { rows: [{ id: 'job-9', tenantId: 'globex' }] } })
    const after = JSON.stringify(desk.ipc.sent.slice(since))
    expect(after).not.toContain('acme')
    expect(after).not.toContain('ada@')
    expectNothingLeft(await desk.signOut(bob))
  })

  it('to a profile that somebody is signed in to ends that session first', async () => {
    const ada = await live()
    const bob = await desk.signIn('bob@example.com', 'builder')
    expect(desk.ipc.payloads('session:ended')).toMatchObject([{ workspaceId: ada }])
    await desk.clock.advance(250)
    expect(desk.ipc.payloads('workspaces:changed').at(-1)).toMatchObject([{ id: bob }])
    expectNothingLeft(await desk.signOut(bob))
  })
})
