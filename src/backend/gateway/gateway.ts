import type { FastifyInstance } from 'fastify'
import type { Database } from '../database/database.ts'
import type { TakeUpgrade } from '../http-upgrades.ts'
import type { Log } from '../log.ts'
import type { Sessions } from '../tokens/sessions.ts'
import type { Verifier } from '../tokens/verifier.ts'
import { Audit } from './audit.ts'
import { registerRoutes } from './http-routes.ts'
import { JobHub } from './job-hub.ts'
import { JobReader } from './job-reader.ts'
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
  const { database, verifier, sessions, log } = options
  const limits = { ...defaultLimits, ...options.limits }
  const reader = new JobReader(database)
  const hub = new JobHub({ database, reader, log })
  const sockets = new SocketRegistry({ sessions, limits, log })
  const audit = new Audit(database, log)
  const upgrades = new Upgrades({ verifier, reader, hub, sockets, audit, limits, log })
  const budget = new RequestBudget(limits.requestsPerMinute)
  const end = async (): Promise<void> => {
    upgrades.close()
    sockets.close()
    await hub.close()
    await audit.flush()
  }
  let ending: Promise<void> | null = null
  return {
    register: (app) => registerRoutes(app, { verifier, reader, sockets, budget, log }),
    takeUpgrade: (upgrade) => upgrades.take(upgrade),
    start: async () => {
      sockets.start()
      await hub.start()
    },
    close: () => (ending ??= end()),
  }
}
