import { ConfigError } from './config-error.ts'
import type { Database } from './database/database.ts'
import { openExternal } from './database/external.ts'
import { missingTables } from './database/schema-state.ts'
import type { Ground, GroundOptions } from './ground.ts'
import type { Log } from './log.ts'
import { openSessions } from './supabase/auth-sessions.ts'
import { readListedKeys } from './tokens/jwks.ts'
import type { Sessions } from './tokens/sessions.ts'
import { createVerifier, type VerifierKeys } from './tokens/verifier.ts'
import { WatchedSessions } from './tokens/watched-sessions.ts'

/**
 * The gateway over somebody else's Supabase: nothing of it is served, started or migrated here.
 * @throws ConfigError where something of it cannot be reached or is not as it must be
 */
export async function openAlone(options: GroundOptions): Promise<Ground> {
  const { config, log, opened } = options
  const { project, database: connection } = config
  if (project === null || connection === null) throw new Error('there is no project')
  await checkKeys(project.keys)
  const database = await openExternal(connection, log.child('database'))
  opened.defer(() => database.close())
  await checkSchema(database)
  const sessions = await chooseSessions(database, log.child('auth'))
  opened.defer(() => sessions.close())
  const { url, serviceKey } = project
  return {
    database,
    lost: new Promise(() => undefined),
    sessions,
    verifier: createVerifier({
      keys: project.keys,
      ...config.tokens,
      sessionAlive: (id) => sessions.alive(id),
    }),
    supabase: url === null || serviceKey === null ? null : { url: () => url, serviceKey },
    apiKeys: null,
    users: [],
    realtime: () => 'elsewhere',
    serve: () => [],
  }
}

async function checkKeys(keys: VerifierKeys): Promise<void> {
  const why = await explainKeys(keys)
  if (why !== null) throw new ConfigError(`SUPABASE_JWKS_URL: ${why}`)
}

/** One sentence, or null where a project lists a key of the chosen algorithm. */
export async function explainKeys(keys: VerifierKeys): Promise<string | null> {
  if (keys.algorithm === 'HS256' || keys.algorithm === 'listed') return null
  if (!(keys.jwks instanceof URL)) return null
  const listed = await readListedKeys(keys.jwks)
  if (!listed.ok) return listed.why
  if (listed.algorithms.includes(keys.algorithm)) return null
  const others = listed.algorithms.join(' and ')
  return `the project signs with ${others}, not with ${keys.algorithm}: set SUPABASE_JWT_ALGORITHM`
}

async function checkSchema(database: Database): Promise<void> {
  const missing = await missingTables(database)
  const [first] = missing
  if (first !== undefined) {
    throw new ConfigError(
      `DATABASE_URL: the schema is not there (public.${first} is missing): run "supabase db push" with the folder resources/supabase`,
    )
  }
  const [row] = await database
    .query<{ readable: boolean }>(
      `select has_table_privilege('auth.sessions', 'select') as readable`,
    )
    .catch(() => [])
  if (row?.readable !== true) {
    throw new ConfigError(
      "DATABASE_URL: there is no auth.sessions that may be read: it must be the project's own database, entered as postgres",
    )
  }
}

/** By the trigger where there is one; a hosted project allows none on its schema auth. */
async function chooseSessions(
  database: Database,
  log: Log,
): Promise<Sessions & { close: () => Promise<void> }> {
  const [row] = await database.query<{ there: boolean }>(
    `select exists (
       select from pg_trigger where tgrelid = 'auth.sessions'::regclass and tgname = 'session_ended'
     ) as there`,
  )
  return row?.there === true ? openSessions(database, log) : new WatchedSessions(database, log)
}
