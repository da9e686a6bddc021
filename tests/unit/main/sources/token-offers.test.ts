import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { TokenOffers } from '../../../../src/main/sources/token-offers.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'

let scope: Scope
let clock: FakeClock
let sent: string[]
let offers: TokenOffers
let settled: [string, boolean][]

beforeEach(() => {
  scope = new Scope('socket')
  clock = new FakeClock()
  sent = []
  settled = []
  offers = new TokenOffers({ scope, clock, send: (text) => sent.push(text) })
})
afterEach(async () => {
  await scope.close('test over')
  await settle()
  expect(clock.armed).toBe(0)
})

async function offer(token: string): Promise<void> {
  void offers.offer(new Secret(token)).then((taken) => settled.push([token, taken]))
  await settle()
}
async function answer(taken: boolean): Promise<void> {
  offers.answer(taken)
  await settle()
}

describe('a renewed token offered on an open socket', () => {
  it('is said once, as text', async () => {
    await offer('a"b')
    expect(sent).toEqual(['{"type":"auth","token":"a\\"b"}'])
    expect(settled).toEqual([])
  })

  it.each([true, false])('is taken or not, as the server says: %s', async (taken) => {
    await offer('a')
    await answer(taken)
    expect(settled).toEqual([['a', taken]])
    expect(clock.armed).toBe(0)
  })

  it('is not taken when nothing was said for 10 s', async () => {
    await offer('a')
    await clock.advance(9_999)
    expect(settled).toEqual([])
    await clock.advance(1)
    expect(settled).toEqual([['a', false]])
  })

  it('is answered in the order of the offers', async () => {
    await offer('a')
    await offer('b')
    await answer(false)
    expect(settled).toEqual([['a', false]])
    await answer(true)
    expect(settled).toEqual([
      ['a', false],
      ['b', true],
    ])
  })

  it('is not answered by what was said twice, or before it', async () => {
    await answer(true)
    await offer('a')
    await answer(true)
    await answer(true)
    await offer('b')
    expect(settled).toEqual([['a', true]])
  })

  it('that was answered in time leaves the next one its whole 10 s', async () => {
    await offer('a')
    await clock.advance(5_000)
    await answer(true)
    await offer('b')
    await clock.advance(9_999)
    expect(settled).toEqual([['a', true]])
    await clock.advance(1)
    expect(settled.at(-1)).toEqual(['b', false])
  })

  it('is not taken when the socket ends, however many were offered', async () => {
    await offer('a')
    await offer('b')
    await scope.close('socket closed')
    await settle()
    expect(settled).toEqual([
      ['a', false],
      ['b', false],
    ])
    expect(clock.armed).toBe(0)
  })

  it('I2: is not said any more on a socket that has ended', async () => {
    await scope.close('socket closed')
    await offer('a')
    expect([sent, settled]).toEqual([[], [['a', false]]])
  })
})
