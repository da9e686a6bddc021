import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConnectionBench } from '../../../support/connection-bench.ts'
import { settle } from '../../../support/fake-clock.ts'

describe('Connection, over generated histories', () => {
  it('I7: failures are forgotten only after 10 s up and one valid message', async () => {
    const up = fc.record({
      upMs: fc.integer({ min: 0, max: 20_000 }),
      valid: fc.boolean(),
      failuresBefore: fc.integer({ min: 1, max: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(up, async ({ upMs, valid, failuresBefore }) => {
        const bench = new ConnectionBench()
        bench.connection.start()
        for (let failure = 0; failure < failuresBefore; failure += 1) {
          await settle()
          bench.sockets.last.end({ errorCode: 'ECONNREFUSED' })
          bench.connection.wake()
        }
        await settle()
        bench.sockets.last.accept()
        if (valid) bench.sockets.last.say('valid')
        for (let leftMs = upMs; leftMs > 0; leftMs -= 4_000) {
          await bench.clock.advance(Math.min(4_000, leftMs))
          bench.sockets.last.pong()
        }
        bench.sockets.last.end()
        const proven = valid && upMs >= 10_000
        expect(bench.connection.state).toMatchObject({
          kind: 'waiting',
          tries: { failures: proven ? 1 : failuresBefore + 1 },
        })
        await bench.scope.close('over')
      }),
      { numRuns: 200 },
    )
  })

  it('I5: a hundred sockets refused with one token cost one renewal', async () => {
    const benches = Array.from({ length: 100 }, () => new ConnectionBench())
    const tokens = benches[0]!.tokens
    for (const bench of benches) {
      Object.assign(bench.tokens, { current: tokens.current, renew: tokens.renew })
      bench.connection.start()
    }
    await settle()
    for (const bench of benches) bench.sockets.last.end({ status: 401, reason: 'token_expired' })
    await settle()
    expect(tokens.renewals).toBe(1)
    for (const bench of benches) expect(bench.sockets.last.credential?.token).toBe('token-2')
    for (const bench of benches) await bench.scope.close('over')
  })
})
