import type { TestBackend } from '../support/backend.ts'
import { ConsoleOnSockets } from '../support/console-on-sockets.ts'
import { line } from '../support/memory-ports-console.ts'
import { spread } from './percentiles.ts'

const rounds = 25

/** Sign-in to the first row, change at the server to batch for the window, and sign-out. */
export async function benchConsole(backend: TestBackend): Promise<string[]> {
  const { supabaseUrl, gatewayUrl, publishableKey } = backend
  const console = new ConsoleOnSockets([line({ supabaseUrl, gatewayUrl, publishableKey })])
  const { app, ipc } = console
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
    const workspaceId = await console.signIn({ email, password })
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
