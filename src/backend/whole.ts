import type { FastifyInstance } from 'fastify'
import about from '../../package.json' with { type: 'json' }
import type { BackendConfig } from './config.ts'
import { openDataFolder, writePasswordFile, type DataFolder } from './data-folder.ts'
import { openEmbedded } from './database/embedded.ts'
import { migrateExternal, openExternal } from './database/external.ts'
import { readsChanges } from './database/schema-state.ts'
import type { Database } from './database/database.ts'
import type { Ground, GroundOptions } from './ground.ts'
import type { Log } from './log.ts'
import { createApiKeys, type ApiKeys } from './supabase/api-keys.ts'
import { registerAuth } from './supabase/auth-routes.ts'
import { openSessions } from './supabase/auth-sessions.ts'
import { demoEmails, seedDemoUsers } from './supabase/demo-users.ts'
import { registerOutbox } from './supabase/outbox-routes.ts'
import { createRealtime } from './supabase/realtime/realtime.ts'
import { registerRest } from './supabase/rest/rest-routes.ts'
import { createIssuer, type Issuer } from './tokens/issuer.ts'
import type { Sessions } from './tokens/sessions.ts'
import { createTokenCheck, type TokenCheck } from './tokens/token-check.ts'
import { createVerifier, type Verifier } from './tokens/verifier.ts'

/** bcrypt's cost: Supabase's, and bcrypt's least. */
const passwordCost = { kept: 10, throwaway: 4 }

/** A Supabase of our own, over the embedded PostgreSQL or one of the operator's. */
export async function openWhole(options: GroundOptions): Promise<Ground> {
  const { config, log, throwaway, origin } = options
  const folder = await openDataFolder({ dir: config.dataDir, demoEmails, reset: config.reset })
  const { secrets } = folder
  const { database, lost } =
    config.database === null ? await openOwnServer(options, folder) : await openTheirServer(options)
  const cost = throwaway ? passwordCost.throwaway : passwordCost.kept
  const users = await seedDemoUsers(database, secrets.demoPasswords, cost)
  const sessions = await openSessions(database, log.child('auth'))
  const keys = await openKeys(config, folder)
  const { check, apiKeys } = keys
  const realtime = createRealtime({
    ...{ database, apiKeys, check, sessions, config: config.realtime },
    log: log.child('realtime'),
  })
  const readable = await canReadChanges(database, log)
  const context = { config, log, database, origin, sessions, passwordCost: cost, ...keys }
  return {
    database,
    lost,
    sessions,
    verifier: chooseVerifier(config, keys.issuer, sessions),
    supabase: { url: () => origin.url, serviceKey: apiKeys.secret },
    apiKeys,
    users,
    realtime: () => {
      if (!config.realtime.enabled) return 'off'
      return readable && realtime.changes.kind !== 'unavailable' ? 'up' : 'unavailable'
    },
    serve: (app) => {
      serveSupabase(app, context)
      return [realtime]
    },
  }
}

interface Server {
  readonly database: Database
  readonly lost: Promise<void>
}

async function openOwnServer(options: GroundOptions, folder: DataFolder): Promise<Server> {
  const { config, log, throwaway, opened } = options
  const { database, lost, close } = await openEmbedded({
    dir: folder.clusterDir,
    password: folder.secrets.databasePassword,
    port: config.databasePort,
    durable: !throwaway,
    fresh: config.reset,
    log: log.child('database'),
  })
  opened.defer(close)
  const pgpass = await writePasswordFile(config.dataDir, database.connection)
  log.info('PostgreSQL listens', { port: database.connection.port, pgpass })
  return { database, lost }
}

async function openTheirServer({ config, log, opened }: GroundOptions): Promise<Server> {
  if (config.database === null) throw new Error('there is no server to open')
  const database = await openExternal(config.database, log.child('database'))
  opened.defer(() => database.close())
  await migrateExternal(database, log.child('database'))
  return { database, lost: new Promise(() => undefined) }
}

interface Keys {
  readonly issuer: Issuer
  readonly apiKeys: ApiKeys
  readonly check: TokenCheck
}

/** What signs, what is believed, and the project's API keys. */
export async function openKeys({ auth }: BackendConfig, { secrets }: DataFolder): Promise<Keys> {
  const { jwtSecret, signingKeys } = auth
  const secret = jwtSecret ?? secrets.jwtSecret
  const issuer = await createIssuer(
    signingKeys !== null
      ? { algorithm: 'listed', privateKeys: signingKeys }
      : jwtSecret !== null
        ? { algorithm: 'HS256', secret: jwtSecret }
        : { algorithm: 'ES256', privateKey: secrets.signingKey },
  )
  const apiKeys = await createApiKeys({ ...secrets, jwtSecret: secret })
  const { jwks, keyring } = issuer
  return { issuer, apiKeys, check: createTokenCheck({ jwks, secret, keyring }) }
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

async function canReadChanges(database: Database, log: Log): Promise<boolean> {
  const readable = await readsChanges(database)
  if (!readable) log.warn('Realtime is unavailable: the server runs without wal_level=logical')
  return readable
}

interface SupabaseContext extends Keys {
  readonly config: BackendConfig
  readonly log: Log
  readonly database: Database
  readonly sessions: Sessions
  readonly origin: { readonly url: string }
  readonly passwordCost: number
}

function serveSupabase(app: FastifyInstance, context: SupabaseContext): void {
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
        origin: () => origin.url,
        passwordCost: context.passwordCost,
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
  // A proxy on this machine would pass for this machine.
  if (config.gateway.behindProxy) return
  app.register((pages, _options, done) => {
    registerOutbox(pages, database)
    done()
  })
}
