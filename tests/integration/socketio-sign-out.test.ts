import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApp } from '../../src/main/app.ts'
import type { App } from '../../src/main/app.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { Clock } from '../../src/main/ports.ts'
import type { Receipt } from '../../src/shared/workspace.ts'
import { FakeAuthServer, fakeKey } from '../support/fake-auth-server.ts'
import { MemoryKeychain } from '../support/memory-keychain.ts'
import { MemoryFiles, MemoryIpcPort, MemoryNetwork, MemoryPower } from '../support/memory-ports.ts'
import { line } from '../support/memory-ports-console.ts'
import { ScriptedSocketIo } from '../support/scripted-socketio.ts'
import { until, untilAsked } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

/** The whole console in real time, with Socket.IO as its one source. */
let auth: FakeAuthServer
let server: ScriptedSocketIo
let ipc: MemoryIpcPort
let keychain: MemoryKeychain
let clock: Clock
let app: App

beforeEach(async () => {
  auth = await FakeAuthServer.open()
  server = await ScriptedSocketIo.listen()
  server.put(wireJob({ tenant_id: 'tenant-1' }))
  ipc = new MemoryIpcPort()
  keychain = new MemoryKeychain()
  clock = systemClock()
  let ids = 0
  app = createApp({
    ports: {
      clock,
      random: Math.random,
      keychain,
      files: new MemoryFiles(),
      fetch: globalThis.fetch,
      sockets: openSocket,
      network: new MemoryNetwork(),
      power: new MemoryPower(),
      ipc,
    },
    about: { version: '0.0.0', standIn: true, platform: 'test' },
    fixedProfiles: [
      line({
        supabaseUrl: auth.url,
        gatewayUrl: server.url,
        publishableKey: fakeKey,
        sources: ['socketio'],
      }),
    ],
    log: createLog('test', clock, () => {}),
    newId: () => `id-${(ids += 1)}`,
  })
  await app.start()
})
afterEach(async () => {
  await app.close()
  await server.close()
  await auth.close()
})

async function live(): Promise<string> {
  const answer = await ipc.call('session:sign-in', {
    profileId: 'line',
    email: 'ada@example.com',
    password: 'lovelace',
  })
  if (!answer.ok) throw new Error(answer.failure.code)
  await untilAsked('it is live', async () =>
    JSON.stringify(await ipc.call('workspaces:list')).includes('"kind":"live"'),
  )
  // A server notices who has gone by the poll that ends.
  if (server.way === 'refused') await until('a poll waits', () => server.waiting === 1)
  return answer.value.workspaceId
}

async function signOut(workspaceId: string): Promise<Receipt> {
  const answer = await ipc.call('session:sign-out', { workspaceId })
  if (!answer.ok) throw new Error(answer.failure.code)
  return answer.value
}

function expectNothingLeft(receipt: Receipt): void {
  expect(receipt.lines.filter(({ left }) => left > 0)).toEqual([])
  expect(receipt.durationMs).toBeLessThanOrEqual(1_000)
  expect(keychain.entries.size).toBe(0)
  expect(clock.armed).toBe(0)
}

describe('signing out of a console on Socket.IO', () => {
  it.each(['open', 'refused'] as const)(
    'ends the bridged session with all the rest, with websockets %s',
    async (way) => {
      server.way = way
      const id = await live()
      const receipt = await signOut(id)
      expectNothingLeft(receipt)
      expect(receipt.notes).toEqual([])
      const sockets = receipt.lines.find(({ what }) => what === 'sockets')
      expect(sockets?.ended).toBe(way === 'open' ? 1 : 0)
      expect(server.requests.at(-1)).toMatchObject({
        method: 'DELETE',
        path: '/api/auth/session',
      })
      await until('the server sees it go', () => server.connections + server.sessions === 0)
    },
  )

  it('F72: takes no longer than a second in a black hole, and erases all the same', async () => {
    const id = await live()
    server.freeze()
    auth.always({ act: 'hang' })
    const receipt = await signOut(id)
    expectNothingLeft(receipt)
    server.thaw()
    await until('the server sees it go', () => server.connections + server.sessions === 0)
  })
})
