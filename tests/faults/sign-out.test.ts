import { afterEach, beforeEach, describe, expect } from 'vitest'
import type { Receipt } from '../../src/shared/workspace.ts'
import { expectNothingOpen } from '../support/expect-nothing-open.ts'
import { fault } from '../support/fault.ts'
import { MemoryConsole } from '../support/memory-ports-console.ts'
import { wireJob } from '../support/wire-jobs.ts'

let desk: MemoryConsole

beforeEach(async () => {
  desk = new MemoryConsole()
  desk.servers.lifetimeS = 600
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
    const job = wireJob({ id: socket.url.endsWith('2') ? 'job-2' : 'job-1' })
    socket.say({ type: 'snapshot', job })
  }
  await desk.ipc.call('jobs:open', { workspaceId: id })
  await desk.clock.advance(1_000)
  await desk.settle()
  return id
}

/** Nothing is left, and the receipt says so; how long it took, and what it came to at the server. */
function expectNothingLeft(receipt: Receipt): string {
  expect(receipt.lines.filter((line) => line.left !== 0)).toEqual([])
  expect(receipt.durationMs).toBeLessThanOrEqual(1_000)
  expect(desk.files.bytes.size).toBe(0)
  desk.expectNoSession()
  return `${receipt.durationMs} ms, nothing left, server: ${receipt.server.kind}`
}

describe('signing out', () => {
  fault(72, 'while sockets are connecting', async () => {
    const id = await desk.signIn()
    expect(desk.sockets.live).toBe(2)
    const receipt = await desk.signOut(id)
    const seen = expectNothingLeft(receipt)
    expect(receipt.lines).toContainEqual({ what: 'sockets', ended: 2, left: 0 })
    const dialled = desk.sockets.all.length
    for (const socket of desk.sockets.all) socket.accept()
    await desk.clock.advance(60_000)
    expect(desk.sockets.all).toHaveLength(dialled)
    return `connecting: ${seen}`
  })

  fault(72, 'while the list of jobs waits for its answer', async () => {
    desk.servers.gateway = 'silent'
    const id = await desk.signIn()
    expect(desk.servers.pending).toBe(1)
    return `asking: ${expectNothingLeft(await desk.signOut(id))}`
  })

  fault(72, 'in the middle of a refresh that never comes back', async () => {
    const id = await live()
    desk.servers.auth = 'silent'
    await desk.advance(511_000)
    expect(desk.servers.pending).toBeGreaterThan(0)
    const receipt = await desk.signOut(id)
    const seen = expectNothingLeft(receipt)
    expect(receipt.server.kind).toBe('not-reached')
    expect(receipt.notes).toContain('timed_out')
    return `refreshing: ${seen}`
  })

  fault(72, 'offline', async () => {
    const id = await live()
    desk.network.online = false
    desk.servers.auth = 'unreachable'
    desk.servers.gateway = 'unreachable'
    for (const socket of desk.sockets.all) socket.end()
    await desk.clock.advance(20_000)
    const receipt = await desk.signOut(id)
    expect(receipt.durationMs).toBeLessThanOrEqual(200)
    expect(receipt.server.kind).toBe('not-reached')
    return `offline: ${expectNothingLeft(receipt)}`
  })

  fault(72, 'in a black hole', async () => {
    const id = await live()
    desk.servers.auth = 'silent'
    desk.servers.gateway = 'silent'
    await desk.clock.advance(3_000)
    const receipt = await desk.signOut(id)
    expect(receipt.server.kind).toBe('not-reached')
    expect(receipt.durationMs).toBeGreaterThanOrEqual(700)
    return `black hole: ${expectNothingLeft(receipt)}`
  })

  fault(72, 'twice is once, and so it is later', async () => {
    const id = await live()
    const [first, second] = await Promise.all([desk.signOut(id), desk.signOut(id)])
    expect(second).toEqual(first)
    await desk.clock.advance(60_000)
    expect(await desk.signOut(id)).toEqual(first)
    const told = desk.ipc.payloads('session:ended').length
    expect(told).toBe(1)
    return `three times: ${told} receipt; ${expectNothingLeft(first)}`
  })

  fault(72, 'and whatever comes late means nothing', async () => {
    const id = await live()
    const sockets = [...desk.sockets.all]
    const receipt = await desk.signOut(id)
    const sent = desk.ipc.sent.length
    for (const socket of sockets) {
      socket.say({ type: 'snapshot', job: wireJob({ seq: 99, progress: 99 }) })
      socket.end()
    }
    await desk.clock.advance(4_000_000)
    await desk.settle()
    expect(desk.ipc.sent).toHaveLength(sent)
    expect(desk.sockets.all).toHaveLength(sockets.length)
    expectNothingLeft(receipt)
    return `afterwards: ${desk.ipc.sent.length - sent} messages, ${desk.sockets.all.length - sockets.length} dials`
  })

  fault(72, 'and in again at once as another tenant: nothing of the old one is seen', async () => {
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
    await desk.clock.advance(5_000)
    await desk.settle()
    const rows = await desk.ipc.call('jobs:open', { workspaceId: bob })
    expect(rows).toMatchObject({ value: { rows: [{ id: 'job-9', tenantId: 'globex' }] } })
    const after = JSON.stringify(desk.ipc.sent.slice(since))
    expect(after).not.toMatch(/acme|ada@/)
    return `in again as globex: only its job; ${expectNothingLeft(await desk.signOut(bob))}`
  })
})

describe('a session that the server ends', () => {
  fault(45, 'is torn down with its reason within 12 s of the notice', async () => {
    await live()
    desk.servers.revokeAll()
    const beganAtMs = desk.clock.monotonic()
    for (const socket of desk.sockets.all) socket.end({ code: 1008, reason: 'session_revoked' })
    await desk.settle()
    while (desk.ipc.payloads('session:ended').length === 0) await desk.advance(100)
    const tookMs = desk.clock.monotonic() - beganAtMs
    const [receipt] = desk.ipc.payloads('session:ended')
    expect(tookMs).toBeLessThanOrEqual(12_000)
    expect(receipt).toMatchObject({ reason: 'session_ended', server: { kind: 'already-ended' } })
    expectNothingLeft(receipt!)
    return `${receipt?.reason ?? ''} after ${tookMs} ms; 0 sockets, timers, entries and bytes`
  })
})
