// The end of a session, in order: silence, release, forget, receipt. It must never throw, never
// take longer than a second, and never write down a figure that was not counted.
import type { FailureCode } from '../../shared/failure.ts'
import type { Receipt } from '../../shared/workspace.ts'
import type { Log } from '../lib/log.ts'
import type { CloseReport, Scope } from '../lib/scope.ts'
import type { Clock } from '../ports.ts'
import type { CacheErasure, SnapshotFile } from '../offline/snapshot-file.ts'
import type { OperatorSession, SessionEnding } from '../session/operator-session.ts'
import { writeReceipt } from './receipt.ts'
import type { Holdings, ReceiptFacts } from './receipt.ts'

/** How a session is ended. */
export interface Ending {
  /** Null when the operator asked. */
  readonly reason: FailureCode | null
  readonly everywhere: boolean
  readonly askServer: boolean
}

export interface EndingParts {
  readonly scope: Scope
  /** Not the metered one: the deadline of ending is no timer of the session. */
  readonly clock: Clock
  readonly session: OperatorSession
  /** The last known state on disk, and its key. */
  readonly cache: Pick<SnapshotFile, 'held' | 'erase'>
  readonly holdings: () => Holdings
  readonly head: Pick<ReceiptFacts, 'workspaceId' | 'profileId' | 'profileName'>
  readonly log: Log
}

/** Over by then, whatever the network and the keychain do, in milliseconds. */
const deadlineMs = 940

export async function endSession(parts: EndingParts, ending: Ending): Promise<Receipt> {
  const { scope, clock, session, cache, holdings, head } = parts
  const startedAt = clock.monotonic()
  const email = session.operator?.email ?? null
  const before = holdings()
  const cached = cache.held
  // Silence: from this line on nothing of the workspace speaks or writes.
  const releasing = scope.close(ending.reason ?? 'signed out')
  const { promise: late, resolve } = Promise.withResolvers<null>()
  const cancel = clock.after(deadlineMs, () => resolve(null))
  const { everywhere, askServer } = ending
  const [sessionEnding, cacheErasure, report] = await Promise.all([
    Promise.race([session.signOut({ everywhere, askServer }).catch(() => null), late]),
    Promise.race([cache.erase().catch(() => null), late]),
    Promise.race([releasing, late]),
  ])
  cancel()
  return writeReceipt({
    ...head,
    email,
    reason: ending.reason,
    endedAtMs: clock.now(),
    durationMs: Math.round(clock.monotonic() - startedAt),
    before,
    after: holdings(),
    session: sessionEnding ?? unfinished,
    cache: cacheErasure ?? asSeen(cached, cache.held),
    notes: notesOn(sessionEnding, report, parts.log),
  })
}

function notesOn(
  session: SessionEnding | null,
  report: CloseReport | null,
  log: Log,
): readonly FailureCode[] {
  for (const error of report?.errors ?? []) {
    log.error('not everything could be released', { error: String(error) })
  }
  return [
    ...(session === null || report === null ? (['timed_out'] as const) : []),
    ...(report !== null && report.errors.length > 0 ? (['internal'] as const) : []),
  ]
}

/** When the session itself missed the deadline: nothing that was not seen is claimed. */
const unfinished: SessionEnding = {
  server: { kind: 'not-reached', expiresAtMs: null },
  keychainErased: 0,
  keychainLeft: 1,
  requestsEnded: 0,
  notes: [],
}

/** When the cache missed it: its file may be gone all the same, its key may not. */
const asSeen = (before: SnapshotFile['held'], after: SnapshotFile['held']): CacheErasure => ({
  bytesErased: before.bytes - after.bytes,
  bytesLeft: after.bytes,
  keysErased: 0,
  keysLeft: before.keys,
})
