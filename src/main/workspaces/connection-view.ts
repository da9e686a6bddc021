import type { FailureCode } from '../../shared/failure.ts'
import type { ConnectionView, SessionView, SourceView } from '../../shared/workspace.ts'

/** What a workspace knows about its connection at one moment. */
export interface Evidence {
  readonly session: SessionView
  readonly sources: readonly SourceView[]
  /** What the system says; false is certain. */
  readonly online: boolean
  /** Wall clock, milliseconds since the epoch. */
  readonly nowMs: number
  /** Monotonic age of the last thing heard; null before anything was. */
  readonly heardAgoMs: number | null
}

/** "live" may only be said while something was heard within this time (I14). */
export const liveForMs = 12_000
/** A connection that was silent for longer than this is called offline, not reconnecting. */
export const offlineAfterMs = 15_000

const idle: ConnectionView = { kind: 'idle' }

/** What the header may claim. Pure; `previous` only tells since when. */
export function connectionView(previous: ConnectionView, evidence: Evidence): ConnectionView {
  const { session, sources, nowMs, heardAgoMs } = evidence
  if (session.kind !== 'signed-in' && session.kind !== 'unconfirmed') return idle
  const asOfMs = heardAgoMs === null ? null : nowMs - heardAgoMs
  if (sources.length > 0 && sources.every(({ state }) => state === 'stopped')) {
    return { kind: 'refused', asOfMs, reason: reasonOf(evidence) }
  }
  const open = sources.some(({ state }) => state === 'live' || state === 'polling')
  if (open && asOfMs !== null && heardAgoMs !== null && heardAgoMs <= liveForMs) {
    return { kind: 'live', heardAtMs: steady(previous, asOfMs) }
  }
  return lost(previous, evidence, asOfMs)
}

/** The age that is shown changes about once a second, however often something is heard. */
function steady(previous: ConnectionView, heardAtMs: number): number {
  const kept = previous.kind === 'live' ? previous.heardAtMs : Number.NEGATIVE_INFINITY
  return Math.abs(heardAtMs - kept) < 1_000 ? kept : heardAtMs
}

function lost(previous: ConnectionView, evidence: Evidence, asOfMs: number | null): ConnectionView {
  const { session, sources, nowMs, online, heardAgoMs } = evidence
  const sinceMs = 'sinceMs' in previous ? previous.sinceMs : nowMs
  const troubled = session.kind === 'unconfirmed' || sources.some(({ reason }) => reason !== null)
  // Something may be heard a moment before its source says that it is live.
  const beginning = asOfMs === null || sources.some(({ state }) => state === 'connecting')
  if (online && !troubled && beginning) return { kind: 'connecting', sinceMs, asOfMs }
  const gone = !online || (heardAgoMs ?? nowMs - sinceMs) >= offlineAfterMs
  const connected = sources.some(({ sockets }) => sockets > 0)
  return {
    kind: gone && !connected ? 'offline' : 'reconnecting',
    asOfMs,
    sinceMs,
    nextTryAtMs: soonest(evidence),
    reason: reasonOf(evidence),
  }
}

function reasonOf({ online, session, sources }: Evidence): FailureCode {
  if (!online) return 'offline'
  const named = sources.find(({ reason }) => reason !== null)?.reason
  if (named !== undefined && named !== null) return named
  return session.kind === 'unconfirmed' ? session.reason : 'timed_out'
}

function soonest({ session, sources }: Evidence): number | null {
  const tries = sources.flatMap(({ nextTryAtMs }) => (nextTryAtMs === null ? [] : [nextTryAtMs]))
  if (tries.length > 0) return Math.min(...tries)
  return session.kind === 'unconfirmed' ? session.nextTryAtMs : null
}
