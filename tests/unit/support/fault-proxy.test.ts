import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { FakeClock } from '../../support/fake-clock.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { encode, opcodes } from '../../support/raw-frames.ts'
import { handshake, newKey, RawWebSocket } from '../../support/raw-websocket.ts'
import { until } from '../../support/until.ts'

/** Answers every request with its path, and every message with the same message. */
let server: Server
let sockets: WebSocketServer
let proxy: FaultProxy
/** What the server was told, and how often it was asked. */
let told: string[]
let asked: string[]
let clock: FakeClock

beforeEach(async () => {
  clock = new FakeClock()
  told = []
  asked = []
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(request.url)
  })
  sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => {
      told.push(data.toString())
      socket.send(data.toString())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  proxy = await FaultProxy.start(`http://127.0.0.1:${port}`, { clock })
})

afterEach(async () => {
  await proxy.stop()
  for (const socket of sockets.clients) socket.terminate()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect(clock.armed).toBe(0)
})

const open = (path = '/echo'): Promise<RawWebSocket> =>
  RawWebSocket.request(proxy.url, handshake({ path, key: newKey() }))
const say = (client: RawWebSocket, ...texts: string[]): void =>
  client.write(...texts.map((text) => encode(opcodes.text, text)))
/** The next message, or null at the end. */
const heard = async (client: RawWebSocket): Promise<string | null> =>
  (await client.frame())?.payload.toString() ?? null
/** Whether a request breaks, or its answer. */
const asking = (path = '/'): Promise<string> =>
  fetch(proxy.url + path).then(
    async (answer) => `${answer.status} ${await answer.text()}`,
    () => 'broken',
  )

describe('without a rule', () => {
  it('requests and messages pass, and are written down', async () => {
    expect(await asking('/a')).toBe('200 /a')
    const client = await open()
    say(client, 'one')
    expect(await heard(client)).toBe('one')
    expect(proxy.log.events.map(({ place, path }) => [place, path])).toEqual([
      ['connect', undefined],
      ['request', '/a'],
      ['connect', undefined],
      ['upgrade', '/echo'],
    ])
  })

  it('frames are written down as well where they are looked into', async () => {
    proxy.frames = true
    const client = await open()
    say(client, '{"a":1}')
    await heard(client)
    client.write(encode(opcodes.ping, 'x'))
    expect((await client.frame())?.opcode).toBe(opcodes.pong)
    expect(proxy.log.at('to-server').map(({ frame, text }) => [frame, text])).toEqual([
      ['text', '{"a":1}'],
      ['ping', undefined],
    ])
    expect(proxy.log.at('to-client').map(({ frame }) => frame)).toEqual(['text', 'pong'])
  })

  it.each([10, 200, 70_000])('a message of %d characters comes whole', async (length) => {
    proxy.frames = true
    const client = await open()
    say(client, 'a'.repeat(length))
    expect((await heard(client))?.length).toBe(length)
  })
})

describe('a rule for connections', () => {
  it.each(['rst', 'fin'] as const)('ends the nth of them (%s), and no other', async (how) => {
    proxy.rule({ on: 'connect', nth: 2 }, { act: 'cut', how })
    const client = await open()
    await expect(open()).rejects.toThrow()
    const third = await open()
    say(third, 'x')
    expect(await heard(third)).toBe('x')
    expect(proxy.log.at('connect').map(({ done }) => done)).toEqual(['pass', 'cut', 'pass'])
    client.socket.destroy()
  })

  it('leaves one without an answer', async () => {
    proxy.rule({ on: 'connect' }, { act: 'never-answer' })
    const asked = asking()
    await until('it came', () => proxy.log.at('connect', 'never-answer').length === 1)
    proxy.cut()
    expect(await asked).toBe('broken')
  })
})

