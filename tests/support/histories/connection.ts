import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Secret } from '../../../src/main/lib/secret.ts'
import type { SocketEnding } from '../../../src/main/ports.ts'
import type { ConnectionState } from '../../../src/main/sources/connection-state.ts'
import { ConnectionBench } from '../connection-bench.ts'
import { settle } from '../fake-clock.ts'
import type { FakeSocket } from '../fake-socket.ts'
import type { Level, Seen } from './level.ts'

/** What the peer does. */
type Play =
  | { readonly do: 'accept' | 'pong' | 'binary' }
  | { readonly do: 'say'; readonly valid: boolean }
  | { readonly do: 'end'; readonly ending: Partial<SocketEnding> }
type Step =
  | Play
  | { readonly do: 'start' | 'wake' | 'finish' | 'renew' | 'settle' }
  /** The peer is all that it should be for 12 s. */
  | { readonly do: 'thrive' }
  /** A socket that was given up long ago says all it could. */
  | { readonly do: 'haunt'; readonly nth: number }
  | { readonly do: 'pass' | 'jump' | 'stall'; readonly ms: number }
  | { readonly do: 'tokens'; readonly had: boolean }

const endings: Partial<SocketEnding>[] = [
  {},
  { code: 1000 },
  { code: 1001 },
  { code: 1008, reason: 'token_expired' },
  { code: 1011 },
  { code: 4403 },
  { code: 4404 },
  { code: 4409 },
  { code: 4429 },
  { status: 302 },
  { status: 401 },
  { status: 429, retryAfterMs: 20_000 },
  { status: 503, retryAfterMs: 5_000 },
  { errorCode: 'ECONNREFUSED' },
  { errorCode: 'WS_ERR_INVALID_UTF8' },
  { errorCode: 'CERT_HAS_EXPIRED' },
]
/** Most endings are such that life goes on. */
const mild = endings.filter(({ code }) => code === undefined || code === 1001 || code === 1011)

const often = (weight: number, ...steps: Step[]) => ({
  weight,
  arbitrary: fc.constantFrom(...steps),
})
const endsWith = (weight: number, from: Partial<SocketEnding>[]) =>
  often(weight, ...from.map((ending): Step => ({ do: 'end', ending })))

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  often(24, { do: 'accept' }),
  often(6, { do: 'thrive' }),
  often(12, { do: 'say', valid: true }, { do: 'say', valid: false }, { do: 'pong' }),
  often(8, { do: 'settle' }, { do: 'wake' }, { do: 'renew' }, { do: 'binary' }),
  endsWith(10, mild),
  endsWith(2, endings),
  { weight: 6, arbitrary: fc.nat(20).map((nth): Step => ({ do: 'haunt', nth })) },
  {
    weight: 20,
    arbitrary: fc
      .constantFrom(0, 1, 500, 4_000, 8_000, 12_000, 35_000)
      .map((ms): Step => ({ do: 'pass', ms })),
  },
  often(
    4,
    { do: 'jump', ms: -3_600_000 },
    { do: 'jump', ms: 3_600_000 },
    { do: 'stall', ms: 700 },
    { do: 'stall', ms: 20_000 },
  ),
  often(3, { do: 'tokens', had: false }, { do: 'tokens', had: true }, { do: 'tokens', had: true }),
  often(1, { do: 'finish' }, { do: 'start' }),
)

const isPlay = (step: Step): step is Play =>
  ['accept', 'pong', 'binary', 'say', 'end'].includes(step.do)

/** A connection, and what its peer and the computer around it did. */
class Life {
  readonly bench: ConnectionBench
  readonly #seen: Seen
  /** States looked at so far, and the failures that the last wait among them counted. */
  #known = 0
  #failures = 0
  #heardAtMs = 0
  /** Time and occasions at which nothing could run since something was heard. */
  #stalledMs = 0
  #stalls = 0
  #openedAtMs = Infinity
  #valid = false
  #dials = 0

  constructor(seen: Seen, chance: number) {
    this.#seen = seen
    this.bench = new ConnectionBench({ random: () => chance })
  }

  async step(step: Step): Promise<void> {
    const { sockets, tokens } = this.bench
    const { token } = tokens
    if (!isPlay(step)) await this.#act(step)
    else if (sockets.all.length > 0) this.#play(sockets.last, step)
    this.#checkDials(token)
    this.#checkFailures(step.do === 'end')
    this.#checkState()
  }

