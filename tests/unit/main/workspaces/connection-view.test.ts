import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectionView, liveForMs } from '../../../../src/main/workspaces/connection-view.ts'
import type { Evidence } from '../../../../src/main/workspaces/connection-view.ts'
import type { ConnectionView, SessionView, SourceView } from '../../../../src/shared/workspace.ts'

const now = 1_000_000
const idle: ConnectionView = { kind: 'idle' }
const source = (more: Partial<SourceView> = {}): SourceView => ({
  kind: 'progress',
  state: 'live',
  sockets: 1,
  nextTryAtMs: null,
  reason: null,
  ...more,
})
const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  session: { kind: 'signed-in', expiresAtMs: now + 3_600_000 },
  sources: [source()],
  online: true,
  nowMs: now,
  heardAgoMs: 200,
  ...more,
})
const dialling = source({ state: 'connecting', sockets: 0 })
const waiting = source({
  state: 'reconnecting',
  sockets: 0,
  nextTryAtMs: now + 3_000,
  reason: 'unreachable',
})
const stopped = source({ state: 'stopped', sockets: 0, reason: 'token_expired' })
const unconfirmed: SessionView = {
  kind: 'unconfirmed',
  reason: 'timed_out',
  nextTryAtMs: now + 9_000,
}

describe('what the header may claim', () => {
  it.each<[string, Partial<Evidence>, ConnectionView]>([
    ['idle before sign-in', { session: { kind: 'signing-in' } }, idle],
    ['idle while restoring', { session: { kind: 'restoring' } }, idle],
    ['idle while the keychain is locked', { session: { kind: 'keychain-locked' } }, idle],
    ['idle after sign-out', { session: { kind: 'signed-out', reason: null } }, idle],
    [
      'connecting before anything was heard',
      { sources: [dialling], heardAgoMs: null },
      { kind: 'connecting', sinceMs: now, asOfMs: null },
    ],
    [
      'connecting while its source has heard but not yet said so',
      { sources: [dialling], heardAgoMs: 0 },
      { kind: 'connecting', sinceMs: now, asOfMs: now },
    ],
    [
      'connecting without a source',
      { sources: [], heardAgoMs: null },
      { kind: 'connecting', sinceMs: now, asOfMs: null },
    ],
    ['live when something was just heard', {}, { kind: 'live', heardAtMs: now - 200 }],
    [
      'live when one of two sources is',
      { sources: [waiting, source()] },
      { kind: 'live', heardAtMs: now - 200 },
    ],
    [
      'live at twelve seconds of silence',
      { heardAgoMs: liveForMs },
      { kind: 'live', heardAtMs: now - liveForMs },
    ],
    [
      'not live after twelve seconds, whatever the source says',
      { heardAgoMs: liveForMs + 1 },
      {
        kind: 'reconnecting',
        asOfMs: now - liveForMs - 1,
        sinceMs: now,
        nextTryAtMs: null,
        reason: 'timed_out',
      },
    ],
    [
      'reconnecting with the time of the next try',
      { sources: [waiting] },
      {
        kind: 'reconnecting',
        asOfMs: now - 200,
        sinceMs: now,
        nextTryAtMs: now + 3_000,
        reason: 'unreachable',
      },
    ],
    [
      'reconnecting when the first dial failed',
      { sources: [waiting], heardAgoMs: null },
      {
        kind: 'reconnecting',
        asOfMs: null,
        sinceMs: now,
        nextTryAtMs: now + 3_000,
        reason: 'unreachable',
      },
    ],
    [
      'offline after fifteen seconds without a socket',
      { sources: [waiting], heardAgoMs: 15_000 },
      {
        kind: 'offline',
        asOfMs: now - 15_000,
        sinceMs: now,
        nextTryAtMs: now + 3_000,
        reason: 'unreachable',
      },
    ],
    [
      'offline at once when the system says so',
      { sources: [waiting], online: false },
      {
        kind: 'offline',
        asOfMs: now - 200,
        sinceMs: now,
        nextTryAtMs: now + 3_000,
        reason: 'offline',
      },
    ],
    [
      'reconnecting for a restored session that nobody confirmed',
      { session: unconfirmed, sources: [dialling], heardAgoMs: null },
      {
        kind: 'reconnecting',
        asOfMs: null,
        sinceMs: now,
        nextTryAtMs: now + 9_000,
        reason: 'timed_out',
      },
    ],
    [
      'refused when every source gave up',
      { sources: [stopped] },
      { kind: 'refused', asOfMs: now - 200, reason: 'token_expired' },
    ],
    [
      'reconnecting while one source still tries',
      { sources: [stopped, waiting] },
      {
        kind: 'reconnecting',
        asOfMs: now - 200,
        sinceMs: now,
        nextTryAtMs: now + 3_000,
        reason: 'token_expired',
      },
    ],
  ])('is %s', (_, more, expected) => {
    expect(connectionView(idle, evidence(more))).toEqual(expected)
  })

  it('remembers since when the connection is lost, also when it becomes offline', () => {
    const first = connectionView(idle, evidence({ sources: [waiting] }))
    const later = { sources: [waiting], nowMs: now + 60_000, heardAgoMs: 60_200 }
    expect(connectionView(first, evidence(later))).toMatchObject({ kind: 'offline', sinceMs: now })
  })

  it('moves the time at which it was heard about once a second', () => {
    const first = connectionView(idle, evidence())
    const soon = connectionView(first, evidence({ nowMs: now + 700, heardAgoMs: 0 }))
    expect(soon).toEqual(first)
    const later = connectionView(soon, evidence({ nowMs: now + 900, heardAgoMs: 0 }))
    expect(later).toEqual({ kind: 'live', heardAtMs: now + 900 })
  })

  it('never says live when nothing was heard within twelve seconds, whatever else is true (I14)', () => {
    const sources = fc.array(fc.constantFrom(source(), dialling, waiting, stopped), {
      maxLength: 3,
    })
    const silence = fc.option(fc.integer({ min: liveForMs + 1, max: 10 ** 9 }), { nil: null })
    fc.assert(
      fc.property(sources, silence, fc.boolean(), (list, heardAgoMs, online) => {
        const view = connectionView(idle, evidence({ sources: list, heardAgoMs, online }))
        expect(view.kind).not.toBe('live')
      }),
    )
  })
})
