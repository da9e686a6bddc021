import type { Database } from './database/database.ts'
import type { Sessions } from './tokens/sessions.ts'

/** A sign-in that the ready line offers. */
export interface DemoUser {
  readonly email: string
  readonly password: string
  readonly label: string
  readonly tenantId: string
}

/** A running backend: one HTTP origin on 127.0.0.1 over one database. */
export interface Backend {
  readonly port: number
  readonly supabaseUrl: string
  readonly gatewayUrl: string
  readonly publishableKey: string
  readonly users: readonly DemoUser[]
  readonly database: Database
  readonly sessions: Sessions
  /** Everything down, Postgres last; idempotent. */
  close: () => Promise<void>
}
