import { beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { Asking } from '../../../../src/main/sources/asking.ts'
import { FakeSockets } from '../../../support/fake-socket.ts'
import type { FakeSocket } from '../../../support/fake-socket.ts'

const dial = (canPing: boolean): FakeSocket => {
  const nothing = (): undefined => undefined
  const handlers = { open: nothing, message: nothing, pong: nothing, close: nothing }
  const socket = new FakeSockets().dial({ url: new Secret('ws://gate/'), headers: {}, handlers })
  socket.canPing = canPing
  return socket
}
const pong = '{"type":"pong"}'

let asking: Asking

beforeEach(() => {
  asking = new Asking()
})

describe('a peer on a socket that pings', () => {
  it('must answer, and is asked by nothing but the ping', () => {
    const socket = dial(true)
    expect(asking.ask(socket)).toBe(true)
    expect([socket.pings, socket.sent]).toEqual([1, []])
    expect(asking.hears(pong)).toBe(false)
  })

  it('is expected to answer where there is no socket', () => {
    expect(asking.ask(null)).toBe(true)
    expect(asking.hears(pong)).toBe(false)
  })

  it('has answered no message before it was asked by one', () => {
    expect(asking.hears(pong)).toBe(false)
    expect(asking.ask(dial(false))).toBe(false)
  })
})

describe('a peer on a socket that cannot ping', () => {
  it('is asked by a message, and need not answer', () => {
    const socket = dial(false)
    expect(asking.ask(socket)).toBe(false)
    expect(socket.sent).toEqual(['{"type":"ping"}'])
  })

  it('must answer once it has answered, on the next socket too', () => {
    asking.ask(dial(false))
    expect(asking.hears(pong)).toBe(true)
    expect(asking.hears('{"type":"progress"}')).toBe(false)
    const next = dial(false)
    expect(asking.ask(next)).toBe(true)
    expect(next.sent).toEqual(['{"type":"ping"}'])
  })

  const padded = (length: number): string => pong.padEnd(length, ' ')

  it.each([
    [pong, true],
    ['{"type":"pong","at":7}', true],
    [{ type: 'pong' }, true],
    [padded(64), true],
    [padded(65), false],
    ['{"type":"ping"}', false],
    [{ type: 'progress' }, false],
    ['"pong"', false],
    ['pong', false],
    ['', false],
    [null, false],
    [['pong'], false],
  ])('says %j: an answer? %s', (message, isAnswer) => {
    asking.ask(dial(false))
    expect(asking.hears(message)).toBe(isAnswer)
    expect(asking.ask(dial(false))).toBe(isAnswer)
  })

  it('is listened to for messages no more once the next socket pings', () => {
    asking.ask(dial(false))
    asking.ask(dial(true))
    expect(asking.hears(pong)).toBe(false)
  })
})
