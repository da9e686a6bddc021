import { describe, expect, it } from 'vitest'
import type { SocketHandlers } from '../../../../src/main/ports.ts'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { Meter } from '../../../../src/main/workspaces/meter.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const nothing = { sockets: 0, timersAndRequests: 0, subscriptions: 0 }
const handlers = (): SocketHandlers => ({ open() {}, message() {}, pong() {}, close() {} })
const ended = { code: 1006, reason: '', status: null, retryAfterMs: null, errorCode: null }

const open = () => {
  const clock = new FakeClock()
  const dialled: SocketHandlers[] = []
  const answers: PromiseWithResolvers<Response>[] = []
  let fails = false
  const meter = new Meter({
    clock,
    sockets: (request) => {
      if (fails) throw new Error('no')
      dialled.push(request.handlers)
      return { send() {}, ping: () => true, close() {}, terminate() {}, bufferedAmount: 3 }
    },
    fetch: () => {
      const answer = Promise.withResolvers<Response>()
      answers.push(answer)
      return answer.promise
    },
  })
  const dial = (given = handlers()) =>
    meter.sockets({ url: new Secret('ws://127.0.0.1'), headers: {}, handlers: given })
  const fail = (): void => {
    fails = true
  }
  return { clock, dialled, answers, meter, dial, fail }
}

describe('the meter of a workspace', () => {
  it('counts a socket until it closes by itself', () => {
    const { meter, dial, dialled } = open()
    let closed = 0
    const socket = dial({ ...handlers(), close: () => (closed += 1) })
    expect(meter.tally.sockets).toBe(1)
    expect(socket.bufferedAmount).toBe(3)
    dialled[0]?.close(ended)
    expect([meter.tally.sockets, closed]).toEqual([0, 1])
  })

  it('counts a socket once, however often it ends', () => {
    const { meter, dial, dialled } = open()
    const socket = dial()
    dial()
    socket.close()
    expect(meter.tally.sockets).toBe(2)
    socket.terminate()
    socket.terminate()
    dialled[0]?.close(ended)
    expect(meter.tally.sockets).toBe(1)
  })

  it('counts no socket that could not be made', () => {
    const { meter, dial, fail } = open()
    fail()
    expect(() => dial()).toThrow('no')
    expect(meter.tally).toEqual(nothing)
  })

  it('counts a timer until it ran or was cancelled', async () => {
    const { meter, clock } = open()
    let ran = 0
    meter.clock.after(10, () => (ran += 1))
    const cancel = meter.clock.after(20, () => (ran += 1))
    expect([meter.tally.timersAndRequests, meter.clock.armed]).toEqual([2, 2])
    await clock.advance(10)
    expect(meter.tally.timersAndRequests).toBe(1)
    cancel()
    cancel()
    await clock.advance(10)
    expect([meter.tally.timersAndRequests, ran, clock.armed]).toEqual([0, 1, 0])
  })

  it('counts a request until it is answered or fails', async () => {
    const { meter, answers } = open()
    const first = meter.fetch('http://127.0.0.1')
    const second = meter.fetch('http://127.0.0.1')
    expect(meter.tally.timersAndRequests).toBe(2)
    answers[0]?.resolve(new Response())
    await first
    answers[1]?.reject(new Error('gone'))
    await expect(second).rejects.toThrow('gone')
    expect(meter.tally).toEqual(nothing)
  })

  it('counts a subscription until its off-switch is used', () => {
    const { meter } = open()
    let offs = 0
    const off = meter.subscribed(() => (offs += 1))
    expect(meter.tally.subscriptions).toBe(1)
    off()
    off()
    expect([meter.tally.subscriptions, offs]).toEqual([0, 2])
  })
})
