import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
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
import { wireJob } from '../support/wire-jobs.ts'

/** How the gateway behaves: properly, silent to every upgrade, or silent to everything. */
type Manner = 'well' | 'silent-upgrades' | 'silent'

/** A gateway on a real port with one running job of tenant-1. */
class Gateway {
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly open = new Set<Socket>()
  #arrivals: (() => void)[] = []
  manner: Manner = 'well'

  constructor() {
    const job = wireJob({ tenant_id: 'tenant-1' })
    this.#server = createServer((request, response) => {
      this.#arrived()
      if (this.manner === 'silent') return
      response.setHeader('content-type', 'application/json')
      const list = request.url?.includes('status') === true
      const body = list ? { active_jobs: [job] } : { jobs: [job], next_cursor: null }
      response.end(JSON.stringify(body))
    })
    this.#server.on('connection', (socket) => {
      this.open.add(socket)
      socket.on('close', () => this.open.delete(socket))
    })
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.manner === 'well') {
        this.#sockets.handleUpgrade(request, socket, head, (client) => {
          client.send(JSON.stringify({ type: 'snapshot', job }))
          this.#arrived()
        })
      } else this.#arrived()
    })
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when a request or an upgrade has arrived. */
  arrival(): Promise<void> {
    return new Promise((resolve) => this.#arrivals.push(resolve))
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #arrived(): void {
    for (const arrived of this.#arrivals.splice(0)) arrived()
  }
}

let auth: FakeAuthServer
let gateway: Gateway
let ipc: MemoryIpcPort
let app: App
let keychain: MemoryKeychain
let clock: Clock

beforeEach(async () => {
  auth = await FakeAuthServer.open()
  gateway = new Gateway()
  await gateway.listen()
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
      line({ supabaseUrl: auth.url, gatewayUrl: gateway.url, publishableKey: fakeKey }),
    ],
    log: createLog('test', clock, () => {}),
    newId: () => `id-${(ids += 1)}`,
  })
  await app.start()
})

afterEach(async () => {
  await app.close()
  await gateway.close()
  await auth.close()
})

/** What Node itself holds open: sockets of both ends, because both live in this process, and timers. */
function held(): { readonly sockets: number; readonly timers: number } {
  const kinds = process.getActiveResourcesInfo()
  const count = (wanted: RegExp): number => kinds.filter((kind) => wanted.test(kind)).length
  return { sockets: count(/^(TCPSocket|TCPConnect|TLS|GetAddrInfo)/), timers: count(/^Timeout$/) }
}

async function signIn(): Promise<string> {
  const answer = await ipc.call('session:sign-in', {
    profileId: 'line',
    email: 'ada@example.com',
    password: 'lovelace',
  })
  if (!answer.ok) throw new Error(answer.failure.code)
  return answer.value.workspaceId
}

/** Signs out and gives the far ends what is left of the second to see it. */
async function signOut(workspaceId: string): Promise<{ receipt: Receipt; tookMs: number }> {
  const startedAt = performance.now()
  const answer = await ipc.call('session:sign-out', { workspaceId })
  if (!answer.ok) throw new Error(answer.failure.code)
  const tookMs = performance.now() - startedAt
  const closing = [...gateway.open].map(
    (socket) => new Promise((resolve) => socket.once('close', resolve)),
  )
  await Promise.all(closing)
  return { receipt: answer.value, tookMs }
}

/** `expect.poll` waits on one deadline and one interval of its own. */
const runnerTimers = 2

async function expectGone(workspaceId: string, before: ReturnType<typeof held>): Promise<void> {
  const { receipt, tookMs } = await signOut(workspaceId)
  expect(tookMs).toBeLessThanOrEqual(1_000)
  expect(receipt.lines.filter(({ left }) => left > 0)).toEqual([])
  expect(keychain.entries.size).toBe(0)
  expect(gateway.open.size).toBe(0)
  expect(clock.armed).toBe(0)
  // The servers notice the end of their side a turn later. The test runner has timers of its own,
  // which may end meanwhile.
  await expect.poll(() => held().sockets, { timeout: 1_000 }).toBe(before.sockets)
  expect(held().timers).toBeLessThanOrEqual(before.timers + runnerTimers)
}

describe('what the process itself holds after sign-out', () => {
  it('is what it held before sign-in', async () => {
    const before = held()
    const batched = gateway.arrival().then(() => gateway.arrival())
    const id = await signIn()
    await batched
    await expect
      .poll(async () => JSON.stringify(await ipc.call('workspaces:list')), { timeout: 5_000 })
      .toContain('"live"')
    expect(held().sockets).toBeGreaterThan(before.sockets)
    await expectGone(id, before)
    expect(auth.sessions.size).toBe(0)
  })

  it('is the same while an upgrade is never answered', async () => {
    const before = held()
    gateway.manner = 'silent-upgrades'
    const id = await signIn()
    await gateway.arrival()
    await expectGone(id, before)
  })

  it('is the same against servers that accept and never answer', async () => {
    const before = held()
    const arrival = gateway.arrival()
    gateway.manner = 'silent'
    const id = await signIn()
    await arrival
    auth.always({ act: 'hang' })
    await expectGone(id, before)
  })
})
