import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DialGate } from '../../../../src/main/sources/dial-gate.ts'
import { settle } from '../../../support/fake-clock.ts'
import { LineBench } from '../../../support/line-bench.ts'

let bench: LineBench
const tokenOf = (at: number): string | undefined => bench.socket(at).credential?.token
const statesOf = (): string[] => bench.sockets.all.map(({ state }) => state)

beforeEach(() => {
  bench = new LineBench()
})

afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.sockets.live).toBe(0)
  expect(bench.clock.armed).toBe(0)
  expect(bench.scope.size).toBe(0)
})

describe('Line', () => {
  it('is a connection: it opens, waits and dials again', async () => {
    await bench.open()
    bench.socket(0).end()
    expect(bench.line.reason).toBe('unreachable')
    expect(bench.line.nextTryAtMs).toBe(bench.clock.now() + 1_000)
    await bench.clock.advance(1_000)
    bench.socket(1).accept()
    expect(bench.kinds).toEqual(['dialling', 'open', 'waiting', 'dialling', 'open'])
    expect(bench.sockets.peak).toBe(1)
  })

  it('F32: makes a successor with the renewed token before it breaks what works', async () => {
    await bench.open()
    await bench.renew()
    expect(tokenOf(1)).toBe('token-2')
    bench.socket(1).accept()
    expect(statesOf()).toEqual(['open', 'open'])
    bench.socket(0).say('valid')
    expect(statesOf()).toEqual(['open', 'open'])
    bench.socket(1).say('valid')
    await settle()
    expect(statesOf()).toEqual(['closed', 'open'])
    expect(bench.socket(0).closes).toBe(1)
    expect(bench.messages).toEqual(['valid', 'valid'])
    expect(bench.kinds.slice(1)).toEqual(['open', 'open'])
  })

  it('is not satisfied by a message that it did not understand', async () => {
    await bench.open()
    await bench.renew()
    bench.socket(1).accept()
    bench.socket(1).say('what?')
    expect(statesOf()).toEqual(['open', 'open'])
  })

  it('says things on the socket that counts', async () => {
    await bench.open()
    await bench.renew()
    bench.socket(1).accept()
    bench.line.send('to the old one')
    bench.socket(1).say('valid')
    bench.line.send('to the new one')
    expect([bench.socket(0).sent, bench.socket(1).sent]).toEqual([
      ['to the old one'],
      ['to the new one'],
    ])
  })

  it.each([
    ['dialling', () => undefined],
    ['open', () => bench.socket(1).accept()],
    ['waiting', () => bench.socket(1).end({ status: 503 })],
  ])('lets a successor that is %s take over at once when the old one ends', async (kind, act) => {
    await bench.open()
    await bench.renew()
    act()
    bench.socket(0).end({ code: 1008, reason: 'token_expired' })
    await settle()
    expect(bench.line.state.kind).toBe(kind)
    expect(bench.tokens.renewals).toBe(1)
    await bench.clock.advance(2_000)
    bench.sockets.last.accept()
    bench.sockets.last.say('valid')
    expect(bench.sockets.live).toBe(1)
    expect(bench.line.state.kind).toBe('open')
    expect(bench.sockets.last.credential?.token).toBe('token-2')
  })

  it('keeps the old one when the successor is refused for good, until it ends by itself', async () => {
    await bench.open()
    await bench.renew()
    bench.socket(1).end({ status: 401, reason: 'token_signature' })
    await settle()
    expect(tokenOf(2)).toBe('token-3')
    bench.socket(2).end({ status: 401, reason: 'token_signature' })
    await bench.clock.advance(7_999)
    expect(bench.sockets.all).toHaveLength(3)
    expect(bench.tokens.renewals).toBe(2)
    expect(bench.kinds).toEqual(['dialling', 'open'])
  })

  it('tries no successor for a minute after one was refused for good', async () => {
    await bench.open()
    const old = bench.socket(0)
    old.onPing = () => queueMicrotask(() => old.pong())
    await bench.renew()
    bench.socket(1).end({ status: 403, reason: 'forbidden' })
    await bench.renew()
    await bench.clock.advance(59_999)
    await bench.renew()
    expect(bench.sockets.all).toHaveLength(2)
    await bench.clock.advance(1)
    await bench.renew()
    expect(bench.sockets.all).toHaveLength(3)
    expect([statesOf()[0], tokenOf(2)]).toEqual(['open', bench.tokens.token])
  })

  it('stops with the old one when that is refused and a new dial is too', async () => {
    await bench.open()
    await bench.renew()
    bench.socket(1).end({ code: null, status: 403, reason: 'forbidden' })
    bench.socket(0).end({ code: 1008, reason: 'token_expired' })
    await settle()
    bench.sockets.last.end({ status: 401, reason: 'token_expired' })
    await settle()
    expect(bench.line.state).toMatchObject({ kind: 'stopped', reason: 'token_expired' })
    expect(bench.sockets.live).toBe(0)
  })

  it('has one successor, however often the token is renewed meanwhile', async () => {
    await bench.open()
    await bench.renew()
    await bench.renew()
    expect(statesOf()).toEqual(['open', 'connecting'])
    bench.socket(1).accept()
    bench.socket(1).say('valid')
    await settle()
    expect(statesOf()).toEqual(['closed', 'open', 'connecting'])
    expect(tokenOf(2)).toBe('token-3')
    expect(bench.sockets.peak).toBe(2)
  })

  it('I5: lines whose successors are refused do not renew the token for each other without end', async () => {
    const other = new LineBench({}, bench.tokens)
    await bench.open()
    await other.open()
    const refuseAll = async (): Promise<void> => {
      for (const { sockets } of [bench, other]) {
        for (const socket of sockets.all.slice(1)) {
          socket.end({ status: 401, reason: 'token_not_yet_valid' })
        }
      }
      await settle()
    }
    await bench.renew()
    for (let round = 0; round < 10; round += 1) await refuseAll()
    expect(bench.tokens.renewals).toBeLessThanOrEqual(3)
    expect(statesOf()[0]).toBe('open')
    await bench.renew()
    await refuseAll()
    expect(bench.sockets.all.length + other.sockets.all.length).toBeLessThanOrEqual(6)
    await bench.clock.advance(7_000)
    await other.scope.close('test over')
  })

  it('lets a successor that waits take the newest token with its next dial', async () => {
    await bench.open()
    await bench.renew()
    bench.socket(1).end({ status: 503 })
    await bench.renew()
    expect(bench.sockets.all).toHaveLength(2)
    await bench.clock.advance(2_000)
    expect(tokenOf(2)).toBe('token-3')
  })

  it('needs no successor while it is not open: the next dial has the new token', async () => {
    await bench.open()
    bench.socket(0).end()
    await bench.renew()
    await bench.clock.advance(1_000)
    expect(tokenOf(1)).toBe('token-2')
    bench.socket(1).accept()
    await settle()
    expect(bench.sockets.all).toHaveLength(2)
  })

  it('sees a token that was renewed during the dial', async () => {
    bench.line.start()
    await settle()
    await bench.renew()
    expect(bench.sockets.all).toHaveLength(1)
    bench.socket(0).accept()
    await settle()
    expect(tokenOf(1)).toBe('token-2')
  })

  it('hands over again when the successor was overtaken by another renewal', async () => {
    await bench.open()
    await bench.renew()
    bench.socket(1).accept()
    bench.socket(0).end()
    await bench.renew()
    expect(tokenOf(2)).toBe('token-3')
    bench.socket(2).accept()
    bench.socket(2).say('valid')
    await settle()
    expect(statesOf()).toEqual(['closed', 'closed', 'open'])
  })

  it('ends both when the work is over', async () => {
    await bench.open()
    await bench.renew()
    bench.socket(1).accept()
    bench.socket(1).say('last')
    await settle()
    expect(bench.sockets.live).toBe(0)
    expect(bench.line.state).toEqual({ kind: 'done', gone: false })
  })

  it('ends both when the old one hears that there is no more', async () => {
    await bench.open()
    await bench.renew()
    bench.socket(0).end({ code: 4404 })
    await settle()
    expect(bench.line.state).toEqual({ kind: 'done', gone: true })
    expect(bench.sockets.live).toBe(0)
  })

  it('wakes both', async () => {
    await bench.open()
    await bench.renew()
    bench.socket(1).accept()
    bench.line.wake()
    expect([bench.socket(0).pings, bench.socket(1).pings]).toEqual([1, 1])
  })

  it('I2: does nothing any more once it is closed, whatever is renewed then', async () => {
    await bench.open()
    const renewing = bench.renew()
    await bench.scope.close('signed out')
    await renewing
    await bench.renew()
    expect(bench.sockets.all).toHaveLength(1)
  })

  it('spreads many hand-overs by the gate', async () => {
    const gate = new DialGate(2)
    const benches = [1, 2, 3].map(() => new LineBench({ gate }))
    for (const one of benches) await one.open()
    for (const one of benches) await one.renew()
    expect(benches.map(({ sockets }) => sockets.live)).toEqual([2, 2, 1])
    benches[0]!.socket(1).accept()
    await settle()
    expect(benches[2]!.sockets.live).toBe(2)
    for (const { scope } of benches) await scope.close('test over')
  })
})
