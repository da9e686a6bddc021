import type { FastifyInstance } from 'fastify'
import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import type { Sessions } from '../../tokens/sessions.ts'
import type { Verifier } from '../../tokens/verifier.ts'
import type { Audit } from '../audit.ts'
import type { Origins } from '../origins.ts'
import { registerBridge } from './bridge-routes.ts'
import { defaultBridge, type BridgeSettings } from './grant.ts'
import { UserSessions } from './user-sessions.ts'

export interface BridgeOptions {
  readonly database: Database
  readonly sessions: Sessions
  readonly verifier: Verifier
  readonly audit: Audit
  readonly log: Log
  readonly origins: Origins
  readonly behindProxy: boolean
  readonly settings: Partial<BridgeSettings>
}

/** Sessions for those who hold cookies. */
export interface Bridge {
  readonly userSessions: UserSessions
  register: (app: FastifyInstance) => void
  start: () => void
  close: () => void
}

export function createBridge(options: BridgeOptions): Bridge {
  const { database, sessions, verifier, audit, log, origins, behindProxy } = options
  const settings = { ...defaultBridge, ...options.settings }
  const userSessions = new UserSessions({ database, sessions, settings })
  const rotation = { database, sessions, settings }
  /** Ends that were missed are found when the cookie comes next. */
  const follow = (supabaseSessionId: string | null): void => {
    if (supabaseSessionId === null) return
    userSessions
      .revokeBridgedFrom(supabaseSessionId, 'supabase_session_ended')
      .catch((error: unknown) =>
        log.warn('a bridged session could not be ended', { why: String(error) }),
      )
  }
  let off: (() => void) | null = null
  return {
    userSessions,
    register: (app) =>
      registerBridge(app, { verifier, userSessions, rotation, origins, audit, log, behindProxy }),
    start: () => {
      off ??= sessions.onEnded(follow)
    },
    close: () => off?.(),
  }
}
