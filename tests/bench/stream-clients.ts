// A process of its own: many tenant streams, and how long their events took.
import { WebSocket } from 'ws'
import { z } from 'zod'

const messages = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), url: z.string(), tokens: z.array(z.string()) }),
  /** Forgets what was measured so far. */
  z.object({ type: z.literal('measure') }),
  z.object({ type: z.literal('report') }),
  z.object({ type: z.literal('close') }),
])

export interface StreamReport {
  readonly frames: number
  readonly gaps: number
  readonly closed: number
  /** Row changed in PostgreSQL to frame in the client, milliseconds. */
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const sockets: WebSocket[] = []
let latencies: number[] = []
let gaps = 0
let frames = 0
let closed = 0

const eventStart = Buffer.from('{"type":"event","offset":')
const timeShape = /"updated_at": ?"([^"]+)"/
/** Every offset is checked; times are read of one event in so many, or reading would be what is timed. */
const timedEvery = 16

/** The offset of an event, read without parsing it; null for any other message. */
function offsetOf(data: Buffer): number | null {
  if (data.compare(eventStart, 0, eventStart.length, 0, eventStart.length) !== 0) return null
  let offset = 0
  for (let at = eventStart.length; ; at += 1) {
    const digit = (data[at] ?? 0) - 48
    if (digit < 0 || digit > 9) return offset
    offset = offset * 10 + digit
  }
}

async function open(url: string, tokens: readonly string[]): Promise<void> {
  for (let from = 0; from < tokens.length; from += 50) {
    await Promise.all(tokens.slice(from, from + 50).map((token) => openOne(url, token)))
  }
}

function openOne(url: string, token: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  })
  sockets.push(socket)
  let last: number | null = null
  socket.on('open', () => socket.send('{"type":"resume","epoch":"none","offset":0}'))
  socket.on('message', (data: Buffer) => {
    const offset = offsetOf(data)
    if (offset === null) {
      const message = JSON.parse(data.toString('utf8')) as { type: string; offset: number }
      if (message.type !== 'snapshot') return
      last = message.offset
      resolve(undefined)
      return
    }
    if (last !== null && offset !== last + 1) gaps += 1
    last = offset
    frames += 1
    if (frames % timedEvery !== 0) return
    const [, at = ''] = timeShape.exec(data.toString('latin1')) ?? []
    latencies.push(Date.now() - Date.parse(at))
  })
  socket.on('close', (code) => {
    closed += 1
    reject(new Error(`a stream was closed with ${code}`))
  })
  socket.on('error', reject)
  return promise
}

function report(): StreamReport {
  const sorted = Float64Array.from(latencies).sort()
  // Several millions: sorted once.
  const pick = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return {
    frames,
    gaps,
    closed,
    p50Ms: pick(0.5),
    p95Ms: pick(0.95),
    p99Ms: pick(0.99),
    maxMs: pick(1),
  }
}

process.on('message', (received) => {
  const message = messages.parse(received)
  switch (message.type) {
    case 'open':
      open(message.url, message.tokens).then(
        () => process.send?.({ type: 'opened' }),
        (error: unknown) => process.send?.({ type: 'failed', why: String(error) }),
      )
      break
    case 'measure':
      latencies = []
      gaps = 0
      frames = 0
      break
    case 'report':
      process.send?.({ type: 'report', report: report() })
      break
    case 'close':
      for (const socket of sockets) socket.terminate()
      process.exit()
  }
})
