import type { FastifyInstance } from 'fastify'
import about from '../../package.json' with { type: 'json' }
import type { BackendConfig } from './config.ts'
import { openDataFolder, type Secrets } from './data-folder.ts'
import type { Database } from './database/database.ts'
import { openEmbedded } from './database/embedded.ts'
import { createHttp, listen } from './http.ts'
import type { Log } from './log.ts'
import { createParts, type Part, type Tuning } from './parts.ts'
import { requireApiKey } from './supabase/api-key-door.ts'
import { createApiKeys, type ApiKeys } from './supabase/api-keys.ts'
import { registerAuth } from './supabase/auth-routes.ts'
import { openSessions } from './supabase/auth-sessions.ts'
import { demoEmails, seedDemoUsers, type DemoUser } from './supabase/demo-users.ts'
import { createIssuer, type Issuer } from './tokens/issuer.ts'
import type { Sessions } from './tokens/sessions.ts'
import { createVerifier, type Verifier } from './tokens/verifier.ts'

/** A running backend: one HTTP origin on 127.0.0.1 over one database. */
export interface Backend {
  readonly port: number
  readonly supabaseUrl: string
  readonly gatewayUrl: string
  readonly publishableKey: string
  /** The same key in its legacy form, a JWT; both are taken. */
  readonly legacyAnonKey: string
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
  const { issuer, apiKeys } = await openKeys(config, secrets)
  const verifier = chooseVerifier(config, issuer, sessions)

  const app = await createHttp(log.child('http'))
  opened.defer(() => app.close())
  const origin: Origin = { url: '' }
  serveSupabase(app, { config, log, database, issuer, apiKeys, origin })
  serveHealth(app, database)
  const parts = idle
    ? []
    : createParts({ database, verifier, sessions, log, load: config.load, tuning })
  for (const part of parts) join(app, part, opened)
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

async function openKeys(
  config: BackendConfig,
  secrets: Secrets,
): Promise<{ issuer: Issuer; apiKeys: ApiKeys }> {
  const { jwtSecret } = config.auth
  const issuer = await createIssuer(
    jwtSecret === null
      ? { algorithm: 'ES256', privateKey: secrets.signingKey }
      : { algorithm: 'HS256', secret: jwtSecret },
  )
  const apiKeys = await createApiKeys({ ...secrets, jwtSecret: jwtSecret ?? secrets.jwtSecret })
  return { issuer, apiKeys }
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
  readonly origin: Origin
}

function serveSupabase(app: FastifyInstance, context: SupabaseContext): void {
  const { config, log, database, issuer, apiKeys, origin } = context
  app.register(
    (auth, _options, done) => {
      registerAuth(auth, {
        database,
        issuer,
        apiKeys,
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
      requireApiKey(rest, apiKeys)
      rest.setNotFoundHandler((request, reply) => {
        const [table = ''] = request.url.replace(/^\/rest\/v1\/?/, '').split('?')
        const message = `Could not find the table 'public.${table}' in the schema cache`
        reply.code(404).send({ code: 'PGRST205', details: null, hint: null, message })
      })
      done()
    },
    { prefix: '/rest/v1' },
  )
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
  part.attach?.(app.server)
}
