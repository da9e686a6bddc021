import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import WebSocket from 'ws'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RealtimeLimits } from '../../../src/backend/supabase/realtime/realtime-limits.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { handshake, newKey } from '../../support/raw-websocket.ts'
import { encodePush, RealtimeSocket } from '../../support/realtime-socket.ts'
import { until } from '../../support/until.ts'

let backend: TestBackend
const open: RealtimeSocket[] = []

const limits: Partial<RealtimeLimits> = {
  connections: 4,
  channelsPerConnection: 3,
  joinsPerSecond: 2,
  eventsPerSecond: 20,
  frameBytes: 64 * 1024,
  presenceBytes: 100,
  presenceCalls: 3,
  joinErrorDelayMs: 0,
  handshakeDelayMs: 0,
  waitingBytes: 256 * 1024,
  changesPerChannel: 2,
}

beforeAll(async () => {
  backend = await startTestBackend({ idle: true, realtime: { limits } })
})
afterEach(async () => {
  for (const one of open.splice(0)) {
    one.socket.terminate()
    await one.end()
  }
})
afterAll(() => backend.stop())

async function connect(to = backend) {
  const socket = await RealtimeSocket.open(to)
  open.push(socket)
  return socket
}

describe('limits', () => {
  it('of channels on a connection', async () => {
    const socket = await connect()
    for (const name of ['a', 'b', 'c']) await socket.join(name)
    expect(await socket.join('d')).toEqual({
      status: 'error',
      response: { reason: 'ChannelRateLimitReached: Too many channels' },
    })
    await socket.call('realtime:a', 'phx_leave', {}, '1')
    expect((await socket.join('d')).status).toBe('ok')
  })

  it('of joins: the connection is closed', async () => {
    const socket = await connect()
    for (let nth = 0; nth < 21; nth += 1) socket.send('realtime:same', 'phx_join')
    expect((await socket.end()).code).toBe(1001)
    const last = socket.heard.findLast(({ event }) => event === 'phx_reply')
    expect(last?.payload).toEqual({
      status: 'error',
      response: { reason: 'ClientJoinRateLimitReached: Too many joins per second' },
    })
  })

  it('of messages: the channel is closed, then the connection', async () => {
    const socket = await connect()
    await socket.join('loud')
    for (let nth = 0; nth < 260; nth += 1) socket.send('realtime:loud', 'broadcast', {}, '1')
    await socket.system('Too many messages per second')
    expect(await socket.end()).toEqual({ code: 1008, reason: 'too_many_messages' })
  })

  it('of connections', async () => {
    for (let nth = 0; nth < 4; nth += 1) await connect()
    const url = `${backend.supabaseUrl.replace('http', 'ws')}/realtime/v1/websocket`
    const late = new WebSocket(url, { headers: { apikey: backend.publishableKey } })
    late.on('error', () => undefined)
    const [, response] = (await once(late, 'unexpected-response')) as [
      unknown,
      { statusCode: number },
    ]
    expect(response.statusCode).toBe(429)
  })

  it('of patience: a peer that resets while it is refused harms nobody', async () => {
    const patient = await startTestBackend({
      idle: true,
      realtime: { limits: { handshakeDelayMs: 200 } },
    })
    try {
      const lines = (path: string) => handshake({ path, key: newKey() }).join('\r\n')
      for (const path of ['/realtime/v1/websocket', '/realtime/v1/elsewhere']) {
        for (let nth = 0; nth < 10; nth += 1) {
          const socket = connectTcp(patient.port, '127.0.0.1')
          await once(socket, 'connect')
          socket.write(`${lines(path)}\r\n\r\n`, () => socket.resetAndDestroy())
          await once(socket, 'close')
        }
      }
      expect(await (await connect(patient)).call('phoenix', 'heartbeat')).toMatchObject({
        status: 'ok',
      })
    } finally {
      await patient.stop()
    }
  })

  it('of one message', async () => {
    const socket = await connect()
    socket.socket.send('x'.repeat(64 * 1024 + 1))
    expect((await socket.end()).code).toBe(1009)
  })

  it('of presence: how often, how much, and of what kind', async () => {
    const socket = await connect()
    for (const name of ['a', 'b', 'c']) await socket.join(name)
    const track = (payload: unknown) => ({ event: 'track', payload })
    const odd = await socket.call('realtime:a', 'presence', track([1]), '1')
    expect(odd.response).toEqual({ reason: 'Presence track payload must be a map' })
    socket.send('realtime:b', 'presence', track({ a: 'x'.repeat(100) }), '2')
    await socket.system('Track message size exceeded')
    for (let n = 0; n < 4; n += 1) socket.send('realtime:c', 'presence', track({ n }), '3')
    await socket.system('Client presence rate limit exceeded')
  })

  it('of what a join may ask for', async () => {
    const socket = await connect()
    const one = { event: '*', schema: 'public', table: 'jobs' }
    const { response } = await socket.join('many', { postgres_changes: [one, one, one] })
    expect(response.reason).toMatch(/^TooManyPostgresChanges/)
    expect((await socket.join('')).response.reason).toMatch(/^TopicNameRequired/)
    expect((await socket.join('n'.repeat(300))).response.reason).toMatch(/^TopicNameTooLong/)
  })

  it('of a peer that does not read: it is closed, the others hear everything', async () => {
    const [slow, sender, fast] = [await connect(), await connect(), await connect()]
    for (const socket of [slow, sender, fast]) await socket.join('flood')
    slow.socket.pause()
    const content = Buffer.from(JSON.stringify('x'.repeat(60_000)))
    const parts = ['1', '', 'realtime:flood', 'e', ''] as const
    // More than the kernel keeps for a peer, in portions that stay under the rate of messages.
    for (let nth = 0; nth < 150; nth += 1) {
      sender.socket.send(encodePush(parts, content))
      await until('the fast one has it', () => fast.binary.length === nth + 1)
    }
    slow.socket.resume()
    await slow.end()
    expect(slow.binary.length).toBeLessThan(150)
    expect((await fast.call('phoenix', 'heartbeat')).status).toBe('ok')
  })

  it('of silence', async () => {
    const strict = await startTestBackend({ idle: true, realtime: { limits: { silenceMs: 300 } } })
    try {
      const socket = await connect(strict)
      expect(await socket.end()).toEqual({ code: 1001, reason: 'silent' })
    } finally {
      await strict.stop()
    }
  })
})

describe('the end of the server', () => {
  it('is said to every socket, also to one whose join still waits', async () => {
    const slow = { joinErrorDelayMs: 60_000, handshakeDelayMs: 60_000 }
    const ending = await startTestBackend({ idle: true, realtime: { limits: slow } })
    const [one, other] = [await connect(ending), await connect(ending)]
    await one.join('joined', { presence: { enabled: true } })
    other.send('realtime:', 'phx_join')
    const refused = new WebSocket(
      `${ending.supabaseUrl.replace('http', 'ws')}/realtime/v1/websocket`,
    )
    refused.on('error', () => undefined)
    const before = performance.now()
    await ending.stop()
    expect([(await one.end()).code, (await other.end()).code]).toEqual([1012, 1012])
    expect(performance.now() - before).toBeLessThan(10_000)
  })
})
