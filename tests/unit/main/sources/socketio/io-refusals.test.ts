import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settleAll } from '../../../../support/fake-clock.ts'
import { handshake, IoBench, packets } from '../../../../support/io-bench.ts'

let bench: IoBench

const broken = { code: null, reason: '', status: null, retryAfterMs: null, errorCode: null }

beforeEach(() => {
  bench = new IoBench()
})

afterEach(async () => {
  await bench.close()
  expect(bench.clock.armed).toBe(0)
  expect(bench.sockets.live).toBe(0)
})

/** A server that refuses whoever comes, as Socket.IO does. */
async function refused(said: object): Promise<void> {
  await bench.open()
  await refuse(said)
}
async function refuse(said: object): Promise<void> {
  bench.ws.accept()
  await bench.say(handshake(), `44${JSON.stringify(said)}`)
}

describe('a refusal', () => {
  it.each<[string, object, string]>([
    ['its code', { message: 'x', data: { code: 'token_expired' } }, 'token_expired'],
    ['its prose', { message: 'Invalid or expired token' }, 'Invalid or expired token'],
    ['its prose beside other data', { message: 'no', data: { code: 7 } }, 'no'],
    ['whatever stands in its place', { message: 7 }, '7'],
  ])('is told by %s', async (_what, said, reason) => {
    await refused(said)
    expect(bench.endings).toEqual([{ ...broken, code: 1008, reason }])
    expect(bench.told).toEqual(['close'])
  })

  it.each<[string, object, number]>([
    ['of the token', { message: 'x', data: { code: 'session_revoked' } }, 2],
    ['of too many', { message: 'x', data: { code: 'too_many_sockets' } }, 1],
  ])('%s is bridged anew only where that may mend it', async (_what, said, bridges) => {
    await refused(said)
    await bench.connect()
    expect(bench.bridged).toHaveLength(bridges)
    expect(bench.told.at(-1)).toBe('welcome')
  })

  it('for want of a bridge is bridged and dialled again with the same token, once', async () => {
    const said = { message: 'x', data: { code: 'bridge_required' } }
    await refused(said)
    expect([bench.bridged.length, bench.sockets.all.length]).toEqual([2, 2])
    expect(bench.told).toEqual([])
    await refuse(said)
    expect(bench.endings).toEqual([{ ...broken, code: 1008, reason: 'bridge_required' }])
    expect([bench.bridged.length, bench.sockets.all.length]).toEqual([2, 2])
  })

  it('for want of a bridge is none for whoever is welcome then', async () => {
    await refused({ message: 'bridge_required' })
    bench.ws.accept()
    await bench.say(handshake(), '40{"sid":"io-1"}')
    expect(bench.told).toEqual(['open', 'welcome'])
    expect(bench.ws.sent).toEqual(['40{"token":"token-1"}'])
  })

  it('in words of an older Socket.IO makes no sense', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.say(handshake(), '40')
    expect(bench.endings).toEqual([{ ...broken, errorCode: 'WS_ERR_UNEXPECTED_MESSAGE' }])
  })
})

describe('a bridge', () => {
  it('that fails is told as the failure that it is, and nothing is dialled', async () => {
    bench.onBridge = () => new Response(null, { status: 503, headers: { 'retry-after': '7' } })
    await bench.open()
    const failure = { code: 'bridge_failed', message: 'no session was bridged: server_error' }
    expect(bench.endings).toEqual([{ ...broken, failure: { ...failure, retryAfterMs: 7_000 } }])
    expect(bench.sockets.all).toEqual([])
  })

  it('that refuses the token is told as a refusal by its reason', async () => {
    const body = { error: { code: 'token_expired' } }
    bench.onBridge = () => Response.json(body, { status: 401 })
    await bench.open()
    expect(bench.endings).toEqual([{ ...broken, code: 1008, reason: 'token_expired' }])
    expect(bench.sockets.all).toEqual([])
  })

  it('is not asked again while its session stands', async () => {
    await bench.connect()
    await bench.end()
    await bench.connect()
    expect(bench.bridged).toHaveLength(1)
  })
})

describe('one attempt after another', () => {
  /** A server that keeps what we miss tells so by `pid`, and numbers events by their last word. */
  const kept = { sid: 'io-1', pid: 'p1' }

  it('asks for what was missed meanwhile, and is told that it was kept', async () => {
    await bench.connect(kept)
    await bench.say('42["job:event",{},"o-7"]')
    await bench.end()
    await bench.open('token-2')
    bench.ws.accept()
    await bench.say(handshake())
    expect(bench.ws.sent).toEqual(['40{"pid":"p1","offset":"o-7","token":"token-2"}'])
    await bench.say('42["job:event",{},"o-8"]', `40${JSON.stringify({ ...kept, sid: 'io-2' })}`)
    expect(bench.messages.at(-2)).toMatchObject({ kind: 'welcome', recovered: true, missed: 1 })
  })

  it('is not recovered by a server that does not know it any more', async () => {
    await bench.connect(kept)
    await bench.end()
    await bench.connect({ sid: 'io-2', pid: 'p2' })
    expect(bench.messages.at(-1)).toMatchObject({ kind: 'welcome', recovered: false, missed: 0 })
  })

  it('asks for nothing after it was begun anew', async () => {
    await bench.connect(kept)
    const [greeting] = bench.messages
    if (greeting?.kind === 'welcome') greeting.restart()
    expect(bench.endings).toEqual([{ ...broken, errorCode: 'WS_ERR_UNEXPECTED_MESSAGE' }])
    await bench.connect()
    expect(bench.ws.sent).toEqual(['40{"token":"token-1"}'])
  })

  it('is a client of its own while another one is in use', async () => {
    await bench.connect(kept)
    await bench.end()
    await bench.connect(kept)
    const first = bench.ws
    await bench.connect()
    expect(bench.ws.sent).toEqual(['40{"token":"token-1"}'])
    expect(first.state).toBe('open')
  })

  it.each([
    ['was dialled', () => undefined],
    ['was shaken hands with', () => bench.say(handshake())],
  ])('can be had though the one before was ended as soon as it %s', async (_when, reach) => {
    const socket = await bench.open()
    bench.ws.accept()
    await reach()
    socket.terminate()
    await bench.connect()
    expect(bench.sockets.all).toHaveLength(2)
    expect(bench.told).toEqual(['open', 'welcome'])
  })

  it('hears nothing of what the one before did not get to', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.say(handshake(), '42["late",{}]')
    await bench.end()
    await bench.connect()
    expect(bench.told).toEqual(['close', 'open', 'welcome'])
    expect(bench.messages[0]).toMatchObject({ missed: 0 })
  })

  it('says nothing of what the one before did not get rid of', async () => {
    const socket = await bench.open()
    await bench.end({ errorCode: 'ECONNRESET' })
    socket.ping()
    await bench.poll().fail(new Error('reset'))
    await bench.connect()
    expect(bench.ws.sent).toEqual(['40{"token":"token-1"}'])
  })

  it('begins with a websocket, though the one before had to poll', async () => {
    await bench.connectPolling()
    await bench.poll().reply(packets('1'))
    await bench.connect()
    expect(bench.sockets.all).toHaveLength(2)
    expect(bench.told.at(-1)).toBe('welcome')
  })

  it('leaves the one that goes on alone when it ends', async () => {
    const first = await bench.connect()
    await bench.connect()
    first.terminate()
    await settleAll()
    expect(bench.endings).toEqual([])
    expect(bench.ws.state).toBe('open')
    await bench.say('42["a",{}]')
    expect(bench.told.at(-1)).toBe('event')
  })
})
