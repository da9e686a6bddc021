import { createApp } from '../../src/main/app.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { TestBackend } from '../support/backend.ts'
import { MemoryKeychain } from '../support/memory-keychain.ts'
import { MemoryFiles, MemoryIpcPort, MemoryNetwork, MemoryPower } from '../support/memory-ports.ts'
import { line } from '../support/memory-ports-console.ts'
import { spread } from './percentiles.ts'

const rounds = 25

/** The console on real sockets and a real backend; only keychain, files and IPC are in memory. */
function openConsole(backend: TestBackend) {
  const clock = systemClock()
  const ipc = new MemoryIpcPort()
  let ids = 0
  const app = createApp({
    ports: {
      clock,
      random: Math.random,
      keychain: new MemoryKeychain(),
      files: new MemoryFiles(),
      fetch: globalThis.fetch,
      sockets: openSocket,
      network: new MemoryNetwork(),
      power: new MemoryPower(),
      ipc,
    },
    about: { version: '0.0.0', standIn: false, platform: 'bench' },
    fixedProfiles: [
      line({
        supabaseUrl: backend.supabaseUrl,
        gatewayUrl: backend.gatewayUrl,
        publishableKey: backend.publishableKey,
      }),
    ],
    log: createLog('bench', clock, () => undefined),
    newId: () => `id-${(ids += 1)}`,
  })
  return { app, ipc }
}

/** Sign-in to the first row, change at the server to batch for the window, and sign-out. */
export async function benchConsole(backend: TestBackend): Promise<string[]> {
  const { app, ipc } = openConsole(backend)
  const { email = '', password = '' } = backend.users[0] ?? {}
  const firstRowMs: number[] = []
  const changeMs: number[] = []
  const signOutMs: number[] = []
  ipc.on('jobs:batched', ({ rows }) => {
    const nowMs = Date.now()
    const moving = rows.filter(({ status }) => status === 'running')
    changeMs.push(...moving.map(({ updatedAt }) => nowMs - Date.parse(updatedAt)))
  })
  await app.start()
  for (let round = 0; round < rounds; round += 1) {
    const begunMs = performance.now()
    const signedIn = await ipc.call('session:sign-in', { profileId: 'line', email, password })
    if (!signedIn.ok) throw new Error(`signing in failed: ${signedIn.failure.code}`)
    const { workspaceId } = signedIn.value
    await ipc.call('jobs:open', { workspaceId })
    const batch = await ipc.next('jobs:batched')
    firstRowMs.push(performance.now() - begunMs)
    await ipc.call('jobs:acknowledge', { workspaceId, batch: batch.batch })
    for (let more = 0; more < 8; more += 1) {
      const next = await ipc.next('jobs:batched')
      await ipc.call('jobs:acknowledge', { workspaceId, batch: next.batch })
    }
    const receipt = await ipc.call('session:sign-out', { workspaceId })
    if (!receipt.ok) throw new Error(`signing out failed: ${receipt.failure.code}`)
    signOutMs.push(receipt.value.durationMs)
  }
  await app.close()
  return [
    `sign-in to first rows in a batch, ms     ${spread(firstRowMs)}   (${rounds})`,
    `row changed in Postgres to batch, ms     ${spread(changeMs)}   (${changeMs.length})`,
    `sign-out, ms                             ${spread(signOutMs)}   (${rounds})`,
  ]
}
