import { describe, expect, it } from 'vitest'
import {
  downWords,
  sourcesSummary,
  sourceWords,
} from '../../../../src/renderer/workspaces/source-words.ts'
import type { SourceDown, SourceView } from '../../../../src/shared/workspace.ts'

const now = 1_000_000
const source = (changed: Partial<SourceView> = {}): SourceView => ({
  kind: 'progress',
  state: 'live',
  sockets: 14,
  nextTryAtMs: null,
  reason: null,
  ...changed,
})

describe('a source in the foot', () => {
  it.each([
    [{}, 'clear', 'full', 'Progress sockets 14'],
    [{ sockets: 1_000 }, 'clear', 'full', 'Progress sockets 1,000'],
    [{ kind: 'realtime', sockets: 1 }, 'clear', 'full', 'Realtime'],
    [
      { sockets: 500, reason: 'too_many_sockets' },
      'caution',
      'full',
      'Progress sockets 500: too many sockets',
    ],
    [{ kind: 'polling', state: 'live' }, 'clear', 'full', 'Polling every 5 s'],
    [{ kind: 'polling', state: 'polling' }, 'clear', 'full', 'Polling every 5 s'],
    [
      { kind: 'realtime', state: 'polling', nextTryAtMs: now + 8_000, reason: 'timed_out' },
      'caution',
      'half',
      'Realtime down, asking every 5 s, tried again in 8 s',
    ],
    [
      { kind: 'realtime', state: 'polling' },
      'caution',
      'half',
      'Realtime down, asking every 5 s, tried again now',
    ],
    [{ state: 'connecting' }, 'move', 'hollow', 'Progress sockets connecting'],
    [
      { kind: 'socketio', state: 'reconnecting', nextTryAtMs: now + 2_600 },
      'caution',
      'hollow',
      'Socket.IO reconnecting in 3 s',
    ],
    [{ state: 'reconnecting' }, 'caution', 'hollow', 'Progress sockets reconnecting now'],
    [
      { state: 'stopped', reason: 'token_expired' },
      'danger',
      'barred',
      'Progress sockets stopped: token expired',
    ],
    [{ state: 'idle' }, 'idle', 'dashed', 'Progress sockets idle'],
  ] as const)('%j is %s, %s: %s', (changed, tone, shape, text) => {
    expect(sourceWords(source(changed), now)).toMatchObject({ tone, shape, text })
  })
})

describe('a source in the list', () => {
  it.each([
    [{}, 'Live, 14 sockets'],
    [{ sockets: 1 }, 'Live, 1 socket'],
    [{ kind: 'stream' }, 'Live'],
    [{ kind: 'polling', state: 'polling' }, 'Asking every 5 s'],
    [{ state: 'stopped', reason: 'forbidden' }, 'Stopped: not allowed'],
  ] as const)('%j stands there as %s', (changed, state) => {
    expect(sourceWords(source(changed), now).state).toBe(state)
  })

  it('says why it is not live and what to do, and nothing when all is well', () => {
    expect(sourceWords(source({ state: 'polling', reason: 'timed_out' }), now).why).toMatch(
      /^The server did not answer in time\. .*Try again/,
    )
    expect(sourceWords(source(), now).why).toBeNull()
  })
})

describe('all of them in a few words', () => {
  const stopped = source({ kind: 'realtime', state: 'stopped', reason: 'forbidden' })
  const waiting = source({ kind: 'socketio', state: 'reconnecting' })

  it.each([
    [[source()], '1 source live'],
    [[source(), source({ kind: 'stream' })], '2 sources live'],
    [[source(), source({ kind: 'polling', state: 'polling' })], '2 sources live'],
    [[source(), source({ kind: 'realtime', state: 'polling' })], '1 of 2 sources live'],
    [[waiting, stopped], 'None of 2 sources live'],
  ])('%#: %s', (sources, text) => {
    expect(sourcesSummary(sources, now).text).toBe(text)
  })

  it('names the one that needs attention most', () => {
    const { worst } = sourcesSummary([source(), waiting, stopped], now)
    expect(worst?.text).toBe('Realtime stopped: not allowed')
  })

  it('names one that is up and has something to say', () => {
    const full = source({ sockets: 500, reason: 'too_many_sockets' })
    expect(sourcesSummary([waiting, full, source()], now).worst?.text).toMatch(/^Socket.IO/)
    const { text, worst } = sourcesSummary([full, source()], now)
    expect([text, worst?.tone]).toEqual(['2 sources live', 'caution'])
  })

  it('names none when none is up: that is the header to tell', () => {
    expect(sourcesSummary([waiting, stopped], now).worst).toBeNull()
  })
})

describe('what is down, in the middle of a sentence', () => {
  const down = (changed: Partial<SourceDown> = {}): SourceDown => ({
    kind: 'stream',
    state: 'reconnecting',
    reason: 'unreachable',
    nextTryAtMs: now + 3_000,
    ...changed,
  })

  it.each([
    [[down()], 'tenant stream reconnecting in 3 s'],
    [[down({ kind: 'socketio', nextTryAtMs: null })], 'Socket.IO reconnecting now'],
    [[down(), down({ nextTryAtMs: now + 1_000 })], '2 sources reconnecting in 1 s'],
    [[down({ state: 'stopped', reason: 'forbidden' })], 'tenant stream stopped: not allowed'],
    [[down({ state: 'stopped' }), down({ state: 'stopped' })], '2 sources stopped'],
    [[down(), down({ state: 'stopped' })], '2 sources down'],
    [[down({ state: 'connecting', reason: null })], 'tenant stream connecting'],
  ])('%#: %s', (sources, text) => {
    expect(downWords(sources, now)).toBe(text)
  })
})
