import type { FailureCode } from '../../shared/failure.ts'
import type { ConnectionView, SessionView, SourceDown, SourceView } from '../../shared/workspace.ts'

/** What a source says of itself, and when it was last heard. */
export interface HeardSource {
  readonly view: SourceView
  /** Monotonic age of the last thing heard; null before anything was. */
  readonly heardAgoMs: number | null
}

/** What a workspace knows about its connection at one moment. */
export interface Evidence {
  readonly session: SessionView
  readonly sources: readonly HeardSource[]
  /** What the system says; false is certain. */
  readonly online: boolean
  /** Wall clock, milliseconds since the epoch. */
  readonly nowMs: number
  /** Wall clock of the last thing heard, also before the last start; null before anything ever was. */
  readonly asOfMs: number | null
}

/** "live" may only be said while something was heard within this time (I14). */
export const liveForMs = 12_000
/** A connection that was silent for longer than this is called offline, not reconnecting. */
export const offlineAfterMs = 15_000

const idle: ConnectionView = { kind: 'idle' }

/** It says that it is connected, and was heard lately enough to be believed. */
export const isUp = ({ view, heardAgoMs }: HeardSource): boolean =>
  (view.state === 'live' || view.state === 'polling') &&
  heardAgoMs !== null &&
  heardAgoMs <= liveForMs

/** What the header may claim. Pure; `previous` only tells since when. */
export function connectionView(previous: ConnectionView, evidence: Evidence): ConnectionView {
  const { session, sources, asOfMs } = evidence
  if (session.kind !== 'signed-in' && session.kind !== 'unconfirmed') return idle
  if (sources.length > 0 && sources.every(({ view }) => view.state === 'stopped')) {
    return { kind: 'refused', asOfMs, reason: reasonOf(evidence) }
  }
  const up = sources.filter(isUp)
  if (up.length === 0) return lost(previous, evidence)
  const heardAtMs = steady(previous, evidence.nowMs - (soonestHeard(up) ?? 0))
  if (up.length === sources.length) return { kind: 'live', heardAtMs }
  const down = sources.filter((source) => !isUp(source)).map(downOf)
  return { kind: 'partial', heardAtMs, down }
}

function downOf({ view }: HeardSource): SourceDown {
  const { kind, state, reason, nextTryAtMs } = view
  return state === 'live' || state === 'polling'
    ? { kind, state: 'reconnecting', reason: reason ?? 'timed_out', nextTryAtMs }
    : { kind, state, reason, nextTryAtMs }
}

/** The age that is shown changes about once a second, however often something is heard. */
function steady(previous: ConnectionView, heardAtMs: number): number {
  const kept = 'heardAtMs' in previous ? previous.heardAtMs : Number.NEGATIVE_INFINITY
  return Math.abs(heardAtMs - kept) < 1_000 ? kept : heardAtMs
}

function lost(previous: ConnectionView, evidence: Evidence): ConnectionView {
  const { session, sources, nowMs, online, asOfMs } = evidence
  const heardAgoMs = soonestHeard(sources)
  const sinceMs = 'sinceMs' in previous ? previous.sinceMs : nowMs
  const troubled =
    session.kind === 'unconfirmed' || sources.some(({ view }) => view.reason !== null)
  // Something may be heard a moment before its source says that it is live.
  const beginning = heardAgoMs === null || sources.some(({ view }) => view.state === 'connecting')
  if (online && !troubled && beginning) return { kind: 'connecting', sinceMs, asOfMs }
  const gone = !online || (heardAgoMs ?? nowMs - sinceMs) >= offlineAfterMs
  const connected = sources.some(({ view }) => view.sockets > 0)
  return {
    kind: gone && !connected ? 'offline' : 'reconnecting',
    asOfMs,
    sinceMs,
    nextTryAtMs: nextTry(evidence),
    reason: reasonOf(evidence),
  }
}

const soonestHeard = (sources: readonly HeardSource[]): number | null =>
  sources.reduce<number | null>(
    (soonest, { heardAgoMs }) =>
      heardAgoMs === null ? soonest : Math.min(soonest ?? heardAgoMs, heardAgoMs),
    null,
  )

function reasonOf({ online, session, sources }: Evidence): FailureCode {
  if (!online) return 'offline'
  const named = sources.find(({ view }) => view.reason !== null)?.view.reason
  if (named !== undefined && named !== null) return named
  return session.kind === 'unconfirmed' ? session.reason : 'timed_out'
}

function nextTry({ session, sources }: Evidence): number | null {
  const tries = sources.flatMap(({ view }) => view.nextTryAtMs ?? [])
  if (tries.length > 0) return Math.min(...tries)
  return session.kind === 'unconfirmed' ? session.nextTryAtMs : null
}
