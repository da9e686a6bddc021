import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DialGate } from '../../../../src/main/sources/dial-gate.ts'
import { ConnectionBench } from '../../../support/connection-bench.ts'
import { settle } from '../../../support/fake-clock.ts'

let bench: ConnectionBench

beforeEach(() => {
  bench = new ConnectionBench()
})

afterEach(async () => {
  expect(await bench.close()).toEqual({ sockets: 0, timers: 0, owned: 0 })
})

describe('Connection when it is woken', () => {
  it('wake dials now what waits', async () => {
    bench.connection.start()
    await settle()
    bench.sockets.last.end({ status: 503, retryAfterMs: 60_000 })
    bench.connection.wake()
    await settle()
    expect(bench.sockets.all).toHaveLength(2)
  })

  it('F65: wake asks an open peer at once, finds it dead within 3 s and dials again', async () => {
    await bench.open()
    bench.connection.wake()
    expect(bench.sockets.last.pings).toBe(1)
    await bench.clock.advance(2_999)
    expect(bench.kinds).toEqual(['dialling', 'open'])
    await bench.clock.advance(1)
    expect(bench.kinds).toEqual(['dialling', 'open', 'waiting', 'dialling'])
    expect(bench.sockets.all).toHaveLength(2)
    bench.sockets.last.end({ errorCode: 'ENETUNREACH' })
    expect(bench.connection.state.kind).toBe('waiting')
  })

  it('F65: a second wake neither prolongs nor shortens what the first one began', async () => {
    await bench.open()
    bench.connection.wake()
    await bench.clock.advance(1_000)
    bench.connection.wake()
    await bench.clock.advance(1_999)
    expect(bench.sockets.all).toHaveLength(1)
    await bench.clock.advance(1)
    expect(bench.sockets.all).toHaveLength(2)
    bench.connection.wake()
    await settle()
    expect(bench.sockets.all).toHaveLength(2)
    expect(bench.sockets.live).toBe(1)
  })

  it('F65: an answer that was due before the computer slept is awaited anew', async () => {
    await bench.open()
    await bench.clock.advance(8_000)
    bench.clock.sleep(600_000)
    bench.connection.wake()
    await bench.clock.advance(2_999)
    expect(bench.connection.state.kind).toBe('open')
    bench.sockets.last.pong()
    await bench.clock.advance(2_000)
    expect(bench.connection.state.kind).toBe('open')
  })

  it('F65: a dial that was under way at a wake has 3 s in all, and is then begun anew', async () => {
    bench.connection.start()
    await bench.clock.advance(1_000)
    bench.connection.wake()
    await bench.clock.advance(1_999)
    expect(bench.sockets.all).toHaveLength(1)
    await bench.clock.advance(1)
    expect(bench.kinds).toEqual(['dialling', 'waiting', 'dialling'])
    expect(bench.sockets.all).toHaveLength(2)
    expect(bench.sockets.live).toBe(1)
    await bench.clock.advance(9_999)
    expect(bench.sockets.all).toHaveLength(2)
    await bench.clock.advance(1)
    expect(bench.connection.state).toMatchObject({
      kind: 'waiting',
      tries: { failures: 2, reason: 'timed_out' },
    })
  })

  it('F65: a dial that the computer slept through is begun anew at once', async () => {
    bench.connection.start()
    await settle()
    bench.clock.sleep(600_000)
    bench.connection.wake()
    await bench.clock.advance(0)
    expect(bench.sockets.all).toHaveLength(2)
    bench.sockets.last.accept()
    await bench.clock.advance(3_000)
    expect(bench.connection.state.kind).toBe('open')
  })

  it('F65: a dial that is answered in its 3 s is kept, and one in the queue is not hurried', async () => {
    const gate = new DialGate(1)
    bench = new ConnectionBench({ gate })
    const leave = gate.enter(() => undefined)
    bench.connection.start()
    await settle()
    bench.connection.wake()
    await bench.clock.advance(20_000)
    expect(bench.kinds).toEqual(['dialling'])
    expect(bench.clock.armed).toBe(0)
    leave()
    await bench.clock.advance(2_000)
    bench.connection.wake()
    bench.sockets.last.accept()
    await bench.clock.advance(3_000)
    expect(bench.kinds).toEqual(['dialling', 'open'])
  })

  it('wake keeps a peer that answers', async () => {
    await bench.open()
    bench.connection.wake()
    bench.sockets.last.pong()
    await bench.clock.advance(5_000)
    expect(bench.connection.state.kind).toBe('open')
  })
})

describe('Connection on a socket that cannot ping', () => {
  const openMute = async (): Promise<void> => {
    await bench.open()
    bench.sockets.last.canPing = false
  }
  const asked = (): number =>
    bench.sockets.last.sent.filter((text) => text === '{"type":"ping"}').length

  it('asks by a message, and is silent as long as others speak', async () => {
    await openMute()
    await bench.clock.advance(7_000)
    bench.sockets.last.say('valid')
    await bench.clock.advance(7_999)
    expect(asked()).toBe(0)
    await bench.clock.advance(1)
    expect(asked()).toBe(1)
  })

  it('never takes silence for death where nobody has to answer', async () => {
    await openMute()
    await bench.clock.advance(120_000)
    expect(bench.kinds).toEqual(['dialling', 'open'])
    expect(asked()).toBe(15)
    expect(bench.heard).toBe(0)
  })

  it('F3: finds a peer that has answered before dead when it answers no more', async () => {
    await openMute()
    await bench.clock.advance(8_000)
    bench.sockets.last.say({ type: 'pong' })
    expect(bench.heard).toBe(1)
    await bench.clock.advance(11_999)
    expect(bench.connection.state.kind).toBe('open')
    await bench.clock.advance(1)
    expect(bench.connection.state).toMatchObject({
      kind: 'waiting',
      tries: { reason: 'timed_out' },
    })
  })

  it('keeps the answer from whoever reads the messages, and no other message', async () => {
    await openMute()
    bench.sockets.last.say({ type: 'pong' })
    expect(bench.messages).toBe(1)
    await bench.clock.advance(8_000)
    bench.sockets.last.say({ type: 'pong' })
    bench.sockets.last.say({ type: 'pong', and: 'x'.repeat(64) })
    bench.sockets.last.sayBinary()
    expect(bench.messages).toBe(3)
  })

  it('F65: dials again at once after a wake, unless the peer is known to answer', async () => {
    await openMute()
    bench.connection.wake()
    await settle()
    expect(bench.sockets.all).toHaveLength(2)
    bench.sockets.last.accept()
    bench.sockets.last.canPing = false
    await bench.clock.advance(8_000)
    bench.sockets.last.say({ type: 'pong' })
    bench.connection.wake()
    bench.sockets.last.say({ type: 'pong' })
    await bench.clock.advance(5_000)
    expect(bench.sockets.all).toHaveLength(2)
  })
})
