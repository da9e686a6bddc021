import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConnectionBench } from '../../../support/connection-bench.ts'
import { settle } from '../../../support/fake-clock.ts'

let bench: ConnectionBench

beforeEach(() => {
  bench = new ConnectionBench()
})

afterEach(async () => {
  expect(await bench.close()).toEqual({ sockets: 0, timers: 0, owned: 0 })
})

describe('Connection', () => {
  it('dials with the token in a header, and never before it has one', async () => {
    bench.connection.start()
    expect(bench.sockets.all).toHaveLength(0)
    await settle()
    expect(bench.sockets.last.credential).toEqual({ form: 'header', token: 'token-1' })
    expect(bench.sockets.last.url).not.toContain('token')
  })

  it('F17: gives up a dial after 10 s by its own clock', async () => {
    bench.connection.start()
    await bench.clock.advance(9_999)
    expect(bench.sockets.live).toBe(1)
    await bench.clock.advance(1)
    expect(bench.sockets.live).toBe(0)
    expect(bench.connection.state).toMatchObject({
      kind: 'waiting',
      tries: { reason: 'timed_out' },
    })
  })

  it('says when it will dial next', async () => {
    bench.connection.start()
    await settle()
    bench.sockets.last.end({ errorCode: 'ECONNREFUSED' })
    expect(bench.connection.nextTryAtMs).toBe(bench.clock.now() + 1_000)
    expect(bench.connection.reason).toBe('unreachable')
    await bench.clock.advance(1_000)
    expect(bench.sockets.all).toHaveLength(2)
    expect(bench.connection.nextTryAtMs).toBeNull()
  })

  it('F3: finds a silent peer dead 12 s after its last sign of life', async () => {
    await bench.open()
    await bench.clock.advance(7_999)
    expect(bench.sockets.last.pings).toBe(0)
    await bench.clock.advance(1)
    expect(bench.sockets.last.pings).toBe(1)
    await bench.clock.advance(3_999)
    expect(bench.connection.state.kind).toBe('open')
    await bench.clock.advance(1)
    expect(bench.connection.state).toMatchObject({
      kind: 'waiting',
      tries: { reason: 'timed_out' },
    })
    expect(bench.sockets.live).toBe(0)
  })

  it('counts a pong as life', async () => {
    await bench.open()
    for (let round = 0; round < 10; round += 1) {
      await bench.clock.advance(8_000)
      bench.sockets.last.pong()
    }
    expect(bench.kinds).toEqual(['dialling', 'open'])
    expect(bench.heard).toBe(10)
  })

  it('asks only after 8 s of silence: messages are life too', async () => {
    await bench.open()
    for (let second = 0; second < 60; second += 1) {
      await bench.clock.advance(1_000)
      bench.sockets.last.say('valid')
    }
    expect(bench.sockets.last.pings).toBe(0)
  })

  it('does not judge a peer by a timer that fired late', async () => {
    await bench.open()
    await bench.clock.advance(8_000)
    bench.clock.stall(6_000)
    await bench.clock.advance(0)
    expect(bench.connection.state.kind).toBe('open')
    bench.sockets.last.pong()
    await bench.clock.advance(1_000)
    expect(bench.connection.state.kind).toBe('open')
  })

  it('F31: renews a refused token once and dials again', async () => {
    bench.connection.start()
    await settle()
    bench.sockets.last.end({ status: 401, reason: 'token_expired' })
    await settle()
    expect(bench.tokens.renewals).toBe(1)
    expect(bench.sockets.last.credential).toEqual({ form: 'header', token: 'token-2' })
  })

  it('F33: stops with the reason when the new token is refused as well', async () => {
    bench.connection.start()
    for (let dial = 0; dial < 2; dial += 1) {
      await settle()
      bench.sockets.last.accept()
      bench.sockets.last.end({ code: 1008, reason: 'token_signature' })
    }
    await bench.clock.advance(120_000)
    expect(bench.connection.state).toEqual({
      kind: 'stopped',
      reason: 'token_signature',
      reach: 'source',
    })
    expect(bench.tokens.renewals).toBe(1)
    expect(bench.sockets.all).toHaveLength(2)
  })

  it('offers the token in the query to a server that does not read the header', async () => {
    bench.connection.start()
    await settle()
    bench.sockets.last.end({ status: 403 })
    await settle()
    expect(bench.sockets.last.credential).toEqual({ form: 'query', token: 'token-1' })
    expect(bench.tokens.renewals).toBe(0)
    bench.sockets.last.accept()
    bench.sockets.last.say('valid')
    bench.sockets.last.end()
    await bench.clock.advance(2_000)
    expect(bench.sockets.last.credential?.form).toBe('query')
  })

  it('stays with the header once a server has read it', async () => {
    await bench.open()
    bench.sockets.last.say('valid')
    bench.sockets.last.end({ code: 1008 })
    await settle()
    expect(bench.sockets.last.credential).toEqual({ form: 'header', token: 'token-2' })
  })

  it('does not offer the query when a server named another reason', async () => {
    bench.connection.start()
    await settle()
    bench.sockets.last.end({ status: 401, reason: 'token_signature' })
    await settle()
    expect(bench.sockets.last.credential).toEqual({ form: 'header', token: 'token-2' })
  })

  it('F49: refuses a token with a line break before any dial', async () => {
    const broken = new ConnectionBench()
    Object.defineProperty(broken.tokens, 'token', { get: () => 'a\r\nb' })
    broken.connection.start()
    await settle()
    expect(broken.sockets.all).toHaveLength(0)
    expect(broken.connection.state).toMatchObject({ kind: 'stopped', reason: 'token_malformed' })
    await broken.scope.close('test over')
  })

  it('waits when there is no token for a passing reason, and stops when the session is over', async () => {
    bench.tokens.failure = { code: 'unreachable', message: '' }
    bench.connection.start()
    await settle()
    expect(bench.connection.state.kind).toBe('waiting')
    bench.tokens.failure = { code: 'session_ended', message: '' }
    await bench.clock.advance(2_000)
    expect(bench.connection.state).toMatchObject({ kind: 'stopped', reason: 'session_ended' })
    expect(bench.sockets.all).toHaveLength(0)
  })

  it('F10: a certificate that is not trusted ends it at once', async () => {
    bench.connection.start()
    await settle()
    bench.sockets.last.end({ errorCode: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    await bench.clock.advance(120_000)
    expect(bench.sockets.all).toHaveLength(1)
    expect(bench.connection.state).toMatchObject({ kind: 'stopped', reason: 'tls_untrusted' })
  })

  it('ends when the work is over, and dials again when a server says goodbye too early', async () => {
    await bench.open()
    bench.sockets.last.end({ code: 1000 })
    expect(bench.connection.state.kind).toBe('waiting')
    await bench.clock.advance(2_000)
    bench.sockets.last.accept()
    bench.isOver = true
    bench.sockets.last.end({ code: 1000 })
    expect(bench.connection.state).toEqual({ kind: 'done', gone: false })
  })

  it('finish says goodbye and ends', async () => {
    await bench.open()
    bench.connection.finish()
    expect(bench.sockets.last.closes).toBe(1)
    expect(bench.connection.state.kind).toBe('done')
    await settle()
    expect(bench.sockets.live).toBe(0)
  })

  it('F72: closed while connecting, it leaves nothing and hears nothing', async () => {
    bench.connection.start()
    await settle()
    const { last } = bench.sockets
    const closing = bench.scope.close('signed out')
    last.accept()
    last.say('valid')
    await closing
    expect(bench.messages).toBe(0)
    expect(bench.kinds).toEqual(['dialling'])
  })

  it('I2: a token that comes after the end is not used', async () => {
    bench.connection.start()
    const closing = bench.scope.close('signed out')
    await closing
    await settle()
    expect(bench.sockets.all).toHaveLength(0)
  })

  it('I19: a jump of the wall clock moves no deadline', async () => {
    bench.connection.start()
    await settle()
    bench.clock.jump(3_600_000)
    await bench.clock.advance(9_999)
    expect(bench.sockets.live).toBe(1)
    bench.sockets.last.accept()
    bench.clock.jump(-7_200_000)
    await bench.clock.advance(11_999)
    expect(bench.connection.state.kind).toBe('open')
  })
})
