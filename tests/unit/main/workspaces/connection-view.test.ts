import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectionView, isUp, liveForMs } from '../../../../src/main/workspaces/connection-view.ts'
import type { Evidence, HeardSource } from '../../../../src/main/workspaces/connection-view.ts'
import { connectionViewSchema } from '../../../../src/shared/workspace.ts'
import type { ConnectionView, SessionView, SourceView } from '../../../../src/shared/workspace.ts'

const now = 1_000_000
const idle: ConnectionView = { kind: 'idle' }
const source = (more: Partial<SourceView> = {}, heardAgoMs: number | null = 200): HeardSource => ({
  view: { kind: 'progress', state: 'live', sockets: 1, nextTryAtMs: null, reason: null, ...more },
  heardAgoMs,
})
const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  session: { kind: 'signed-in', expiresAtMs: now + 3_600_000 },
  sources: [source()],
  online: true,
  nowMs: now,
  asOfMs: now - 200,
  ...more,
})
const dialling = (heardAgoMs: number | null) =>
  source({ state: 'connecting', sockets: 0 }, heardAgoMs)
const waiting = (heardAgoMs: number | null = 200) =>
  source(
    { state: 'reconnecting', sockets: 0, nextTryAtMs: now + 3_000, reason: 'unreachable' },
    heardAgoMs,
  )
const stopped = source({ state: 'stopped', sockets: 0, reason: 'token_expired' })
const stream = (more: Partial<SourceView> = {}, heardAgoMs: number | null = 900) =>
  source({ kind: 'stream', ...more }, heardAgoMs)
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
      { sources: [dialling(null)], asOfMs: null },
      { kind: 'connecting', sinceMs: now, asOfMs: null },
    ],
    [
      'connecting as of the last start before anything was heard in this one',
      { sources: [dialling(null)], asOfMs: now - 86_400_000 },
      { kind: 'connecting', sinceMs: now, asOfMs: now - 86_400_000 },
    ],
    [
      'connecting while its source has heard but not yet said so',
      { sources: [dialling(0)], asOfMs: now },
      { kind: 'connecting', sinceMs: now, asOfMs: now },
    ],
    [
      'connecting without a source',
      { sources: [], asOfMs: null },
      { kind: 'connecting', sinceMs: now, asOfMs: null },
    ],
    ['live when something was just heard', {}, { kind: 'live', heardAtMs: now - 200 }],
    [
      'live when all of several sources are, as fresh as the freshest',
      { sources: [source(), stream(), source({ kind: 'realtime', state: 'polling' }, 4_000)] },
      { kind: 'live', heardAtMs: now - 200 },
    ],
    [
      'partial while one of two is down, and names that one',
      { sources: [waiting(), stream()] },
      {
        kind: 'partial',
        heardAtMs: now - 900,
        down: [
          {
            kind: 'progress',
            state: 'reconnecting',
            reason: 'unreachable',
            nextTryAtMs: now + 3_000,
          },
        ],
      },
    ],
    [
      'partial while one of two still connects',
      { sources: [source(), stream({ state: 'connecting', sockets: 0 }, null)] },
      {
        kind: 'partial',
        heardAtMs: now - 200,
        down: [{ kind: 'stream', state: 'connecting', reason: null, nextTryAtMs: null }],
      },
    ],
    [
      'partial, not live, when one of two gave up',
      { sources: [stopped, stream()] },
      {
        kind: 'partial',
        heardAtMs: now - 900,
        down: [{ kind: 'progress', state: 'stopped', reason: 'token_expired', nextTryAtMs: null }],
      },
    ],
    [
      'partial when one of two was not heard for twelve seconds, whatever it says',
      { sources: [source(), stream({}, liveForMs + 1)] },
      {
        kind: 'partial',
        heardAtMs: now - 200,
        down: [{ kind: 'stream', state: 'reconnecting', reason: 'timed_out', nextTryAtMs: null }],
      },
    ],
    [
      'live at twelve seconds of silence',
      { sources: [source({}, liveForMs)] },
      { kind: 'live', heardAtMs: now - liveForMs },
    ],
    [
      'not live after twelve seconds, whatever the source says',
      { sources: [source({}, liveForMs + 1)], asOfMs: now - liveForMs - 1 },
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
      { sources: [waiting()] },
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
      { sources: [waiting(null)], asOfMs: null },
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
      { sources: [waiting(15_000)], asOfMs: now - 15_000 },
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
      { sources: [waiting()], online: false },
      {
        kind: 'offline',
        asOfMs: now - 200,
        sinceMs: now,
        nextTryAtMs: now + 3_000,
        reason: 'offline',
      },
    ],
    [
      'offline as of the last start when there was no network since',
      { sources: [waiting(null)], online: false, asOfMs: now - 86_400_000 },
      {
        kind: 'offline',
        asOfMs: now - 86_400_000,
        sinceMs: now,
        nextTryAtMs: now + 3_000,
        reason: 'offline',
      },
    ],
    [
      'reconnecting for a restored session that nobody confirmed',
      { session: unconfirmed, sources: [dialling(null)], asOfMs: null },
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
      { sources: [stopped, waiting()] },
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
    const first = connectionView(idle, evidence({ sources: [waiting()] }))
    const later = { sources: [waiting(60_200)], nowMs: now + 60_000 }
    expect(connectionView(first, evidence(later))).toMatchObject({ kind: 'offline', sinceMs: now })
  })

  it('moves the time at which it was heard about once a second, also across a partial loss', () => {
    const first = connectionView(idle, evidence())
    const heardNow = (nowMs: number) => evidence({ sources: [source({}, 0)], nowMs })
    const soon = connectionView(first, heardNow(now + 700))
    expect(soon).toEqual(first)
    const down = { sources: [source({}, 0), stopped], nowMs: now + 750 }
    const partial = connectionView(soon, evidence(down))
    expect(partial).toMatchObject({ kind: 'partial', heardAtMs: now - 200 })
    expect(connectionView(partial, heardNow(now + 900))).toEqual({
      kind: 'live',
      heardAtMs: now + 900,
    })
  })

  const seldom = { min: liveForMs + 1, max: 10 ** 9 }
  const any = fc
    .tuple(
      fc.constantFrom(source(), dialling(null), waiting(), stopped, stream({ state: 'polling' })),
      fc.option(fc.integer({ min: 0, max: 10 ** 6 }), { nil: null }),
    )
    .map(([{ view }, heardAgoMs]): HeardSource => ({ view, heardAgoMs }))

  it('never says live when nothing was heard within twelve seconds, whatever else is true (I14)', () => {
    const silent = fc
      .tuple(any, fc.option(fc.integer(seldom), { nil: null }))
      .map(([{ view }, heardAgoMs]): HeardSource => ({ view, heardAgoMs }))
    fc.assert(
      fc.property(fc.array(silent, { maxLength: 3 }), fc.boolean(), (sources, online) => {
        const { kind } = connectionView(idle, evidence({ sources, online }))
        expect(['live', 'partial']).not.toContain(kind)
      }),
    )
  })

  it('says live only when every source is up, and names each that is not (I14)', () => {
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 4 }), (sources) => {
        const view = connectionView(idle, evidence({ sources }))
        const down = sources.filter((one) => !isUp(one))
        if (view.kind === 'live') expect(down).toEqual([])
        if (view.kind !== 'partial') return
        expect(view.down.map(({ kind }) => kind)).toEqual(down.map((one) => one.view.kind))
        expect(connectionViewSchema.parse(view)).toEqual(view)
      }),
    )
  })
})
