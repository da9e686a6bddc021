import type { FastifyInstance } from 'fastify'
import type { Database } from '../database/database.ts'
import type { TakeUpgrade } from '../http-upgrades.ts'
import type { Log } from '../log.ts'
import type { Sessions } from '../tokens/sessions.ts'
import type { Verifier } from '../tokens/verifier.ts'
import { Audit } from './audit.ts'
import { createFanOut } from './fan-out/fan-out.ts'
import { createGuard } from './guard.ts'
import { registerRoutes } from './http-routes.ts'
import { JobHub } from './job-hub.ts'
import { JobReader } from './job-reader.ts'
import { registerActs } from './jobs-api/act-routes.ts'
import { defaultLimits, type GatewayLimits } from './limits.ts'
import { RequestBudget } from './request-budget.ts'
import { SocketRegistry } from './socket-registry.ts'
import { Upgrades } from './upgrades.ts'

export interface GatewayOptions {
  readonly database: Database
  readonly verifier: Verifier
  readonly sessions: Sessions
  readonly log: Log
  readonly limits?: Partial<GatewayLimits>
  /** Whether `X-Forwarded-For` was written by a proxy of ours. */
  readonly behindProxy?: boolean
}

/** The console's way in: discovery, the jobs API, and progress sockets (gateway-protocol §§2, 3). */
export interface Gateway {
  register: (app: FastifyInstance) => void
  readonly takeUpgrade: TakeUpgrade
  start: () => Promise<void>
  /** Closes every socket with 1001 and writes the last audit lines. Idempotent. */
  close: () => Promise<void>
}

export function createGateway(options: GatewayOptions): Gateway {
  const { database, verifier, sessions, log, behindProxy = false } = options
  const limits = { ...defaultLimits, ...options.limits }
  const reader = new JobReader(database)
  const fanOut = createFanOut({ database, log })
  const hub = new JobHub({ database, feed: fanOut.feed, reader, log })
  const sockets = new SocketRegistry({ sessions, limits, log })
  const audit = new Audit(database, log)
  const upgrades = new Upgrades({ verifier, reader, hub, sockets, audit, limits, log })
  const budget = new RequestBudget(limits.requestsPerMinute)
  const guarded = createGuard({ verifier, budget, audit, log, behindProxy })
  const end = async (): Promise<void> => {
    upgrades.close()
    sockets.close()
    await hub.close()
    await fanOut.close()
    await audit.flush()
  }
  let ending: Promise<void> | null = null
  return {
    register: (app) => {
      registerRoutes(app, { guarded, reader, sockets })
      registerActs(app, { guarded, database, audit, behindProxy })
    },
    takeUpgrade: (upgrade) => upgrades.take(upgrade),
    start: async () => {
      sockets.start()
      await hub.start()
      await fanOut.start()
    },
    close: () => (ending ??= end()),
  }
}
