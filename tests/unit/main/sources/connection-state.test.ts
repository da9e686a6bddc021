import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../../../src/main/sources/close-codes.ts'
import { next } from '../../../../src/main/sources/connection-state.ts'
import type {
  ConnectionEvent,
  ConnectionState,
  Ended,
  Tries,
} from '../../../../src/main/sources/connection-state.ts'

const fresh: Tries = {
  failures: 0,
  strikes: 0,
  renewedAtMs: null,
  renewalProven: false,
  reason: null,
}
const retry: Verdict = { kind: 'retry', reason: 'unreachable', minDelayMs: 0 }
const broken: Verdict = { kind: 'retry', reason: 'protocol_error', minDelayMs: 0 }
const refused: Verdict = { kind: 'refused', reason: 'token_expired', named: true }
const ended = (verdict: Verdict, more: Partial<Ended> = {}): Ended => ({
  kind: 'ended',
  verdict,
  proven: false,
  otherForm: false,
  nowMs: 0,
  ...more,
})

const states: Record<ConnectionState['kind'], ConnectionState> = {
  idle: { kind: 'idle' },
  dialling: { kind: 'dialling', tries: fresh },
  open: { kind: 'open', tries: fresh },
  waiting: { kind: 'waiting', tries: fresh, minDelayMs: 0 },
  renewing: { kind: 'renewing', tries: fresh },
  stopped: { kind: 'stopped', reason: 'forbidden', reach: 'stream' },
  done: { kind: 'done', gone: false },
}
const events: Record<string, ConnectionEvent> = {
  started: { kind: 'started' },
  opened: { kind: 'opened' },
  due: { kind: 'due' },
  woken: { kind: 'woken' },
  finished: { kind: 'finished' },
  renewed: { kind: 'renewed', nowMs: 5 },
  'renewal-failed': { kind: 'renewal-failed', verdict: retry },
  'ended: retry': ended(retry),
  'ended: refused': ended(refused),
  'ended: refused, other form left': ended(refused, { otherForm: true }),
  'ended: stop': ended({ kind: 'stop', reason: 'tls_untrusted', reach: 'source' }),
  'ended: done': ended({ kind: 'done' }),
  'ended: gone': ended({ kind: 'gone' }),
}
/** Where each event leads from each state; a dot means that it changes nothing. */
const table = `
                                | idle     | dialling | open     | waiting  | renewing | stopped | done
started                         | dialling | .        | .        | .        | .        | .       | .
opened                          | .        | open     | .        | .        | .        | .       | .
due                             | .        | .        | .        | dialling | .        | .       | .
woken                           | .        | .        | .        | dialling | .        | .       | .
finished                        | done     | done     | done     | done     | done     | .       | .
renewed                         | .        | .        | .        | .        | dialling | .       | .
renewal-failed                  | .        | .        | .        | .        | waiting  | .       | .
ended: retry                    | .        | waiting  | waiting  | .        | .        | .       | .
ended: refused                  | .        | renewing | renewing | .        | .        | .       | .
ended: refused, other form left | .        | dialling | dialling | .        | .        | .       | .
ended: stop                     | .        | stopped  | stopped  | .        | .        | .       | .
ended: done                     | .        | done     | done     | .        | .        | .       | .
ended: gone                     | .        | done     | done     | .        | .        | .       | .
`
const [head = [], ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
const cells = rows.flatMap(([event = '', ...targets]) =>
  targets.map((target, column) => [head[column + (head[0] === '' ? 1 : 0)] ?? '', event, target]),
)

describe('next', () => {
  it('is tested for every state and every event', () => {
    expect(cells).toHaveLength(Object.keys(states).length * Object.keys(events).length)
  })

  it.each(cells)('from %s, on "%s": %s', (from, event, target) => {
    const before = states[from as ConnectionState['kind']]
    const after = next(before, events[event]!)
    if (target === '.') expect(after).toBe(before)
    else expect(after.kind).toBe(target)
    if (target !== '.' && from === target) expect(after).not.toBe(before)
  })

  it('counts failures, and forgets them when a connection proved itself', () => {
    const failing = next({ kind: 'dialling', tries: { ...fresh, failures: 4 } }, ended(retry))
    expect(failing).toMatchObject({ kind: 'waiting', tries: { failures: 5 } })
    const open: ConnectionState = { kind: 'open', tries: { ...fresh, failures: 4 } }
    expect(next(open, ended(retry))).toMatchObject({ tries: { failures: 5 } })
    expect(next(open, ended(retry, { proven: true }))).toMatchObject({ tries: { failures: 1 } })
  })

  it('F47: stops when a renewed token is refused again', () => {
    const tries: Tries = { ...fresh, renewedAtMs: 1_000 }
    const again = next({ kind: 'dialling', tries }, ended(refused, { nowMs: 500_000 }))
    expect(again).toEqual({ kind: 'stopped', reason: 'token_expired', reach: 'source' })
  })

  it('F47: stops when it is refused within 60 s although it had worked', () => {
    const tries: Tries = { ...fresh, renewedAtMs: 1_000 }
    const state: ConnectionState = { kind: 'open', tries }
    expect(next(state, ended(refused, { proven: true, nowMs: 60_999 })).kind).toBe('stopped')
    expect(next(state, ended(refused, { proven: true, nowMs: 61_000 })).kind).toBe('renewing')
  })

  it('F19, F25: the fifth protocol error in a row ends this stream only', () => {
    let state: ConnectionState = { kind: 'dialling', tries: fresh }
    for (let strike = 1; strike <= 4; strike += 1) {
      state = next(next(state, ended(broken)), { kind: 'due' })
      expect(state.kind).toBe('dialling')
    }
    expect(next(state, ended(broken))).toEqual({
      kind: 'stopped',
      reason: 'protocol_error',
      reach: 'stream',
    })
  })

  it('starts the strikes anew after any other ending', () => {
    const state: ConnectionState = { kind: 'dialling', tries: { ...fresh, strikes: 4 } }
    expect(next(state, ended(retry))).toMatchObject({ kind: 'waiting', tries: { strikes: 0 } })
  })
})
