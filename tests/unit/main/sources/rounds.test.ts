import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { retry } from '../../../../src/main/sources/close-codes.ts'
import type { GatewayAnswer } from '../../../../src/main/sources/gateway-http.ts'
import { Rounds } from '../../../../src/main/sources/rounds.ts'
import type { Round } from '../../../../src/main/sources/rounds.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'

const trouble: GatewayAnswer = {
  kind: 'failed',
  verdict: retry('server_error'),
}

let scope: Scope
let clock: FakeClock
let begun: (Round & { readonly end: (answer: GatewayAnswer | null) => void })[]
let stopped: string[]

function rounds(periodMs: number | null = 5_000): Rounds {
  return new Rounds({
    scope,
    clock,
    random: () => 0.5,
    periodMs: () => periodMs,
    run: (round) => new Promise((end) => begun.push({ ...round, end })),
    onStopped: (reason) => stopped.push(reason),
    onChanged: () => undefined,
  })
}
async function end(answer: GatewayAnswer | null = null): Promise<void> {
  begun.at(-1)?.end(answer)
  await settle()
}

beforeEach(() => {
  scope = new Scope('test')
  clock = new FakeClock()
  begun = []
  stopped = []
})
afterEach(async () => {
  await scope.close('test over')
  expect(clock.armed).toBe(0)
})

describe('Rounds', () => {
  it('come one period after the end of the one before', async () => {
    rounds().next()
    await clock.advance(60_000)
    expect(begun).toHaveLength(1)
    await end()
    await clock.advance(4_999)
    expect(begun).toHaveLength(1)
    await clock.advance(1)
    expect(begun).toHaveLength(2)
    expect(begun.map(({ first }) => first)).toEqual([true, false])
  })

  it('without a period come when they are asked for', async () => {
    const asked = rounds(null)
    asked.next()
    await end()
    expect(clock.armed).toBe(0)
    asked.within(2_000)
    await clock.advance(2_000)
    expect(begun).toHaveLength(2)
  })

  it('are not put off by being asked for again and again', async () => {
    const asked = rounds()
    asked.next()
    await end()
    for (let time = 0; time < 4; time += 1) {
      asked.within(500)
      await clock.advance(200)
    }
    expect(begun).toHaveLength(2)
  })

  it('asked for while one is under way, come after it', async () => {
    const asked = rounds()
    asked.next()
    asked.next()
    expect(begun).toHaveLength(1)
    await end()
    expect(begun).toHaveLength(2)
    asked.within(1_000)
    await end()
    await clock.advance(1_000)
    expect(begun).toHaveLength(3)
  })

  it('that failed come again after a wait that being asked does not shorten', async () => {
    const asked = rounds()
    asked.next()
    await end(trouble)
    expect([asked.reason, asked.nextTryAtMs]).toEqual(['server_error', clock.now() + 1_000])
    asked.within(10)
    await clock.advance(999)
    expect(begun).toHaveLength(1)
    await clock.advance(1)
    expect(begun[1]?.first).toBe(true)
    await end()
    expect([asked.reason, asked.nextTryAtMs]).toEqual([null, null])
  })

  it('wait for as long as the server says, and the usual time besides', async () => {
    const asked = rounds()
    asked.next()
    await end({ kind: 'failed', verdict: retry('rate_limited', 10_000) })
    expect([asked.reason, clock.delays]).toEqual(['rate_limited', [11_000]])
  })

  it('that found no answer to what was asked come again after the usual wait', async () => {
    const asked = rounds()
    asked.next()
    await end({ kind: 'missing' })
    expect([asked.reason, clock.delays]).toEqual(['protocol_error', [1_000]])
  })

  it('F65: one that hangs is given up when the computer wakes, a young one is not', async () => {
    const asked = rounds()
    await clock.advance(60_000)
    asked.next()
    asked.wake()
    expect(begun).toHaveLength(1)
    await clock.advance(2_000)
    asked.wake()
    expect(begun).toHaveLength(1)
    await clock.advance(1)
    asked.wake()
    expect(begun).toHaveLength(2)
    expect(begun[0]?.scope.closed).toBe(true)
    begun[0]?.end(trouble)
    await settle()
    expect(asked.reason).toBeNull()
  })

  it('are over for good when one says so', async () => {
    rounds().next()
    await end({
      kind: 'failed',
      verdict: { kind: 'stop', reason: 'table_unknown', reach: 'source' },
    })
    expect(stopped).toEqual(['table_unknown'])
    expect(clock.armed).toBe(0)
  })

  it('end with their scope, also the one under way', async () => {
    const asked = rounds()
    asked.next()
    await scope.close('over')
    await end()
    asked.next()
    asked.wake()
    expect(begun).toHaveLength(1)
  })
})
