import type { FailureCode, Outcome } from '../../shared/failure.ts'
import type { Job } from '../../shared/job.ts'
import type { JobTable, SourceKind } from '../../shared/profile.ts'
import type { SourceView } from '../../shared/workspace.ts'
import type { Off } from '../lib/emitter.ts'
import type { Log } from '../lib/log.ts'
import type { Scope } from '../lib/scope.ts'
import type { Secret } from '../lib/secret.ts'
import type { Clock, HttpFetch, Random, SocketFactory } from '../ports.ts'

/**
 * Where a source gets its credential. It knows no session: only these three doors.
 * `renew` is shared: however many sockets were refused with one token, one refresh is made.
 */
export interface TokenSupply {
  /** The access token in hand, refreshed first when it is about to expire. */
  current: () => Promise<Outcome<Secret>>
  /** Called with the token that a server refused; answers a different one, or why there is none. */
  renew: (refused: Secret) => Promise<Outcome<Secret>>
  onRenewed: (listener: () => void) => Off
}

/** Where a source puts what it heard; every job was parsed and its tenant checked before. */
export interface JobSink {
  /** One change, or the state of one job. */
  take: (job: Job) => void
  /**
   * Everything the server knows now; jobs missing here that no other source told of are gone. `anew`: its history
   * begins again, in this epoch, and what was known before is no measure of what is older.
   */
  takeAll: (jobs: readonly Job[], anew?: string) => void
  /** Events of this job (null: of any) are known to be missing: shown as remembered until heard again. */
  doubt: (jobId: string | null) => void
  /** Nothing was missed: all that this source ever told is as the server has it now. */
  confirm: () => void
  /** The server knows no such job (4404). */
  forget: (jobId: string) => void
  /** Something was heard (a message or a pong), even if it changed no job. */
  heard: () => void
  /** A frame was dropped: it broke the protocol, or named another tenant. */
  dropped: (why: 'malformed' | 'tenant' | 'order') => void
}

/** A place in a numbered history, or in a table by its cursor. Opaque to everybody but its source. */
export interface Position {
  readonly read: () => string | null
  /** The text is asked for when it is needed, which is seldom. */
  readonly write: (position: () => string | null) => void
}

export interface SourceContext {
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  readonly sockets: SocketFactory
  readonly fetch: HttpFetch
  readonly tokens: TokenSupply
  readonly sink: JobSink
  readonly gatewayUrl: string
  readonly supabaseUrl: string
  readonly publishableKey: string
  readonly jobTable: JobTable
  /** Where this source was, kept over restarts with the offline snapshot. */
  readonly position: Position
  readonly tokenTransport: 'auto' | 'header' | 'query'
  /** From the session token; a payload of any other tenant is dropped. */
  readonly tenantIds: readonly string[]
  readonly log: Log
}

/** One way in which job events arrive. It lives in its scope and ends with it. */
export interface Source {
  readonly kind: SourceKind
  readonly view: SourceView
  onChanged: (listener: () => void) => Off
  /** Dials now whatever waits, and probes whatever seems open (wake, network change, operator). */
  wake: () => void
  /** Set once the source gave up for good. */
  readonly stopped: FailureCode | null
}
