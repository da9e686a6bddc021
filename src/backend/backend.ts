import type { FastifyInstance } from 'fastify'
import about from '../../package.json' with { type: 'json' }
import type { BackendConfig } from './config.ts'
import { openDataFolder, type Secrets } from './data-folder.ts'
import type { Database } from './database/database.ts'
import { openEmbedded } from './database/embedded.ts'
import { createHttp, listen } from './http.ts'
import { routeUpgrades } from './http-upgrades.ts'
import type { Log } from './log.ts'
import { createParts, type Part, type Tuning } from './parts.ts'
import { createApiKeys, type ApiKeys } from './supabase/api-keys.ts'
import { registerAuth } from './supabase/auth-routes.ts'
import { openSessions } from './supabase/auth-sessions.ts'
import { demoEmails, seedDemoUsers, type DemoUser } from './supabase/demo-users.ts'
import { createRealtime } from './supabase/realtime/realtime.ts'
import { registerRest } from './supabase/rest/rest-routes.ts'
import { createIssuer, type Issuer } from './tokens/issuer.ts'
import type { Sessions } from './tokens/sessions.ts'
import { createTokenCheck, type TokenCheck } from './tokens/token-check.ts'
import { createVerifier, type Verifier } from './tokens/verifier.ts'

/** A running backend: one HTTP origin on 127.0.0.1 over one database. */
export interface Backend {
  readonly port: number
  readonly supabaseUrl: string
  readonly gatewayUrl: string
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
  /** No gateway and no jobs: only the database and auth. */
  readonly idle?: boolean
  readonly tuning?: Tuning
}

/** bcrypt's cost: Supabase's, and bcrypt's least. */
const passwordCost = { kept: 10, throwaway: 4 }

export async function startBackend(options: BackendOptions): Promise<Backend> {
  const { config, log, throwaway = false, idle = false, tuning = {} } = options
  await using opened = new AsyncDisposableStack()
  const folder = await openDataFolder({ dir: config.dataDir, demoEmails, reset: config.reset })
  const { secrets } = folder
  const { database, ...embedded } = await openEmbedded({
    dir: folder.clusterDir,
    password: secrets.databasePassword,
    port: config.databasePort,
    durable: !throwaway,
    fresh: config.reset,
    log: log.child('database'),
  })
  opened.defer(() => embedded.close())
  const cost = throwaway ? passwordCost.throwaway : passwordCost.kept
  const users = await seedDemoUsers(database, secrets.demoPasswords, cost)
  const sessions = await openSessions(database, log.child('auth'))
  const { issuer, apiKeys, check } = await openKeys(config, secrets)
  const verifier = chooseVerifier(config, issuer, sessions)

  const app = await createHttp(log.child('http'))
  opened.defer(() => app.close())
  const origin: Origin = { url: '' }
  const supabase = serveSupabase(app, { config, log, database, issuer, apiKeys, check, origin })
  serveHealth(app, database)
  const work = idle
    ? []
    : createParts({
        database,
        verifier,
        sessions,
        log,
        load: config.load,
        tuning,
        redisUrl: config.redisUrl,
        supabase: { url: () => origin.url, serviceKey: apiKeys.secret },
        publicOrigin: () => config.publicOrigin ?? origin.url,
      })
  const parts = [...supabase, ...work]
  for (const part of parts) join(app, part, opened)
  const takers = parts.flatMap((part) => part.takeUpgrade ?? [])
  routeUpgrades(app.server, takers, log.child('http'))
  const port = await listen(app, config.port)
  origin.url = `http://127.0.0.1:${port}`
  for (const part of parts) await part.start()

  const owned = opened.move()
  let closing: Promise<void> | null = null
  return {
    port,
    supabaseUrl: origin.url,
    gatewayUrl: origin.url,
    publishableKey: apiKeys.publishable,
    legacyAnonKey: apiKeys.anonJwt,
    secretKey: apiKeys.secret,
    users,
    database,
    sessions,
    databaseLost: embedded.lost,
    close: () => (closing ??= owned.disposeAsync()),
  }
}

/** Known only once the port is. */
interface Origin {
  url: string
}

interface Keys {
  readonly issuer: Issuer
  readonly apiKeys: ApiKeys
  readonly check: TokenCheck
}

async function openKeys(config: BackendConfig, secrets: Secrets): Promise<Keys> {
  const { jwtSecret } = config.auth
  const secret = jwtSecret ?? secrets.jwtSecret
  const issuer = await createIssuer(
    jwtSecret === null
      ? { algorithm: 'ES256', privateKey: secrets.signingKey }
      : { algorithm: 'HS256', secret: jwtSecret },
  )
  const apiKeys = await createApiKeys({ ...secrets, jwtSecret: secret })
  return { issuer, apiKeys, check: createTokenCheck({ jwks: issuer.jwks, secret }) }
}

function chooseVerifier({ tokens }: BackendConfig, issuer: Issuer, sessions: Sessions): Verifier {
  const { issuedElsewhere, tenantClaim, leewaySeconds } = tokens
  return createVerifier({
    keys: issuedElsewhere ?? issuer.verifierKeys,
    tenantClaim,
    leewaySeconds,
    // Another project's sessions cannot be asked for: its tokens are good until they expire.
    sessionAlive: (id) => (issuedElsewhere === null ? sessions.alive(id) : Promise.resolve(true)),
  })
}

interface SupabaseContext {
  readonly config: BackendConfig
  readonly log: Log
  readonly database: Database
  readonly issuer: Issuer
  readonly apiKeys: ApiKeys
  readonly check: TokenCheck
  readonly origin: Origin
}

/** Its routes, and what of it has to be started and closed. */
function serveSupabase(app: FastifyInstance, context: SupabaseContext): readonly Part[] {
  const { config, log, database, issuer, apiKeys, check, origin } = context
  app.register(
    (auth, _options, done) => {
      registerAuth(auth, {
        database,
        issuer,
        apiKeys,
        check,
        config: config.auth,
        version: about.version,
        log: log.child('auth'),
        issuerUrl: () => `${origin.url}/auth/v1`,
      })
      done()
    },
    { prefix: '/auth/v1' },
  )
  app.register(
    (rest, _options, done) => {
      registerRest(rest, { database, apiKeys, check, log: log.child('rest') })
      done()
    },
    { prefix: '/rest/v1' },
  )
  const realtime = { database, apiKeys, check, config: config.realtime }
  return [createRealtime({ ...realtime, log: log.child('realtime') })]
}

function serveHealth(app: FastifyInstance, database: Database): void {
  app.get('/health', async (_request, reply) => {
    const up = await database.query('select 1').then(
      () => true,
      () => false,
    )
    const state = up ? 'ok' : 'degraded'
    return reply.code(up ? 200 : 503).send({
      status: state,
      version: about.version,
      database: up ? 'up' : 'down',
      realtime: 'none',
    })
  })
}

function join(app: FastifyInstance, part: Part, opened: AsyncDisposableStack): void {
  opened.defer(() => part.close())
  part.register?.(app)
}
