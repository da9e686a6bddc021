// A process of its own that receives the frames of pipeline-server: with nothing but `ws` and
// `JSON.parse`, or with main's own source, desk and wall. It counts frames and CPU time.
import { WebSocket } from 'ws'
import { z } from 'zod'
import { createPublish } from '../../src/main/ipc/publish.ts'
import { JobDesk } from '../../src/main/jobs/job-desk.ts'
import { systemClock } from '../../src/main/lib/clock.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { openProgressSource } from '../../src/main/sources/progress-source.ts'
import { openStreamSource } from '../../src/main/sources/stream-source.ts'
import { Meter } from '../../src/main/workspaces/meter.ts'
import { Positions } from '../../src/main/workspaces/positions.ts'
import { jobTableSchema } from '../../src/shared/profile.ts'
import { FakeTokens } from '../support/fake-tokens.ts'
import { FrameCount } from './frame-count.ts'

const messages = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('open'),
    how: z.enum(['bare', 'ours']),
    wire: z.enum(['progress', 'stream']),
    port: z.number(),
    ids: z.array(z.string()),
  }),
  z.object({ type: z.literal('expect'), frames: z.number() }),
])

const frames = new FrameCount()

function openBare(url: string, ids: readonly string[]): void {
  const last = new Map<string, unknown>()
  for (const id of ids) {
    const socket = new WebSocket(`${url}/ws/progress/${id}`, { perMessageDeflate: false })
    socket.on('message', (data: Buffer) => {
      last.set(id, JSON.parse(data.toString('utf8')))
      frames.count()
    })
  }
}

function openBareStream(url: string): void {
  const last = new Map<string, unknown>()
  const socket = new WebSocket(`${url}/ws`, { perMessageDeflate: false })
  socket.on('message', (data: Buffer) => {
    const { job } = JSON.parse(data.toString('utf8')) as { job?: { id: string } }
    if (job !== undefined) last.set(job.id, job)
    frames.count()
  })
}

function openOurs(wire: 'progress' | 'stream', gatewayUrl: string): void {
  const scope = new Scope('bench')
  const meter = new Meter({
    clock: systemClock(),
    sockets: frames.sockets,
    fetch: globalThis.fetch,
  })
  const { clock } = meter
  const log = createLog('bench', clock, () => undefined)
  const publish = createPublish({
    port: {
      onCall: () => () => undefined,
      // A window that paints at once.
      send: (_channel, payload) => {
        desk.acknowledge(1, (payload as { batch: number }).batch)
      },
      onWindowClosed: () => () => undefined,
    },
    log,
    signal: scope.signal,
  })
  const desk = new JobDesk({
    scope: scope.child('desk'),
    clock,
    workspaceId: 'bench',
    publish: (windowId, batch) => publish('jobs:batched', batch, windowId),
  })
  desk.open(1)
  const open = wire === 'stream' ? openStreamSource : openProgressSource
  open({
    scope: scope.child('source'),
    clock,
    random: Math.random,
    sockets: meter.sockets,
    fetch: meter.fetch,
    tokens: new FakeTokens(),
    sink: desk.sinkOf('progress'),
    gatewayUrl,
    supabaseUrl: gatewayUrl,
    publishableKey: 'sb_publishable_fake',
    jobTable: jobTableSchema.parse({}),
    position: new Positions().of(wire),
    tokenTransport: 'header',
    tenantIds: ['acme-europe'],
    log,
  })
}

process.on('message', (received) => {
  const message = messages.parse(received)
  if (message.type === 'expect') {
    frames.expect(message.frames)
    return
  }
  const { how, wire, port, ids } = message
  frames.open(wire === 'stream' ? 1 : ids.length)
  if (how === 'ours') openOurs(wire, `http://127.0.0.1:${port}`)
  else if (wire === 'stream') openBareStream(`ws://127.0.0.1:${port}`)
  else openBare(`ws://127.0.0.1:${port}`, ids)
})
process.on('disconnect', () => process.exit())
