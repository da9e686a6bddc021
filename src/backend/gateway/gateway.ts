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
import { Origins } from './origins.ts'
import { RequestBudget } from './request-budget.ts'
import { createBridge } from './session-bridge/bridge.ts'
import type { BridgeSettings } from './session-bridge/grant.ts'
import { SocketRegistry } from './socket-registry.ts'
import { StreamHub } from './stream/stream-hub.ts'
import { StreamReader } from './stream/stream-reader.ts'
import { Upgrades } from './upgrades.ts'

export interface GatewayOptions {
  readonly database: Database
  readonly verifier: Verifier
  readonly sessions: Sessions
  readonly log: Log
  readonly limits?: Partial<GatewayLimits>
  /** Whether `X-Forwarded-For` was written by a proxy of ours. */
  readonly behindProxy?: boolean
  /** What browsers know this gateway by; asked once it listens. */
  readonly publicOrigin?: () => string
  /** Other sites whose pages may use cookies here. */
  readonly allowedOrigins?: readonly string[]
  readonly bridge?: Partial<BridgeSettings>
}

/** The console's way in: discovery, the jobs API, progress sockets and tenant streams (§§2–4). */
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
  const streamReader = new StreamReader(database)
  const streams = new StreamHub(fanOut.feed, streamReader)
  const watched = { reader, hub, streamReader, streams }
  const upgrades = new Upgrades({ verifier, ...watched, sockets, audit, limits, log })
  const budget = new RequestBudget(limits.requestsPerMinute)
  const guarded = createGuard({ verifier, budget, audit, log, behindProxy })
  const origins = new Origins({
    publicOrigin: options.publicOrigin ?? (() => ''),
    allowed: options.allowedOrigins ?? [],
  })
  const web = { database, sessions, verifier, audit, log, origins, behindProxy }
  const bridge = createBridge({ ...web, settings: options.bridge ?? {} })
  const end = async (): Promise<void> => {
    upgrades.close()
    sockets.close()
    bridge.close()
    streams.close()
    await hub.close()
    await fanOut.close()
    await audit.flush()
  }
  let ending: Promise<void> | null = null
  return {
    register: (app) => {
      registerRoutes(app, { guarded, reader, sockets })
      registerActs(app, { guarded, database, audit, behindProxy })
      bridge.register(app)
    },
    takeUpgrade: (upgrade) => upgrades.take(upgrade),
    start: async () => {
      sockets.start()
      bridge.start()
      await hub.start()
      streams.start()
      await fanOut.start()
      upgrades.open()
    },
    close: () => (ending ??= end()),
  }
}
