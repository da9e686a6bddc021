// A process of its own: the whole console but its window, on the frames of pipeline-server. It
// counts frames and CPU time; the auth server in here is idle once the operator is signed in.
import { z } from 'zod'
import { ConsoleOnSockets } from '../support/console-on-sockets.ts'
import { FakeAuthServer, fakeKey } from '../support/fake-auth-server.ts'
import { line } from '../support/memory-ports-console.ts'
import { FrameCount } from './frame-count.ts'

const messages = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), port: z.number(), ids: z.array(z.string()) }),
  z.object({ type: z.literal('expect'), frames: z.number() }),
])

const frames = new FrameCount()

async function open(port: number): Promise<void> {
  const auth = await FakeAuthServer.open()
  auth.claims = { app_metadata: { tenant_id: 'acme-europe' } }
  const gatewayUrl = `http://127.0.0.1:${port}`
  const profile = line({ supabaseUrl: auth.url, gatewayUrl, publishableKey: fakeKey })
  const console = new ConsoleOnSockets([profile], frames.sockets)
  const { app, ipc } = console
  // A window that paints at once.
  ipc.on('jobs:batched', ({ workspaceId, batch }) => {
    ipc.sent.splice(0)
    void ipc.call('jobs:acknowledge', { workspaceId, batch })
  })
  await app.start()
  const workspaceId = await console.signIn({ email: 'ada@example.com', password: 'lovelace' })
  await ipc.call('jobs:open', { workspaceId })
}

process.on('message', (received) => {
  const message = messages.parse(received)
  if (message.type === 'expect') {
    frames.expect(message.frames)
    return
  }
  frames.open(message.ids.length)
  void open(message.port)
})
process.on('disconnect', () => process.exit())