  async #act(step: Exclude<Step, Play>): Promise<void> {
    const { connection, sockets, clock, tokens } = this.bench
    switch (step.do) {
      case 'start':
        connection.start()
        break
      case 'wake':
        connection.wake()
        break
      case 'finish':
        connection.finish()
        break
      case 'renew':
        await tokens.renew(new Secret(tokens.token))
        break
      case 'tokens':
        tokens.failure = step.had ? null : { code: 'unreachable', message: '' }
        break
      case 'settle':
        await settle()
        break
      case 'thrive':
        await this.#thrive()
        break
      case 'pass':
        await clock.advance(step.ms)
        break
      case 'stall':
        clock.stall(step.ms)
        this.#stalledMs += step.ms
        this.#stalls += 1
        await clock.advance(0)
        break
      case 'jump': {
        const { delays } = clock
        clock.jump(step.ms)
        assert.deepEqual(clock.delays, delays, 'I19: a wall clock moved a deadline')
        break
      }
      case 'haunt': {
        const gone = sockets.all.filter(({ state }) => state === 'closed')
        if (gone.length > 0) this.#haunt(gone[step.nth % gone.length]!)
        break
      }
      default:
        step satisfies never
    }
  }

  /** I2: nothing that was said after the end of the scope has any effect. */
  async end(): Promise<void> {
    const { bench } = this
    const closing = bench.scope.close('over')
    const [states, dials] = [bench.states.length, bench.sockets.all.length]
    await closing
    assert.deepEqual(
      [bench.sockets.live, bench.clock.armed, bench.scope.size],
      [0, 0, 0],
      'I1: something is left',
    )
    for (const socket of bench.sockets.all) this.#haunt(socket)
    bench.connection.wake()
    await bench.clock.advance(60_000)
    assert.equal(bench.states.length, states, 'I2: a closed connection changed')
    assert.equal(bench.sockets.all.length, dials, 'I2: a closed connection dialled')
    this.#seen.note('renewals', bench.tokens.renewals)
  }

  async #thrive(): Promise<void> {
    const { sockets, clock } = this.bench
    for (const play of ['accept', 'valid', 'pong', 'pong'] as const) {
      await clock.advance(play === 'accept' ? 0 : 4_000)
      if (sockets.all.length === 0) continue
      this.#play(sockets.last, play === 'valid' ? { do: 'say', valid: true } : { do: play })
    }
  }

  #play(socket: FakeSocket, step: Play): void {
    const now = this.bench.clock.monotonic()
    const was = socket.state
    if (step.do === 'end') {
      socket.end(step.ending)
      return
    }
    if (step.do === 'accept') {
      socket.accept()
      if (was !== 'connecting') return
      this.#openedAtMs = now
      this.#valid = false
    } else {
      if (was === 'open' && step.do === 'say') this.#valid ||= step.valid
      if (step.do === 'pong') socket.pong()
      else if (step.do === 'say') socket.say(step.valid ? 'valid' : 'nonsense')
      else socket.sayBinary()
      if (was !== 'open') return
    }
    this.#heardAtMs = now
    this.#stalledMs = 0
    this.#stalls = 0
  }

  #haunt(socket: FakeSocket): void {
    const { bench } = this
    const before = [bench.states.length, bench.messages, bench.heard, bench.sockets.live]
    const { armed } = bench.clock
    socket.haunt('valid')
    assert.deepEqual(
      [bench.states.length, bench.messages, bench.heard, bench.sockets.live],
      before,
      'I2: a socket that was given up was heard',
    )
    assert.equal(bench.clock.armed, armed, 'I2: a socket that was given up set a timer')
  }

  /** I13: with the token in hand, and once a dial. */
  #checkDials(before: string): void {
    const { sockets, tokens } = this.bench
    for (const socket of sockets.all.slice(this.#dials)) {
      const used = socket.credential?.token ?? ''
      assert.ok([before, tokens.token].includes(used), `I13: dialled with ${used}`)
    }
    this.#dials = sockets.all.length
  }

  #checkState(): void {
    const { connection, sockets, clock } = this.bench
    const { state } = connection
    assert.ok(sockets.peak <= 1, 'I6: two sockets')
    assert.ok(clock.armed <= 1, 'I6: two timers')
    if (state.kind === 'waiting') this.#checkDelay(state)
    if (state.kind === 'stopped' || state.kind === 'done') {
      assert.deepEqual([sockets.live, clock.armed], [0, 0], 'I6: a resting connection holds one')
    }
    if (state.kind === 'open') {
      assert.equal(sockets.last.state, 'open')
      const allowedMs = 12_000 + this.#stalledMs + this.#stalls * 500
      const silentMs = clock.monotonic() - this.#heardAtMs
      assert.ok(silentMs <= allowedMs, `I14: open after ${silentMs} ms of silence`)
    }
  }

  #checkDelay({ tries, minDelayMs }: Extract<ConnectionState, { kind: 'waiting' }>): void {
    const [delayMs = -1] = this.bench.clock.delays
    const capMs = Math.min(30_000, 2_000 * 2 ** (tries.failures - 1))
    assert.ok(delayMs >= 0 && delayMs <= minDelayMs + capMs, `I7: waits ${delayMs} ms`)
  }

  /** I7: failures are forgotten only after 10 s up and one valid message. */
  #checkFailures(ended: boolean): void {
    const { states, clock } = this.bench
    const proven: boolean = this.#valid && clock.monotonic() - this.#openedAtMs >= 10_000
    for (const state of states.slice(this.#known)) {
      this.#seen.note(state.kind)
      if (!('tries' in state)) continue
      const { failures } = state.tries
      if (failures < this.#failures) {
        assert.ok(proven, `I7: ${this.#failures} failures became ${failures}`)
        this.#seen.note('forgiven')
      } else if (ended && proven && state.kind === 'waiting') {
        assert.equal(failures, 1, 'I7: a good connection was not believed')
      }
      this.#failures = failures
    }
    this.#known = states.length
    // What is dialled next has proven nothing yet.
    if (this.bench.connection.state.kind !== 'open') this.#valid = false
  }
}

const chance = fc.double({ min: 0.01, max: 1, maxExcluded: true, noNaN: true })

/** The runner and its state machine, over a socket, a timer and a session that are all fakes. */
export const connectionLevel: Level = {
  name: 'a connection',
  invariants: ['I1', 'I2', 'I6', 'I7', 'I13', 'I14', 'I19'],
  share: 35_000,
  needs: ['open', 'waiting', 'forgiven', 'stopped', 'done', 'renewals'],
  property: (seen) =>
    fc.asyncProperty(
      fc.array(anyStep, { maxLength: 60, size: 'max' }),
      // A source of chance that always says 0 would dial for ever within one moment.
      chance,
      async (steps, random) => {
        const life = new Life(seen, random)
        await life.step({ do: 'start' })
        for (const step of steps) await life.step(step)
        await life.end()
      },
    ),
}
