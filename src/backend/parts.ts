import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { BackendConfig } from './config.ts'
import type { Database } from './database/database.ts'
import type { Log } from './log.ts'
import type { Sessions } from './tokens/sessions.ts'
import type { Verifier } from './tokens/verifier.ts'

/** A room that joins the backend: the routes it serves, the sockets it takes, the work it does. */
export interface Part {
  register?: (app: FastifyInstance) => unknown
  /** Takes WebSocket upgrades. */
  attach?: (server: Server) => void
  start: () => Promise<void> | void
  close: () => Promise<void>
}

export interface PartContext {
  readonly database: Database
  readonly verifier: Verifier
  readonly sessions: Sessions
  readonly log: Log
  readonly config: BackendConfig
}

/** In the order of starting; they are closed in reverse. */
export const createParts = (): readonly Part[] => []