describe('a rule for requests', () => {
  it('answers in the place of the server, for as often as it says', async () => {
    proxy.rule(
      { on: 'request', path: /^\/b/, times: 2 },
      { act: 'respond', status: 503, headers: { 'retry-after': '7' }, body: 'no' },
    )
    const answers = [await asking('/a'), await asking('/b'), await asking('/b'), await asking('/b')]
    expect(answers).toEqual(['200 /a', '503 no', '503 no', '200 /b'])
    expect(asked).toEqual(['/a', '/b'])
  })

  it('loses the reply after the server has done its part', async () => {
    proxy.rule({ on: 'request' }, { act: 'lose-reply' })
    expect([await asking('/a'), await asking('/b')]).toEqual(['broken', '200 /b'])
    expect(asked).toEqual(['/a', '/b'])
  })

  it('breaks one before the server hears of it', async () => {
    proxy.rule({ on: 'request' }, { act: 'cut', how: 'rst' })
    expect(await asking()).toBe('broken')
    expect(asked).toEqual([])
  })

  it('holds one back for a time', async () => {
    proxy.rule({ on: 'request' }, { act: 'delay', ms: 5_000 })
    const answer = asking('/late')
    await until('it waits', () => clock.armed === 1)
    expect(asked).toEqual([])
    await clock.advance(5_000)
    expect(await answer).toBe('200 /late')
  })

  it('is taken back', async () => {
    const off = proxy.rule({ on: 'request', times: Infinity }, { act: 'respond', status: 500 })
    expect(await asking()).toBe('500 ')
    off()
    expect(await asking()).toBe('200 /')
  })
})

describe('a rule for upgrades', () => {
  it('refuses one path, and no other', async () => {
    proxy.rule({ on: 'upgrade', path: /a$/ }, { act: 'respond', status: 401, body: '{}' })
    expect((await open('/a')).status).toBe(401)
    expect((await open('/b')).status).toBe(101)
  })

  it('says yes and goodbye', async () => {
    proxy.rule({ on: 'upgrade' }, { act: 'accept-and-close', code: 4409, reason: 'elsewhere' })
    const client = await open()
    expect(client.status).toBe(101)
    expect(await client.closing()).toEqual({ code: 4409, reason: 'elsewhere' })
    await client.gone()
  })

  it('never answers', async () => {
    proxy.rule({ on: 'upgrade' }, { act: 'never-answer' })
    const opening = open()
    await until('it came', () => proxy.log.at('upgrade', 'never-answer').length === 1)
    proxy.cut()
    await expect(opening).rejects.toThrow()
  })
})

