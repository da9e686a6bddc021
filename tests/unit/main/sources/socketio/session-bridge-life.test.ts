import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../../../src/main/lib/secret.ts'
import { BridgeBench, json, status } from '../../../../support/bridge-bench.ts'
import type { BridgeAnswer } from '../../../../support/bridge-bench.ts'
import { settle } from '../../../../support/fake-clock.ts'

let bench: BridgeBench

const token = new Secret('token-1')

beforeEach(() => {
  bench = new BridgeBench()
})

afterEach(async () => {
  await bench.close()
  expect(bench.clock.armed).toBe(0)
})

describe('the life of a session', () => {
  it.each<[string, number, number]>([
    ['a minute before its end', 300_001, 240_001],
    ['a minute, as four fifths of five', 300_000, 240_000],
    ['four fifths, where that is later', 299_000, 239_200],
    ['four fifths of nothing', -5_000, 0],
    ['no later than timers can', 2 ** 33, 2 ** 31 - 1],
  ])('is renewed: %s', async (_when, lifeMs, delayMs) => {
    bench.answers = [bench.granted(lifeMs)]
    await bench.bridge.open(token)
    expect(bench.clock.delays).toEqual([delayMs])
  })

  it.each(['not a date', undefined])(
    'goes by our clock where the server says none: %s',
    async (date) => {
      bench.answers = [bench.granted(300_000, date === undefined ? {} : { date })]
      await bench.bridge.open(token)
      expect(bench.clock.delays).toEqual([240_000])
    },
  )

  it('is over at its end, and not before', async () => {
    bench.answers = [bench.granted(10_000)]
    await bench.bridge.open(token)
    bench.clock.stall(9_999)
    await bench.bridge.open(token)
    expect(bench.asked).toHaveLength(1)
    bench.clock.stall(1)
    await bench.bridge.open(token)
    expect(bench.asked).toHaveLength(2)
    expect(bench.clock.delays).toEqual([8_000])
  })

  it('is without end where the new one tells none', async () => {
    bench.answers = [bench.granted(10_000), json({ success: true })]
    await bench.bridge.open(token)
    await bench.bridge.refresh(null)
    expect(bench.clock.armed).toBe(0)
    bench.clock.stall(1_000_000)
    await bench.bridge.open(token)
    expect(bench.asked).toHaveLength(2)
  })

  it.each<[string, BridgeAnswer[], number]>([
    ['refused once is left to the next', [status(500)], 2],
    ['that makes no sense is left to the next', [json({ success: false })], 2],
    ['whose server renews none stands', [status(404)], 1],
  ])('%s', async (_what, answer, bridges) => {
    bench.answers = [json({ success: true }), ...answer, json({ success: true })]
    await bench.bridge.open(token)
    await bench.bridge.refresh(null)
    await bench.bridge.open(token)
    expect(bench.asked.filter(({ url }) => url.endsWith('/bridge'))).toHaveLength(bridges)
    expect(bench.asked.filter(({ url }) => url.endsWith('/refresh'))).toHaveLength(1)
  })

  it('gives each of two tries to renew four seconds', async () => {
    bench.answers = [json({ success: true }), () => new Promise<never>(() => undefined)]
    await bench.bridge.open(token)
    const done = bench.bridge.refresh(null)
    await settle()
    expect(bench.clock.delays).toEqual([4_000])
    await bench.clock.advance(4_000)
    expect([bench.asked.length, bench.clock.delays]).toEqual([3, [4_000]])
    await bench.clock.advance(4_000)
    await done
    expect(bench.asked).toHaveLength(3)
  })

  it('that is renewed as it ends is told goodbye once, and never renewed again', async () => {
    const cookie = { 'set-cookie': 's=1; Path=/' }
    let renew: (response: Response) => void = () => undefined
    bench.answers = [
      bench.granted(300_000, cookie),
      () => new Promise((resolve) => (renew = resolve)),
      status(204),
    ]
    await bench.bridge.open(token)
    void bench.bridge.refresh(null)
    await settle()
    const closed = bench.scope.close('signed out')
    renew(bench.granted(300_000, cookie)())
    await closed
    expect(bench.asked.map(({ method }) => method)).toEqual(['POST', 'POST', 'DELETE'])
    expect(bench.clock.armed).toBe(0)
  })

  it('is not renewed again because what renews it is ended', async () => {
    await bench.bridge.open(token)
    bench.answers = [() => new Promise<never>(() => undefined)]
    const done = bench.bridge.refresh(null)
    await settle()
    await bench.scope.close('signed out')
    await done
    expect(bench.asked.map(({ method }) => method)).toEqual(['POST', 'POST'])
  })
})
