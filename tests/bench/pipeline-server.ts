// A process of its own: a gateway of made-up jobs, which sends frames made beforehand as fast as
// they are taken, or at a rate.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { z } from 'zod'
import { wireJob } from '../support/wire-jobs.ts'

const jobs = Number(process.argv[2])
const isStream = process.argv[3] === 'stream'
const ids = Array.from({ length: jobs }, (_, nth) => `import-orders-${10_000 + nth}`)
const orders = z.object({ frames: z.number(), perSecond: z.number().nullable() })

/** Longest queue of one socket before it is left alone for a while, in bytes. */
const maxBuffered = 64 * 1024
const tickMs = 10

const jobOf = (id: string, seq: number) =>
  wireJob({
    id,
    name: `Orders import ${id.slice(-5)}`,
    tenant_id: 'acme-europe',
    seq,
    progress: Math.min(100, seq / 100),
    counters: { done: seq * 10, total: 100_000, unit: 'rows' },
    updated_at: new Date(1_795_183_200_000 + seq * 1_000).toISOString(),
  })

/** As our gateway tells a change: who it is, and the fields that changed. */
function frame(id: string, seq: number): string {
  const job = jobOf(id, seq)
  const { name, tenant_id, attempt, progress, counters, updated_at } = job
  const who = { type: 'progress', job_id: id, job_name: name, tenant_id, attempt, seq }
  return JSON.stringify({ ...who, progress, counters, updated_at })
}

let offset = 0

/** The same change on a stream: the whole job, numbered. */
function event(id: string, seq: number): string {
  offset += 1
  return JSON.stringify({ type: 'event', offset, job: jobOf(id, seq) })
}

/** By job; a stream stands for all of them. */
const sockets = new Map<string, WebSocket>()
const seqs = new Map<string, number>()

const http = createServer((request, response) => {
  const listed = ids.map((id) => jobOf(id, seqs.get(id) ?? 1))
  const body = request.url?.startsWith('/api/v1/websocket/status')
    ? { tenant_ids: ['acme-europe'], active_jobs: listed, connections: sockets.size }
    : { jobs: listed, next_cursor: null, epoch: 'e', offset: 0 }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
})
const server = new WebSocketServer({ server: http, perMessageDeflate: false })
server.on('connection', (socket, request) => {
  if (isStream) {
    for (const id of ids) sockets.set(id, socket)
    socket.send(
      JSON.stringify({ type: 'snapshot', epoch: 'e', offset, jobs: ids.map((id) => jobOf(id, 1)) }),
    )
    return
  }
  const id = request.url?.split('/').at(-1) ?? ''
  sockets.set(id, socket)
  socket.on('close', () => sockets.delete(id))
  socket.send(JSON.stringify({ type: 'snapshot', job: jobOf(id, seqs.get(id) ?? 1) }))
})

/** Every job moves in turn. The frames are ready before the first one goes. */
function* made(count: number): Generator<readonly [id: string, text: string]> {
  const ready: [string, string][] = []
  for (let nth = 0; nth < count; nth += 1) {
    const id = ids[nth % jobs] ?? ''
    const seq = (seqs.get(id) ?? 1) + 1
    seqs.set(id, seq)
    ready.push([id, isStream ? event(id, seq) : frame(id, seq)])
  }
  yield* ready
}

function send(count: number, perSecond: number | null): void {
  const frames = made(count)
  const beganMs = performance.now()
  let sent = 0
  const turn = (): void => {
    const elapsedS = (performance.now() - beganMs) / 1_000
    const due = perSecond === null ? sent + jobs : Math.floor(elapsedS * perSecond)
    for (; sent < Math.min(due, count); sent += 1) {
      const { value } = frames.next() as IteratorYieldResult<readonly [string, string]>
      sockets.get(value[0])?.send(value[1])
    }
    if (sent === count) return
    if (perSecond !== null) setTimeout(turn, tickMs)
    else if ([...sockets.values()].some(({ bufferedAmount }) => bufferedAmount > maxBuffered)) {
      setTimeout(turn, 1)
    } else setImmediate(turn)
  }
  turn()
}

process.on('message', (message) => {
  const { frames, perSecond } = orders.parse(message)
  send(frames, perSecond)
})
process.on('disconnect', () => process.exit())
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as AddressInfo
  process.send?.({ type: 'listening', port, ids })
})
