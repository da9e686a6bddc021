import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SocketEnding } from '../../../../src/main/ports.ts'
import { ConnectionBench } from '../../../support/connection-bench.ts'
import { settle } from '../../../support/fake-clock.ts'

type Step = (bench: ConnectionBench) => void | Promise<void>

const endings: Partial<SocketEnding>[] = [
  {},
  { code: 1000 },
  { code: 1001 },
  { code: 1008, reason: 'token_expired' },
  { code: 1011 },
  { code: 4429 },
  { status: 401 },
  { status: 429, retryAfterMs: 20_000 },
  { status: 503, retryAfterMs: 5_000 },
  { errorCode: 'ECONNREFUSED' },
  { errorCode: 'WS_ERR_INVALID_UTF8' },
]

const onLast =
  (act: (socket: ConnectionBench['sockets']['last']) => void): Step =>
  (bench) => {
    if (bench.sockets.all.length > 0) act(bench.sockets.last)
  }

/** Also late words of sockets long abandoned: they must mean nothing. */
const onAny =
  (index: number, act: (socket: ConnectionBench['sockets']['last']) => void): Step =>
  (bench) => {
    const socket = bench.sockets.all[index % Math.max(1, bench.sockets.all.length)]
    if (socket !== undefined) act(socket)
  }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>((bench) => bench.connection.start()),
  fc.constant<Step>(onLast((socket) => socket.accept())),
  fc.constant<Step>(onLast((socket) => socket.say('valid'))),
  fc.constant<Step>(onLast((socket) => socket.say('nonsense'))),
  fc.constant<Step>(onLast((socket) => socket.sayBinary())),
  fc.constant<Step>(onLast((socket) => socket.pong())),
  fc.constantFrom(...endings).map((ending) => onLast((socket) => socket.end(ending))),
  fc.nat(20).map((index) => onAny(index, (socket) => socket.say('valid'))),
  fc.nat(20).map((index) => onAny(index, (socket) => socket.end())),
  fc.constant<Step>((bench) => bench.connection.wake()),
  fc.constant<Step>(() => settle()),
  fc
    .constantFrom(0, 1, 500, 4_000, 8_000, 12_000, 35_000)
    .map<Step>((ms) => (bench) => bench.clock.advance(ms)),
  fc.constantFrom(-3_600_000, 3_600_000).map<Step>((ms) => (bench) => bench.clock.jump(ms)),
  fc.constant<Step>((bench) => {
    bench.tokens.failure = { code: 'unreachable', message: '' }
  }),
  fc.constant<Step>((bench) => {
    bench.tokens.failure = null
  }),
)

function checkAlways(bench: ConnectionBench): void {
  const { connection, sockets, clock } = bench
  // I6: one socket and one timer at most, whatever happened.
  expect(sockets.live).toBeLessThanOrEqual(1)
  expect(clock.armed).toBeLessThanOrEqual(1)
  // I7: the next dial is never further away than the longest backoff on top of what was asked for.
  if (connection.state.kind === 'waiting') {
    const [delayMs = -1] = clock.delays
    expect(delayMs).toBeGreaterThanOrEqual(0)
    expect(delayMs).toBeLessThanOrEqual(connection.state.minDelayMs + 30_000)
  }
  // A resting connection holds nothing.
  if (connection.state.kind === 'stopped' || connection.state.kind === 'done') {
    expect(sockets.live).toBe(0)
    expect(clock.armed).toBe(0)
  }
  if (connection.state.kind === 'open') expect(sockets.last.state).toBe('open')
}

describe('Connection, over generated histories', () => {
  it('I6, I7: has one socket and one timer at most, and leaves none when its scope closes', async () => {
    const history = fc.tuple(
      fc.array(step, { maxLength: 60 }),
      // A source of chance that always says 0 would dial for ever within one moment.
      fc.double({ min: 0.01, max: 1, maxExcluded: true, noNaN: true }),
    )
    await fc.assert(
      fc.asyncProperty(history, async ([steps, chance]) => {
        const bench = new ConnectionBench({ random: () => chance })
        for (const run of steps) {
          await run(bench)
          checkAlways(bench)
        }
        expect(bench.sockets.peak).toBeLessThanOrEqual(1)
        const { length } = bench.states
        await bench.scope.close('over')
        expect(bench.sockets.live).toBe(0)
        expect(bench.clock.armed).toBe(0)
        expect(bench.scope.size).toBe(0)
        for (const socket of bench.sockets.all) socket.say('valid')
        await bench.clock.advance(60_000)
        expect(bench.states).toHaveLength(length)
      }),
      { numRuns: 1_000 },
    )
  })

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
