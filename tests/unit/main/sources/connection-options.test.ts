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
  expect(await bench.close()).toEqual({ sockets: 0, timers: 0, owned: 0 })
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