describe('a rule for frames', () => {
  it('takes out the nth, or from the nth on', async () => {
    proxy.rule({ on: 'to-client', nth: 2 }, { act: 'drop' })
    proxy.rule({ on: 'to-client', nth: 4 }, { act: 'drop-onwards' })
    const client = await open()
    say(client, '1', '2', '3', '4', '5')
    expect([await heard(client), await heard(client)]).toEqual(['1', '3'])
    await until('all passed', () => proxy.log.at('to-client').length === 5)
    expect(proxy.log.at('to-client').map(({ done }) => done)).toEqual([
      'pass',
      'drop',
      'pass',
      'drop-onwards',
      'drop',
    ])
    // The other way stays open.
    expect(told).toEqual(['1', '2', '3', '4', '5'])
  })

  it('is for what a message says, and replaces it', async () => {
    proxy.rule(
      { on: 'to-server', when: ({ json }) => (json as { a?: number } | undefined)?.a === 2 },
      { act: 'replace', text: '{"a":3}' },
    )
    const client = await open()
    say(client, 'no json', '{"a":1}', '{"a":2}')
    await until('all were told', () => told.length === 3)
    expect(told).toEqual(['no json', '{"a":1}', '{"a":3}'])
  })

  it('says more to either side, and goodbye', async () => {
    proxy.rule({ on: 'to-client' }, { act: 'inject', to: 'server', text: 'more' })
    proxy.rule({ on: 'to-client', nth: 2 }, { act: 'inject', to: 'client', text: 'x', code: 4000 })
    const client = await open()
    say(client, 'one')
    expect([await heard(client), await heard(client), await heard(client)]).toEqual([
      'one',
      'more',
      'x',
    ])
    expect(await client.closing()).toEqual({ code: 4000, reason: '' })
    expect(told).toEqual(['one', 'more'])
  })

  it('closes, or cuts', async () => {
    proxy.rule({ on: 'to-server' }, { act: 'close', code: 1008, reason: 'why' })
    proxy.rule({ on: 'to-server', nth: 2 }, { act: 'cut', how: 'rst' })
    const closed = await open()
    say(closed, 'x')
    expect(await closed.closing()).toEqual({ code: 1008, reason: 'why' })
    const cut = await open()
    say(cut, 'x')
    await cut.gone()
    expect(told).toEqual([])
  })

  it('holds one back, and nothing overtakes it', async () => {
    proxy.rule({ on: 'to-client' }, { act: 'delay', ms: 1_000 })
    const client = await open()
    say(client, '1', '2')
    await until('both are on the way', () => proxy.log.at('to-client').length === 2)
    await clock.advance(999)
    expect(clock.armed).toBe(1)
    await clock.advance(1)
    expect([await heard(client), await heard(client)]).toEqual(['1', '2'])
  })

  it('is for pings where it says so', async () => {
    proxy.rule({ on: 'to-server', frame: 'ping' }, { act: 'cut', how: 'fin' })
    const client = await open()
    say(client, 'x')
    expect(await heard(client)).toBe('x')
    client.write(encode(opcodes.ping, ''))
    await client.gone()
  })
})

describe('at any time', () => {
  it('says something, is silent to one side, says goodbye, or cuts', async () => {
    proxy.frames = true
    const client = await open()
    proxy.inject('client', 'surprise')
    expect(await heard(client)).toBe('surprise')
    proxy.silence('client')
    say(client, 'x')
    await until('it was answered', () => proxy.log.at('to-client', 'drop').length === 1)
    const second = await open()
    proxy.close(1012)
    expect(await second.closing()).toEqual({ code: 1012, reason: '' })
    proxy.cut()
    await client.gone()
  })
})

describe('a slow way', () => {
  it('takes its time for every byte, and in order', async () => {
    proxy.frames = true
    const client = await open()
    proxy.slowness = { bytesPerSecond: 1_000, latencyMs: () => 100 }
    // Head and mask are 8 bytes there, the head 4 bytes back.
    say(client, 'a'.repeat(492))
    await until('it is on the way', () => clock.armed === 1)
    await clock.advance(599)
    expect(told).toEqual([])
    await clock.advance(1)
    await until('it is on the way back', () => clock.armed === 1)
    expect(clock.delays).toEqual([596])
    await clock.advance(596)
    expect((await heard(client))?.length).toBe(492)
  })

  it('holds for the answers of requests', async () => {
    proxy.slowness = { latencyMs: () => 1_500 }
    let answer: string | null = null
    void asking('/slow').then((text) => (answer = text))
    await until('it is on the way', () => clock.armed === 1)
    await clock.advance(1_499)
    expect(asked).toEqual([])
    await clock.advance(1)
    await until('it is there', () => asked.length === 1)
    expect(answer).toBeNull()
    // Its head, its body and its end are one after the other on the way.
    await until('it came', () => {
      void clock.advance(1_500)
      return answer !== null
    })
    expect(answer).toBe('200 /slow')
  })

  it('leaves no timer when the connection goes', async () => {
    proxy.frames = true
    const client = await open()
    proxy.slowness = { latencyMs: () => 60_000 }
    say(client, 'x')
    await until('it is on the way', () => clock.armed === 1)
    proxy.cut()
    await client.gone()
    await until('nothing is on the way', () => clock.armed === 0)
  })
})
