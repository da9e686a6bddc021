import type { FastifyInstance } from 'fastify'
import type { Load } from './config.ts'
import type { GatewayConfig } from './config-gateway.ts'
import type { Database } from './database/database.ts'
import type { HttpPatience } from './http.ts'
import type { TakeUpgrade } from './http-upgrades.ts'
import { createGateway, type GatewayOptions } from './gateway/gateway.ts'
import { createUpkeep } from './jobs/upkeep.ts'
import { createWork, type WorkOptions } from './jobs/work.ts'
import type { Log } from './log.ts'
import type { Readings } from './metrics/metrics.ts'
import type { Sessions } from './tokens/sessions.ts'
import type { Verifier } from './tokens/verifier.ts'

/** A room that joins the backend: the routes it serves, the sockets it takes, the work it does. */
export interface Part {
  register?: (app: FastifyInstance) => void
  /** Takes the WebSocket upgrades that are its own. */
  takeUpgrade?: TakeUpgrade
  /** What it tells of itself at `/metrics`. */
  readings?: Readings
  start: () => Promise<void>
  close: () => Promise<void>
}

export interface PartContext {
  readonly database: Database
  readonly verifier: Verifier
  readonly sessions: Sessions
  readonly log: Log
  /** Whether this process works on jobs, too. */
  readonly jobs: boolean
  /** Whether the sample jobs belong here: never into somebody else's project. */
  readonly samples: boolean
  readonly load: Load | null
  readonly gateway: GatewayConfig
  readonly tuning: Tuning
  /** Null where this gateway is the only one. It may hold a password. */
  readonly redisUrl: string | null
  /** The project whose data these are; null where no service key was given. */
  readonly supabase: SupabaseAccess | null
  /** What browsers know this gateway by, without a slash at the end; asked once it listens. */
  readonly publicOrigin: () => string
}

/** For servers only: the key passes by row level security. */
export interface SupabaseAccess {
  /** Known once the port is. */
  readonly url: () => string
  readonly serviceKey: string
}

/** What tests turn: smaller limits, faster or fewer jobs. */
export interface Tuning {
  readonly limits?: NonNullable<GatewayOptions['limits']>
  readonly http?: HttpPatience
  readonly work?: Pick<WorkOptions, 'pace' | 'scheduled' | 'leaseMs'>
}

/** In the order of starting; they are closed in reverse, so that work stops before sockets do. */
export function createParts(context: PartContext): readonly Part[] {
  const { database, verifier, sessions, log, samples, load, tuning, supabase, redisUrl } = context
  const gateway = { database, verifier, sessions, redisUrl, publicOrigin: context.publicOrigin }
  const limits = tuning.limits ?? {}
  const jobsLog = log.child('jobs')
  const work = { database, log: jobsLog, samples, load, supabase, ...tuning.work }
  return [
    createGateway({ ...gateway, ...context.gateway, limits, log: log.child('gateway') }),
    createUpkeep(database, jobsLog),
    ...(context.jobs ? [createWork(work)] : []),
  ]
}
