import type { FastifyInstance } from 'fastify'
import type { BackendConfig } from './config.ts'
import type { Database } from './database/database.ts'
import type { RealtimeHealth } from './health.ts'
import type { Log } from './log.ts'
import type { Part, SupabaseAccess } from './parts.ts'
import type { ApiKeys } from './supabase/api-keys.ts'
import type { DemoUser } from './supabase/demo-users.ts'
import type { Sessions } from './tokens/sessions.ts'
import type { Verifier } from './tokens/verifier.ts'

/** What the gateway and the jobs stand on: a Supabase of our own, or somebody else's. */
export interface Ground {
  readonly database: Database
  /** Settles if PostgreSQL ends while it should run. */
  readonly lost: Promise<void>
  readonly sessions: Sessions
  readonly verifier: Verifier
  readonly supabase: SupabaseAccess | null
  /** Null where the Supabase is somebody else's. */
  readonly apiKeys: ApiKeys | null
  readonly users: readonly DemoUser[]
  readonly realtime: () => RealtimeHealth
  /** Adds the Supabase's own routes; what of it has to be started and closed. */
  readonly serve: (app: FastifyInstance) => readonly Part[]
}

export interface GroundOptions {
  readonly config: BackendConfig
  readonly log: Log
  /** For tests only: data that may be lost (no fsync), and passwords hashed at the least cost. */
  readonly throwaway: boolean
  /** Takes what has to be closed. */
  readonly opened: AsyncDisposableStack
  /** Filled once the port is known. */
  readonly origin: { readonly url: string }
}
