// A process of its own: the whole console but its window, on the frames of pipeline-server. It
// counts frames and CPU time; the auth server in here is idle once the operator is signed in.
import { z } from 'zod'
import { createApp } from '../../src/main/app.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { SocketFactory } from '../../src/main/ports.ts'
import { FakeAuthServer, fakeKey } from '../support/fake-auth-server.ts'
import { MemoryKeychain } from '../support/memory-keychain.ts'
import { MemoryFiles, MemoryIpcPort, MemoryNetwork, MemoryPower } from '../support/memory-ports.ts'
import { line } from '../support/memory-ports-console.ts'

const messages = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), port: z.number(), ids: z.array(z.string()) }),
  z.object({ type: z.literal('expect'), frames: z.number() }),
])

let seen = 0
let expected = Infinity
let snapshots = Infinity
let cpu = process.cpuUsage()
let beganMs = 0

function count(): void {
  seen += 1
  if (seen === snapshots) process.send?.({ type: 'opened' })
  if (seen !== expected) return
  const { user, system } = process.cpuUsage(cpu)
  const wallMs = performance.now() - beganMs
  process.send?.({ type: 'taken', cpuMs: (user + system) / 1_000, wallMs })
}

const counted: SocketFactory = ({ handlers, ...request }) =>
  openSocket({
    ...request,
    handlers: {
      ...handlers,
      message: (text) => {
        handlers.message(text)
        count()
      },
    },
  })

async function open(port: number): Promise<void> {
  const auth = await FakeAuthServer.open()
  auth.claims = { app_metadata: { tenant_id: 'acme-europe' } }
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
      sockets: counted,
      network: new MemoryNetwork(),
      power: new MemoryPower(),
      ipc,
    },
    about: { version: '0.0.0', standIn: false, platform: 'bench' },
    fixedProfiles: [
      line({
        supabaseUrl: auth.url,
        gatewayUrl: `http://127.0.0.1:${port}`,
        publishableKey: fakeKey,
      }),
    ],
    log: createLog('bench', clock, () => undefined),
    newId: () => `id-${(ids += 1)}`,
  })
  // A window that paints at once.
  ipc.on('jobs:batched', ({ workspaceId, batch }) => {
    ipc.sent.splice(0)
    void ipc.call('jobs:acknowledge', { workspaceId, batch })
  })
  await app.start()
  const who = { email: 'ada@example.com', password: 'lovelace' }
  const signedIn = await ipc.call('session:sign-in', { profileId: 'line', ...who })
  if (!signedIn.ok) throw new Error(`signing in failed: ${signedIn.failure.code}`)
  await ipc.call('jobs:open', { workspaceId: signedIn.value.workspaceId })
}

process.on('message', (received) => {
  const message = messages.parse(received)
  if (message.type === 'open') {
    snapshots = message.ids.length
    void open(message.port)
    return
  }
  expected = seen + message.frames
  cpu = process.cpuUsage()
  beganMs = performance.now()
  process.send?.({ type: 'ready' })
})
process.on('disconnect', () => process.exit())
