import type { FastifyInstance } from 'fastify'
import type { Database } from '../database/database.ts'
import type { TakeUpgrade } from '../http-upgrades.ts'
import type { Log } from '../log.ts'
import type { Readings } from '../metrics/metrics.ts'
import type { Sessions } from '../tokens/sessions.ts'
import type { Verifier } from '../tokens/verifier.ts'
import { Audit } from './audit.ts'
import { createFanOut } from './fan-out/fan-out.ts'
import { createGuard } from './guard.ts'
import { registerRoutes } from './http-routes.ts'
import { JobHub } from './job-hub.ts'
import { readGateway } from './gateway-readings.ts'
import { JobReader } from './job-reader.ts'
import { registerActs } from './jobs-api/act-routes.ts'
import { defaultLimits, type GatewayLimits } from './limits.ts'
import { RequestBudget } from './request-budget.ts'
import { SocketRegistry } from './socket-registry.ts'
import { StreamHub } from './stream/stream-hub.ts'
import { StreamReader } from './stream/stream-reader.ts'
import { Upgrades } from './upgrades.ts'
import { createWeb, type Web, type WebSettings } from './web.ts'

export interface GatewayOptions extends WebSettings {
  readonly database: Database
  readonly verifier: Verifier
  readonly sessions: Sessions
  readonly log: Log
  readonly limits?: Partial<GatewayLimits>
  /** Null where this gateway is the only one. */
  readonly redisUrl?: string | null
  /** Whether `X-Forwarded-For` was written by a proxy of ours. */
  readonly behindProxy?: boolean
}

/** The console's way in: discovery, the jobs API, progress sockets and tenant streams (§§2–4). */
export interface Gateway {
  register: (app: FastifyInstance) => void
  readonly takeUpgrade: TakeUpgrade
  readonly readings: Readings
  start: () => Promise<void>
  /** Closes every socket with 1001 and writes the last audit lines. Idempotent. */
  close: () => Promise<void>
}

export function createGateway(options: GatewayOptions): Gateway {
  const { database, verifier, sessions, log, behindProxy = false, redisUrl = null } = options
  const limits = { ...defaultLimits, ...options.limits }
  const reader = new JobReader(database)
  const fanOut = createFanOut({
    database,
    redisUrl,
    onRelayed: (changes) => web.relay(changes),
    log: log.child('fan-out'),
  })
  const hub = new JobHub({ database, feed: fanOut.feed, reader, log })
  const sockets = new SocketRegistry({ sessions, limits, log })
  const audit = new Audit(database, log)
  const streamReader = new StreamReader(database)
  const streams = new StreamHub(fanOut.feed, streamReader)
  const watched = { reader, hub, streamReader, streams }
  const upgrades = new Upgrades({ verifier, ...watched, sockets, audit, limits, log, behindProxy })
  const budget = new RequestBudget(limits.requestsPerMinute)
  const guarded = createGuard({ verifier, budget, audit, log, behindProxy })
  const { feed } = fanOut
  const shared = { database, verifier, sessions, audit, feed, redisUrl, limits, log, behindProxy }
  const web: Web = createWeb(shared, options)
  const end = async (): Promise<void> => {
    upgrades.close()
    sockets.close()
    await web.close()
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
      web.register(app)
    },
    readings: async () =>
      readGateway({ sockets: sockets.counts(), web: web.sockets(), feed, database }),
    takeUpgrade: (upgrade) => web.takeUpgrade(upgrade) ?? upgrades.take(upgrade),
    start: async () => {
      sockets.start()
      await web.start()
      await hub.start()
      streams.start()
      await fanOut.start()
      upgrades.open()
    },
    close: () => (ending ??= end()),
  }
}
