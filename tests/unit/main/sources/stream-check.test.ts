import { afterEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'
import type { GatewayAnswer } from '../../../../src/main/sources/gateway-http.ts'
import { StreamCheck } from '../../../../src/main/sources/stream-check.ts'
import type { StreamPlace } from '../../../../src/main/sources/stream-frames.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'

const scopes: Scope[] = []

/** A quiet stream that was heard up to its third event, of a server that says it is at the fourth. */
class Quiet {
  readonly clock = new FakeClock()
  place: StreamPlace | null = { epoch: 'e', offset: 3 }
  isWhole = true
  answer: GatewayAnswer | Promise<GatewayAnswer> = body({ jobs: [], epoch: 'e', offset: 4 })
  readonly asked: string[] = []
  /** Whether it was for the same place as before, each time. */
  readonly claims: boolean[] = []
  readonly check: StreamCheck

  constructor() {
    const scope = new Scope('stream')
    scopes.push(scope)
    this.check = new StreamCheck({
      scope,
      clock: this.clock,
      random: () => 0.5,
      http: () => async (path) => {
        this.asked.push(path)
        return this.answer
      },
      place: () => this.place,
      isWhole: () => this.isWhole,
      onBehind: (again) => this.claims.push(again),
    })
    this.check.start()
  }
}

const body = (said: unknown): GatewayAnswer => ({ kind: 'body', body: said })

afterEach(async () => {
  for (const scope of scopes.splice(0)) await scope.close('test over')
})

describe('StreamCheck', () => {
  it('F52: finds a hole that no later event follows', async () => {
    const quiet = new Quiet()
    await quiet.clock.advance(9_000)
    expect([quiet.asked, quiet.claims.length]).toEqual([['api/v1/jobs?limit=1'], 0])
    await quiet.clock.advance(4_000)
    expect([quiet.asked.length, quiet.claims.length]).toEqual([1, 1])
  })

  it('takes an answer that is younger than what is under way for no hole', async () => {
    const quiet = new Quiet()
    await quiet.clock.advance(9_000)
    quiet.place = { epoch: 'e', offset: 4 }
    await quiet.clock.advance(60_000)
    expect(quiet.claims.length).toBe(0)
  })

  it('gives what is under way its time again while the stream says something, and after a wake', async () => {
    const quiet = new Quiet()
    await quiet.clock.advance(9_000)
    quiet.check.heard()
    await quiet.clock.advance(9_000)
    expect([quiet.asked.length, quiet.claims.length]).toEqual([2, 0])
    quiet.check.wake()
    await quiet.clock.advance(0)
    expect(quiet.claims.length).toBe(0)
    await quiet.clock.advance(4_000)
    expect(quiet.claims.length).toBe(1)
  })

  it('asks once more at a wake, from which what is under way has all of its time', async () => {
    const quiet = new Quiet()
    await quiet.clock.advance(11_000)
    quiet.check.wake()
    await settle()
    expect(quiet.asked.length).toBe(2)
    await quiet.clock.advance(3_999)
    expect(quiet.claims.length).toBe(0)
    await quiet.clock.advance(1)
    expect(quiet.claims).toEqual([false])
  })

  it('makes nothing of an answer that comes when nothing is known any more', async () => {
    const quiet = new Quiet()
    const answer = Promise.withResolvers<GatewayAnswer>()
    quiet.answer = answer.promise
    await quiet.clock.advance(9_000)
    quiet.place = null
    answer.resolve(body({ jobs: [], epoch: 'e', offset: 4 }))
    await settle()
    quiet.place = { epoch: 'e', offset: 3 }
    await quiet.clock.advance(8_999)
    expect([quiet.asked.length, quiet.claims.length]).toEqual([1, 0])
    await quiet.clock.advance(1)
    expect(quiet.asked.length).toBe(2)
  })

  it('does not ask while nothing is known', async () => {
    const quiet = new Quiet()
    quiet.place = null
    await quiet.clock.advance(60_000)
    expect(quiet.asked).toEqual([])
  })

  it('does not ask while the stream says something', async () => {
    const quiet = new Quiet()
    for (let second = 0; second < 60; second += 1) {
      quiet.check.heard()
      await quiet.clock.advance(1_000)
    }
    expect(quiet.asked).toEqual([])
  })

  it('begins anew only once for a server that says that it is ahead and that this is all', async () => {
    const quiet = new Quiet()
    await quiet.clock.advance(600_000)
    expect([quiet.asked.length, quiet.claims.length]).toEqual([1, 1])
    quiet.place = { epoch: 'e', offset: 4 }
    quiet.answer = body({ jobs: [], epoch: 'e', offset: 5 })
    await quiet.clock.advance(600_000)
    expect(quiet.claims.length).toBe(2)
  })

  it('begins anew again while the server owes what it announced, and says so', async () => {
    const quiet = new Quiet()
    quiet.isWhole = false
    await quiet.clock.advance(26_000)
    expect(quiet.claims).toEqual([false, true])
    quiet.place = { epoch: 'e', offset: 4 }
    quiet.answer = body({ jobs: [], epoch: 'e', offset: 5 })
    await quiet.clock.advance(26_000)
    expect(quiet.claims).toEqual([false, true, false, true])
  })

  it('F53: compares no places of two histories, and none that nothing is known of', async () => {
    const quiet = new Quiet()
    quiet.answer = body({ jobs: [], epoch: 'other', offset: 9 })
    await quiet.clock.advance(60_000)
    quiet.place = null
    await quiet.clock.advance(60_000)
    expect(quiet.claims.length).toBe(0)
  })

  it.each([[{ kind: 'missing' } as const], [body({ jobs: [] })]])(
    'leaves a gateway alone that does not say where it is: %j',
    async (answer) => {
      const quiet = new Quiet()
      quiet.answer = answer
      await quiet.clock.advance(600_000)
      expect([quiet.asked.length, quiet.claims.length]).toEqual([1, 0])
    },
  )

  it('asks again, and less often, where it could not be asked', async () => {
    const quiet = new Quiet()
    const verdict = { kind: 'retry', reason: 'unreachable', minDelayMs: 0 } as const
    quiet.answer = { kind: 'failed', verdict }
    await quiet.clock.advance(60_000)
    expect(quiet.asked.length).toBeGreaterThan(1)
    quiet.answer = body({ jobs: [], epoch: 'e', offset: 4 })
    await quiet.clock.advance(30_000)
    expect(quiet.claims.length).toBe(1)
  })
})
