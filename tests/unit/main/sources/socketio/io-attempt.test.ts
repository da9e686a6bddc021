import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IoMessage } from '../../../../../src/main/sources/socketio/io-messages.ts'
import { settleAll } from '../../../../support/fake-clock.ts'
import { handshake, IoBench } from '../../../../support/io-bench.ts'
import { until } from '../../../../support/until.ts'

let bench: IoBench

const broken = { code: null, reason: '', status: null, retryAfterMs: null, errorCode: null }
const nonsense = { ...broken, errorCode: 'WS_ERR_UNEXPECTED_MESSAGE' }
const event = (name: string, payload: unknown = {}): string =>
  `42${JSON.stringify([name, payload])}`
const welcome = (): Extract<IoMessage, { kind: 'welcome' }> => {
  const found = bench.messages.findLast((message) => message.kind === 'welcome')
  if (found === undefined) throw new Error('not welcome')
  return found
}

beforeEach(() => {
  bench = new IoBench()
})

afterEach(async () => {
  await bench.close()
  expect(bench.clock.armed).toBe(0)
  expect(bench.sockets.live).toBe(0)
})

describe('a connection', () => {
  it('is bridged first, then dialled below the path of the gateway with all that it needs', async () => {
    let grant: () => void = () => undefined
    const { onBridge } = bench
    bench.onBridge = async () => {
      await new Promise<void>((resolve) => (grant = resolve))
      return onBridge()
    }
    await bench.open()
    expect([bench.bridged, bench.sockets.all.length]).toEqual([['Bearer token-1'], 0])
    bench.onBridge = onBridge
    grant()
    await settleAll()
    expect(bench.ws.url).toBe('ws://gw.test:8000/base/socket.io/?EIO=4&transport=websocket')
    expect(bench.ws.headers).toEqual({
      Authorization: 'Bearer token-1',
      Cookie: 'sb_session=session-1',
    })
    expect(bench.ws.maxFrameBytes).toBe(4 * 1024 * 1024)
  })

  it('is dialled by TLS where the gateway is', async () => {
    const secure = new IoBench('wss://gw.test/socket.io/')
    await secure.open()
    expect(secure.ws.url).toBe('wss://gw.test/socket.io/?EIO=4&transport=websocket')
    await secure.close()
  })

  it('says its token in words of Socket.IO too, and an empty one where there is none', async () => {
    await bench.connect()
    expect(bench.ws.sent).toEqual(['40{"token":"token-1"}'])
    const bare = new IoBench()
    await bare.open(null)
    bare.ws.accept()
    await bare.say(handshake())
    expect(bare.ws.sent).toEqual(['40{"token":""}'])
    await bare.close()
  })

  it('is open once it is welcome, and not by the handshake', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.say(handshake())
    expect(bench.told).toEqual([])
    await bench.say('40{"sid":"io-1"}')
    expect(bench.told).toEqual(['open', 'welcome'])
    expect(welcome()).toMatchObject({ recovered: false, missed: 0 })
  })

  it('leaves the deadline to whoever dials', async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    await bench.open()
    expect(timers()).toBeLessThanOrEqual(before)
  })

  it('has nothing of its own in a buffer', async () => {
    expect((await bench.connect()).bufferedAmount).toBe(0)
  })

  it('hears what came before its welcome after it, in order and counted', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.say(handshake(), event('a', 1), event('b', 2), '40{"sid":"io-1"}', event('c', 3))
    expect(bench.told).toEqual(['open', 'welcome', 'event', 'event', 'event'])
    expect(welcome().missed).toBe(2)
    expect(bench.messages.slice(1)).toEqual([
      { kind: 'event', name: 'a', payload: 1 },
      { kind: 'event', name: 'b', payload: 2 },
      { kind: 'event', name: 'c', payload: 3 },
    ])
  })

  it('F21: takes 8 MiB before its welcome, and not a byte more', async () => {
    const half = (bytes: number): string => `4${event('x', 'x'.repeat(bytes - 9)).slice(1)}`
    await bench.open()
    bench.ws.accept()
    await bench.say(handshake(), half(4 * 1024 * 1024), half(4 * 1024 * 1024))
    expect(bench.endings).toEqual([])
    await bench.say(event('a'))
    expect(bench.endings).toEqual([nonsense])
  })

  it('F21: takes as much as it likes once it is welcome', async () => {
    await bench.connect()
    const large = event('x', 'x'.repeat(4_000_000))
    await bench.say(large, large, large)
    expect(bench.endings).toEqual([])
    expect(bench.messages).toHaveLength(4)
  })
})

describe('a sign of life', () => {
  it.each<[string, () => Promise<void>]>([
    ['a ping of the server, which is answered', () => bench.say('2')],
    ['a pong of the websocket', async () => bench.ws.pong()],
  ])('is %s', async (_what, give) => {
    await bench.connect()
    await give()
    expect(bench.told).toEqual(['open', 'welcome', 'pong'])
  })

  it('is no event by itself', async () => {
    await bench.connect()
    await bench.say(event('a'))
    expect(bench.told).toEqual(['open', 'welcome', 'event'])
  })

  it('does not count before the welcome', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.say(handshake(), '2')
    bench.ws.pong()
    expect(bench.ws.sent).toContain('3')
    expect(bench.told).toEqual([])
  })

  it('is asked for by a ping frame, where the websocket has one', async () => {
    const socket = await bench.connect()
    expect([socket.ping(), bench.ws.pings]).toEqual([true, 1])
    bench.ws.canPing = false
    expect([socket.ping(), bench.ws.pings]).toEqual([false, 1])
    expect(bench.ws.sent).toHaveLength(1)
  })
})

