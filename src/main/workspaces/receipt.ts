import type { FailureCode } from '../../shared/failure.ts'
import type { Receipt } from '../../shared/workspace.ts'
import type { CacheErasure } from '../offline/snapshot-file.ts'
import type { SessionEnding } from '../session/operator-session.ts'
import type { Tally } from './meter.ts'

/** What a workspace holds, counted at one moment. */
export interface Holdings extends Tally {
  readonly rows: number
}

export interface ReceiptFacts {
  readonly workspaceId: string
  readonly profileId: string
  readonly profileName: string
  readonly email: string | null
  readonly reason: FailureCode | null
  readonly endedAtMs: number
  readonly durationMs: number
  /** Counted in the moment before silence. */
  readonly before: Holdings
  /** Counted again when everything was released, or when time was up. */
  readonly after: Holdings
  readonly session: SessionEnding
  readonly cache: CacheErasure
  /** What was not done in time or went wrong on the way. */
  readonly notes: readonly FailureCode[]
}

/** Only counted figures: what ended is what was there less what is left. */
export function writeReceipt(facts: ReceiptFacts): Receipt {
  const { before, after, session, cache, notes, ...head } = facts
  const line = (what: Receipt['lines'][number]['what'], was: number, left: number) => ({
    what,
    ended: Math.max(0, was - left),
    left,
  })
  return {
    workspaceId: head.workspaceId,
    profileId: head.profileId,
    profileName: head.profileName,
    email: head.email,
    reason: head.reason,
    endedAtMs: head.endedAtMs,
    durationMs: head.durationMs,
    lines: [
      line('sockets', before.sockets, after.sockets),
      line('timers_and_requests', before.timersAndRequests, after.timersAndRequests),
      line('subscriptions', before.subscriptions, after.subscriptions),
      line('rows', before.rows, after.rows),
      { what: 'cached_bytes', ended: cache.bytesErased, left: cache.bytesLeft },
      {
        what: 'keychain_entries',
        ended: session.keychainErased + cache.keysErased,
        left: session.keychainLeft + cache.keysLeft,
      },
    ],
    server: session.server,
    notes: [...new Set([...session.notes, ...notes, ...leftBehind(cache)])],
  }
}

const leftBehind = ({ bytesLeft, keysLeft }: CacheErasure): readonly FailureCode[] => [
  ...(bytesLeft > 0 ? (['snapshot_left'] as const) : []),
  ...(keysLeft > 0 ? (['keychain_locked'] as const) : []),
]
