import type { FastifyInstance } from 'fastify'
import { openAlone } from './alone.ts'
import type { BackendConfig } from './config.ts'
import type { Database } from './database/database.ts'
import type { Ground } from './ground.ts'
import { serveHealth } from './health.ts'
import { createHttp, listen } from './http.ts'
import { routeUpgrades } from './http-upgrades.ts'
import type { Log } from './log.ts'
import { registerMetrics } from './metrics/metrics-routes.ts'
import { createMetrics, type Metrics } from './metrics/metrics.ts'
import { createParts, type Part, type Tuning } from './parts.ts'
import type { DemoUser } from './supabase/demo-users.ts'
import type { Sessions } from './tokens/sessions.ts'
import type { Verifier } from './tokens/verifier.ts'
import { openWhole } from './whole.ts'

/** A running backend: one HTTP origin over one database. */
export interface Backend {
  readonly port: number
  readonly supabaseUrl: string
  readonly gatewayUrl: string
  /** Empty, as the other two, where the gateway runs alone: they are the project's to give. */
  readonly publishableKey: string
  /** The same key in its legacy form, a JWT; both are taken. */
  readonly legacyAnonKey: string
  /** For servers only; it passes by row level security. Never printed. */
  readonly secretKey: string
  readonly users: readonly DemoUser[]
  readonly database: Database
  readonly sessions: Sessions
  /** Settles if PostgreSQL ends while it should run. */
  readonly databaseLost: Promise<void>
  /** Everything down, PostgreSQL last; idempotent. */
  close: () => Promise<void>
}

export interface BackendOptions {
  readonly config: BackendConfig
  readonly log: Log
  /** For tests only: data that may be lost (no fsync), and passwords hashed at the least cost. */
  readonly throwaway?: boolean
  /** No gateway and no jobs: only the database and Supabase. */
  readonly idle?: boolean
  readonly tuning?: Tuning
}

/** @throws ConfigError where a setting is at fault */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const { config, log, throwaway = false, idle = false, tuning = {} } = options
  await using opened = new AsyncDisposableStack()
  const origin: Origin = { url: '' }
  const open = config.project === null ? openWhole : openAlone
  const ground = await open({ config, log, throwaway, opened, origin })

  const app = await createHttp(log.child('http'), {
    patience: tuning.http,
    behindProxy: config.gateway.behindProxy,
  })
  opened.defer(() => app.close())
  const metrics = createMetrics()
  registerMetrics(app, { metrics, token: config.gateway.metricsToken })
  const supabase = ground.serve(app)
  serveHealth(app, ground)
  const work = idle ? [] : addParts(ground, { config, log, tuning, origin, metrics })
  const parts = [...supabase, ...work]
  for (const part of parts) {
    join(app, part, opened)
    if (part.readings !== undefined) metrics.add(part.readings)
  }
  const takers = parts.flatMap((part) => part.takeUpgrade ?? [])
  routeUpgrades(app.server, takers, log.child('http'))
  const port = await listen(app, config)
  origin.url = `http://${hostInUrl(config.host)}:${port}`
  for (const part of parts) await part.start()

  const owned = opened.move()
  let closing: Promise<void> | null = null
  const { database, sessions, users, apiKeys } = ground
  return {
    port,
    supabaseUrl: config.project === null ? origin.url : (config.project.url ?? ''),
    gatewayUrl: config.publicOrigin ?? origin.url,
    publishableKey: apiKeys?.publishable ?? '',
    legacyAnonKey: apiKeys?.anonJwt ?? '',
    secretKey: apiKeys?.secret ?? '',
    users,
    database,
    sessions,
    databaseLost: ground.lost,
    close: () => (closing ??= owned.disposeAsync()),
  }
}

/** Known only once the port is. */
interface Origin {
  url: string
}

const isEveryAddress = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** Everything is not an address that one can go to. */
function hostInUrl(host: string): string {
  if (isEveryAddress(host)) return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

interface Surroundings {
  readonly config: BackendConfig
  readonly log: Log
  readonly tuning: Tuning
  readonly origin: Origin
  readonly metrics: Metrics
}

function addParts(ground: Ground, surroundings: Surroundings): readonly Part[] {
  const { config, log, tuning, origin, metrics } = surroundings
  const { database, sessions, supabase } = ground
  const verifier = countRefusals(ground.verifier, metrics)
  return createParts({
    database,
    verifier,
    sessions,
    log,
    jobs: config.jobs,
    samples: config.project === null,
    gateway: config.gateway,
    load: config.load,
    tuning,
    redisUrl: config.redisUrl,
    supabase,
    // Nobody knows it by every address: then its cookies are for TLS, and its pages are to be listed.
    publicOrigin: () => config.publicOrigin ?? (isEveryAddress(config.host) ? '' : origin.url),
  })
}

/** Whatever a credential was shown to: an address, a socket, a renewal on an open socket. */
function countRefusals({ verify }: Verifier, metrics: Metrics): Verifier {
  return {
    verify: async (token) => {
      const verdict = await verify(token)
      if (!verdict.ok) metrics.refused(verdict.refusal)
      return verdict
    },
  }
}

function join(app: FastifyInstance, part: Part, opened: AsyncDisposableStack): void {
  opened.defer(() => part.close())
  part.register?.(app)
}
