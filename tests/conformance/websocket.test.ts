import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { JobHand, startTestGateway, type TestGateway } from '../support/gateway.ts'
import { encode, opcodes } from '../support/raw-frames.ts'
import {
  acceptOf,
  handshake,
  newKey,
  RawWebSocket,
  type Handshake,
} from '../support/raw-websocket.ts'

let gateway: TestGateway
let hand: JobHand
let token: string
let job: string

beforeAll(async () => {
  gateway = await startTestGateway()
  hand = new JobHand(gateway.backend)
  token = await gateway.signIn(0)
  job = await hand.start(gateway.tenantOf(0))
})
afterAll(() => gateway.stop())

const shake = (options: Partial<Handshake> = {}): Promise<RawWebSocket> =>
  RawWebSocket.request(
    gateway.url,
    handshake({
      path: `/ws/progress/${job}`,
      key: newKey(),
      ...options,
      headers: { Authorization: `Bearer ${token}`, ...options.headers },
    }),
  )

/** Past the handshake and the snapshot. */
async function watching(): Promise<RawWebSocket> {
  const raw = await shake()
  const frame = await raw.frame()
  expect(frame?.opcode).toBe(opcodes.text)
  return raw
}

describe('the handshake (RFC 6455 §4)', () => {
  it('answers the key, and agrees on no extension and no subprotocol', async () => {
    const key = newKey()
    const raw = await shake({
      key,
      headers: {
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
        'Sec-WebSocket-Protocol': 'chat, superchat',
      },
    })
    expect(raw.status).toBe(101)
    expect(raw.header('upgrade')?.toLowerCase()).toBe('websocket')
    expect(raw.header('connection')?.toLowerCase()).toBe('upgrade')
    expect(raw.header('sec-websocket-accept')).toBe(acceptOf(key))
    expect(raw.header('sec-websocket-extensions')).toBeNull()
    raw.socket.destroy()
  })

  it.each([
    ['no key', { 'Sec-WebSocket-Key': null }, 400],
    ['a key of the wrong length', { 'Sec-WebSocket-Key': 'AAAA' }, 400],
    ['no version', { 'Sec-WebSocket-Version': null }, 400],
    ['another version', { 'Sec-WebSocket-Version': '7' }, 400],
  ])('is refused with %s', async (_what, headers, status) => {
    const raw = await shake({ headers })
    expect(raw.status).toBe(status)
    await raw.gone()
  })

  it('is answered by 404 anywhere else', async () => {
    for (const path of ['/ws/', '/wsx', '/', '/ws/progress/a/b', '/api/v1/jobs']) {
      const raw = await shake({ path })
      expect(raw.status).toBe(404)
      await raw.gone()
    }
  })

  it('accepts a refused credential, so that the reason can be read', async () => {
    const raw = await shake({ headers: { Authorization: null } })
    expect(raw.status).toBe(101)
    expect(await raw.closing()).toEqual({ code: 1008, reason: 'token_missing' })
    raw.write(encode(opcodes.close, Buffer.from([3, 240])))
    await raw.gone()
  })
})

describe('frames (RFC 6455 §5)', () => {
  it('come unmasked, whole and without reserved bits, as text in UTF-8', async () => {
    const raw = await shake()
    const frame = await raw.frame()
    expect(frame).toMatchObject({ fin: true, rsv: 0, opcode: opcodes.text, masked: false })
    expect(JSON.parse(frame!.payload.toString('utf8'))).toMatchObject({
      type: 'snapshot',
      job: { id: job },
    })
    raw.socket.destroy()
  })

  it('that a client sends are taken, and change nothing', async () => {
    const raw = await watching()
    raw.write(
      encode(opcodes.text, '{"type":"resume","epoch":"x","offset":1}'),
      encode(opcodes.binary, Buffer.alloc(1_000)),
      encode(opcodes.text, 'in ', { fin: false }),
      encode(opcodes.continuation, 'pieces'),
      encode(opcodes.ping, 'still there?'),
    )
    const frame = await raw.frame()
    expect(frame).toMatchObject({ opcode: opcodes.pong, masked: false })
    expect(frame?.payload.toString()).toBe('still there?')
    raw.socket.destroy()
  })

  it.each([
    ['an unmasked frame', () => [encode(opcodes.text, 'x', { mask: false })], 1002],
    ['a reserved bit', () => [encode(opcodes.text, 'x', { rsv: 4 })], 1002],
    ['an unknown opcode', () => [encode(3, 'x')], 1002],
    ['a continuation of nothing', () => [encode(opcodes.continuation, 'x')], 1002],
    ['a ping in pieces', () => [encode(opcodes.ping, 'x', { fin: false })], 1002],
    ['a ping of 126 bytes', () => [encode(opcodes.ping, 'x'.repeat(126))], 1002],
    [
      'a close code that must not be sent',
      () => [encode(opcodes.close, Buffer.from([3, 237]))],
      1002,
    ],
    ['a close frame of one byte', () => [encode(opcodes.close, Buffer.from([3]))], 1002],
    ['text that is not UTF-8', () => [encode(opcodes.text, Buffer.from([0xc3, 0x28]))], 1007],
    ['a message past 64 KiB', () => [encode(opcodes.text, 'x'.repeat(65_537))], 1009],
    [
      'a message past 64 KiB in pieces',
      () => [
        encode(opcodes.text, 'x'.repeat(40_000), { fin: false }),
        encode(opcodes.continuation, 'x'.repeat(40_000)),
      ],
      1009,
    ],
    [
      'a message in too many pieces',
      () => [
        encode(opcodes.text, '', { fin: false }),
        ...Array.from({ length: 100 }, () => encode(opcodes.continuation, '', { fin: false })),
      ],
      1008,
    ],
  ])('that break a rule end the connection: %s', async (_what, frames, code) => {
    const raw = await watching()
    raw.write(...frames())
    expect((await raw.closing())?.code).toBe(code)
    raw.socket.destroy()
  })

  it('are no danger in pieces of one byte', async () => {
    const raw = await watching()
    for (const byte of encode(opcodes.ping, 'slowly')) raw.socket.write(Buffer.from([byte]))
    expect((await raw.frame())?.payload.toString()).toBe('slowly')
    raw.socket.destroy()
  })
})

describe('closing (RFC 6455 §7)', () => {
  it('is echoed with the same code, and then the server ends the connection', async () => {
    const raw = await watching()
    raw.write(encode(opcodes.close, Buffer.concat([Buffer.from([3, 232]), Buffer.from('bye')])))
    expect(await raw.closing()).toMatchObject({ code: 1000 })
    await raw.gone()
  })

  it('comes from the server when the job is over, and does not wait for ever for an answer', async () => {
    const own = await hand.start(gateway.tenantOf(0))
    const raw = await shake({ path: `/ws/progress/${own}` })
    await raw.frame()
    await hand.finish(own)
    const finished = await raw.frame()
    expect(JSON.parse(finished!.payload.toString())).toMatchObject({ type: 'finished' })
    expect(await raw.closing()).toEqual({ code: 1000, reason: 'finished' })
    await raw.gone()
  })

  it('leaves nothing counted of a peer that went without a word', async () => {
    const raw = await watching()
    raw.socket.resetAndDestroy()
    let connections = -1
    while (connections !== 0) {
      const { body } = await gateway.get('/api/v1/websocket/status', token)
      connections = (body as { connections: number }).connections
    }
    expect(connections).toBe(0)
  })
})