describe('what is sent', () => {
  it.each([
    ['auth', '{"type":"auth","token":"t2"}', '420["auth",{"token":"t2"}]', 'auth'],
    ['a ping', '{"type":"ping"}', '420["ping",{}]', 'pong'],
  ])(
    'is an event of its name, and its answer is told as such: %s',
    async (_what, text, wire, type) => {
      const socket = await bench.connect()
      socket.send(text)
      expect(bench.ws.sent.slice(1)).toEqual([wire])
      await bench.say('430[{"ok":true}]')
      expect(bench.messages.at(-1)).toEqual({ kind: 'answer', type, payload: { ok: true } })
    },
  )

  it('is nothing before the welcome, nor after the end', async () => {
    const socket = await bench.open()
    bench.ws.accept()
    socket.send('{"type":"ping"}')
    await bench.say(handshake(), '40{"sid":"io-1"}')
    expect(bench.ws.sent).toHaveLength(1)
    socket.terminate()
    const { length } = bench.ws.sent
    socket.send('{"type":"ping"}')
    expect(bench.ws.sent).toHaveLength(length)
    await bench.connect()
    socket.send('{"type":"ping"}')
    expect(bench.ws.sent).toHaveLength(1)
  })
})

describe('an end', () => {
  it('that we ask for is told as agreed, once', async () => {
    const socket = await bench.connect()
    socket.close()
    await settleAll()
    socket.close()
    expect(bench.endings).toEqual([{ ...broken, code: 1000 }])
    expect(bench.ws.sent.at(-1)).toBe('41')
  })

  it.each<[string, unknown, object]>([
    ['without a word', null, { code: 1000 }],
    ['for a reason', { reason: 'token_expired' }, { code: 1008, reason: 'token_expired' }],
    ['for the longest one', { reason: 'x'.repeat(64) }, { code: 1008, reason: 'x'.repeat(64) }],
    ['for one that is too long', { reason: 'x'.repeat(65) }, { code: 1000 }],
    ['for none that is one', { reason: 7 }, { code: 1000 }],
  ])('by the server is told %s', async (_how, said, ending) => {
    await bench.connect()
    if (said !== null) await bench.say(event('session:ended', said))
    await bench.say('41')
    expect(bench.endings).toEqual([{ ...broken, ...ending }])
    expect(bench.told.at(-1)).toBe('close')
  })

  it('for a reason under another name is none', async () => {
    await bench.connect()
    await bench.say(event('job:event', { reason: 'token_expired' }), '41')
    expect(bench.endings).toEqual([{ ...broken, code: 1000 }])
  })

  it.each([
    ['broken', { code: 1006, errorCode: 'ECONNRESET' }],
    ['closed by a proxy', { code: 1001, reason: 'away' }],
  ])('of the websocket is told as it was: %s', async (_how, ending) => {
    await bench.connect()
    await bench.end(ending)
    expect(bench.endings).toEqual([{ ...broken, ...ending }])
    expect(bench.polls).toEqual([])
  })

  it('by a packet of Engine.IO that says so is a broken connection', async () => {
    await bench.connectPolling()
    await bench.poll().reply(new Response('1', { headers: { 'content-type': 'text/plain' } }))
    expect(bench.endings).toEqual([{ ...broken, code: 1006 }])
  })

  it.each([
    ['no packet of Socket.IO', '4['],
    ['half an event', '42["x"'],
    ['an attachment that was not announced', 'b'],
    ['a second handshake that is none', '0{'],
  ])('for what makes no sense is told as such: %s', async (_what, text) => {
    await bench.connect()
    if (text === 'b') bench.ws.sayBinary()
    await bench.say(text)
    expect(bench.endings).toEqual([nonsense])
  })

  it('for want of pings of the server is a deadline that passed', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.say(handshake({ pingInterval: 1, pingTimeout: 1 }), '40{"sid":"io-1"}')
    await until('it is over', () => bench.endings.length > 0)
    expect(bench.endings).toEqual([{ ...broken, errorCode: 'ETIMEDOUT' }])
  })

  it('that is ours at once lets nothing be heard any more', async () => {
    const socket = await bench.connect()
    const { told } = bench
    socket.terminate()
    expect(bench.ws.state).toBe('closed')
    bench.ws.haunt(event('a'))
    await settleAll()
    socket.terminate()
    expect(told).toEqual(['open', 'welcome'])
  })

  it('before the bridge has answered dials nothing', async () => {
    let grant: (response: Response) => void = () => undefined
    bench.onBridge = () => new Promise((resolve) => (grant = resolve))
    const socket = await bench.open()
    socket.terminate()
    grant(Response.json({ success: true }))
    await settleAll()
    expect([bench.sockets.all, bench.told]).toEqual([[], []])
  })
})
