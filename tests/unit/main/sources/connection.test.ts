import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { DialGate } from '../../../../src/main/sources/dial-gate.ts'
import { ConnectionBench } from '../../../support/connection-bench.ts'
import { settle } from '../../../support/fake-clock.ts'

let bench: ConnectionBench

beforeEach(() => {
  bench = new ConnectionBench()
})

afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.sockets.live).toBe(0)
  expect(bench.clock.armed).toBe(0)
  expect(bench.scope.size).toBe(0)
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

describe('Connection, as its owner asks for it', () => {
  it('takes a dial that cannot even begin for one that failed', async () => {
    bench = new ConnectionBench({
      sockets: () => {
        throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' })
      },
    })
    bench.connection.start()
    await settle()
    expect(bench.kinds).toEqual(['dialling', 'waiting'])
    expect(bench.connection.reason).toBe('name_not_found')
  })

  it('asks for no longer a message than it was told, and for none when it was told nothing', async () => {
    await bench.open()
    expect(bench.sockets.last.maxFrameBytes).toBeUndefined()
    await bench.scope.close('test over')
    bench = new ConnectionBench({ more: { maxFrameBytes: 4_096 } })
    await bench.open()
    expect(bench.sockets.last.maxFrameBytes).toBe(4_096)
  })

  it('gives up a dial by the deadline that it was told', async () => {
    bench = new ConnectionBench({ more: { dialWithinMs: 3_000 } })
    bench.connection.start()
    await bench.clock.advance(2_999)
    expect(bench.connection.state.kind).toBe('dialling')
    await bench.clock.advance(1)
    expect(bench.connection.reason).toBe('timed_out')
  })

  it('asks for a sign of life in the way that it was told', async () => {
    const asked: unknown[] = []
    bench = new ConnectionBench({ more: { ping: (connection) => asked.push(connection) } })
    await bench.open()
    await bench.clock.advance(8_000)
    expect(asked).toEqual([bench.connection])
    expect(bench.sockets.last.pings).toBe(0)
    await bench.clock.advance(4_000)
    expect(bench.connection.reason).toBe('timed_out')
  })

  it('leaves the first words to nobody when opening was already the end', async () => {
    const opened: string[] = []
    bench = new ConnectionBench({
      more: { onOpened: ({ state }) => opened.push(state.kind) },
      onEvent: () => bench.connection.fail({ kind: 'stop', reason: 'forbidden', reach: 'source' }),
    })
    await bench.open()
    expect(bench.kinds).toEqual(['dialling', 'open', 'stopped'])
    expect(opened).toEqual([])
    await bench.scope.close('test over')
    bench = new ConnectionBench({ more: { onOpened: ({ state }) => opened.push(state.kind) } })
    await bench.open()
    expect(opened).toEqual(['open'])
  })

  it('knows whether it stands on an older token than one', async () => {
    const [old, newer] = [new Secret('token-1'), new Secret('token-2')]
    expect(bench.connection.isOutdated(newer)).toBe(false)
    bench.connection.start()
    expect(bench.connection.isOutdated(newer)).toBe(false)
    await settle()
    bench.connection.adopt(newer)
    const stands = (): boolean[] => [old, newer].map((token) => bench.connection.isOutdated(token))
    expect(stands()).toEqual([false, true])
    bench.sockets.last.accept()
    expect(stands()).toEqual([false, true])
    bench.connection.adopt(newer)
    expect(stands()).toEqual([true, false])
    bench.sockets.last.end()
    expect(stands()).toEqual([false, false])
  })

  it('has no reason any more once it is open', async () => {
    await bench.open()
    bench.sockets.last.end({ code: 1013 })
    expect(bench.connection.reason).not.toBeNull()
    await bench.clock.advance(30_000)
    expect(bench.connection.reason).not.toBeNull()
    bench.sockets.last.accept()
    expect(bench.connection.reason).toBeNull()
  })

  it('says nothing on a socket that is not open', async () => {
    bench.connection.start()
    bench.connection.send('before there is one')
    await settle()
    bench.connection.send('too early')
    bench.sockets.last.accept()
    bench.connection.send('in time')
    expect(bench.sockets.last.sent).toEqual(['in time'])
  })

  it.each([
    [9_999, 4_000],
    [10_000, 1_000],
  ])(
    'up for %i ms with a valid message, it waits %i ms after two failures',
    async (upMs, delayMs) => {
      bench.connection.start()
      for (const waitMs of [1_000, 2_000]) {
        await settle()
        bench.sockets.last.end({ errorCode: 'ECONNREFUSED' })
        await bench.clock.advance(waitMs)
      }
      bench.sockets.last.accept()
      bench.sockets.last.say('valid')
      await bench.clock.advance(upMs)
      bench.sockets.last.end()
      expect(bench.connection.nextTryAtMs).toBe(bench.clock.now() + delayMs)
    },
  )

  it('gives up a renewal that is never answered after 15 s, and takes no answer later', async () => {
    const late = Promise.withResolvers<Awaited<ReturnType<typeof bench.tokens.renew>>>()
    bench.tokens.renew = () => late.promise
    bench.connection.start()
    await settle()
    bench.sockets.last.end({ status: 401, reason: 'token_expired' })
    await bench.clock.advance(14_999)
    expect(bench.connection.state.kind).toBe('renewing')
    await bench.clock.advance(1)
    expect(bench.connection.state).toMatchObject({
      kind: 'waiting',
      tries: { reason: 'timed_out' },
    })
    late.resolve(await bench.tokens.current())
    await settle()
    expect(bench.connection.state.kind).toBe('waiting')
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

describe('DialGate', () => {
  it('lets only so many dials be under way, and counts a wait in the queue against no deadline', async () => {
    const gate = new DialGate(2)
    const benches = [1, 2, 3].map(() => new ConnectionBench({ gate }))
    for (const { connection } of benches) connection.start()
    await settle()
    expect(benches.map(({ sockets }) => sockets.live)).toEqual([1, 1, 0])
    await benches[2]!.clock.advance(30_000)
    expect(benches[2]!.connection.state.kind).toBe('dialling')
    benches[0]!.sockets.last.accept()
    await settle()
    expect(benches[2]!.sockets.live).toBe(1)
    for (const { scope } of benches) await scope.close('test over')
  })

  it('gives up a place in the queue when its owner closes', () => {
    const gate = new DialGate(1)
    const started: string[] = []
    const leaveFirst = gate.enter(() => started.push('first'))
    const leaveSecond = gate.enter(() => started.push('second'))
    gate.enter(() => started.push('third'))
    leaveSecond()
    leaveFirst()
    leaveFirst()
    gate.enter(() => started.push('fourth'))
    expect(started).toEqual(['first', 'third'])
  })

  describe('whose token is said on the open socket', () => {
    it('F34: shows it neither in the address nor in a header', async () => {
      bench = new ConnectionBench({ transport: 'none' })
      await bench.open()
      const { url, headers, credential } = bench.sockets.last
      expect([headers, credential, url.includes('token')]).toEqual([{}, null, false])
    })

    it('is ended by what is said there, as if by a close', async () => {
      bench = new ConnectionBench({ transport: 'none' })
      await bench.open()
      bench.connection.fail({ kind: 'retry', reason: 'rate_limited', minDelayMs: 10_000 })
      expect(bench.sockets.live).toBe(0)
      expect(bench.connection.reason).toBe('rate_limited')
      expect(bench.connection.nextTryAtMs).toBe(bench.clock.now() + 11_000)
      bench.connection.fail({ kind: 'stop', reason: 'forbidden', reach: 'source' })
      expect(bench.connection.state.kind).toBe('waiting')
    })

    it('F31: has the token that was refused there renewed once', async () => {
      bench = new ConnectionBench({ transport: 'none' })
      await bench.open()
      const expired = { kind: 'refused', reason: 'token_expired', named: true } as const
      bench.connection.fail(expired)
      await settle()
      expect(bench.tokens.renewals).toBe(1)
      bench.sockets.last.accept()
      bench.connection.fail(expired)
      expect(bench.connection.state).toMatchObject({ kind: 'stopped', reason: 'token_expired' })
    })

    it('lets whoever opened it say what an ending means', async () => {
      bench = new ConnectionBench({
        transport: 'none',
        judge: () => ({ kind: 'stop', reason: 'key_wrong', reach: 'source' }),
      })
      bench.connection.start()
      await settle()
      bench.sockets.last.end({ status: 401 })
      expect(bench.connection.state).toMatchObject({ kind: 'stopped', reason: 'key_wrong' })
      expect(bench.tokens.renewals).toBe(0)
    })
  })
})
