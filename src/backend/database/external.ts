import pg from 'pg'
import { ConfigError } from '../config-error.ts'
import type { Log } from '../log.ts'
import { explainConnection } from './connection-fault.ts'
import type { Connection, Database } from './database.ts'
import { migrate } from './migrations.ts'
import { applicationName, openDatabase } from './pool.ts'

const connectWithinMs = 10_000
/** PostgreSQL 15, the oldest that Supabase runs. */
const leastVersion = 150_000

/**
 * One connection to somebody else's server, made to see whether there is a way to it.
 * @throws ConfigError with one sentence where the way is at fault
 */
export async function connectOnce(connection: Connection): Promise<pg.Client> {
  const client = new pg.Client({
    ...connection,
    application_name: applicationName,
    connectionTimeoutMillis: connectWithinMs,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    const why = explainConnection(error, connection)
    if (why !== null) throw new ConfigError(`DATABASE_URL: ${why}`)
    throw new ConfigError(`DATABASE_URL: ${connection.host} refuses: ${wordsOf(error)}`)
  }
}

/** A server by `DATABASE_URL`, proven to answer. Nothing in it is changed. @throws ConfigError */
export async function openExternal(connection: Connection, log: Log): Promise<Database> {
  const client = await connectOnce(connection)
  await client.end()
  const database = openDatabase({ connection }, log)
  const [row] = await database.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  )
  if (row === undefined || row.version >= leastVersion) return database
  await database.close()
  throw new ConfigError('DATABASE_URL: PostgreSQL 15 or newer is needed')
}

/**
 * The embedded Supabase's schema in a database of the operator's.
 * @throws ConfigError for a database that is a Supabase already, or that we may not build in
 */
export async function migrateExternal(database: Database, log: Log): Promise<void> {
  const [found] = await database.query<{ taken: boolean }>(
    `select to_regclass('auth.schema_migrations') is not null as taken`,
  )
  if (found?.taken === true) {
    throw new ConfigError(
      'DATABASE_URL is the database of a Supabase project, which has an auth server already: set SUPABASE_URL as well, to run the gateway alone',
    )
  }
  try {
    const applied = await migrate(database)
    if (applied.length > 0) log.info('schema brought up to date', { applied: applied.join(' ') })
  } catch (error) {
    const may = error instanceof Error && 'code' in error && error.code === '42501'
    const step = may
      ? `${database.connection.user} must be a superuser`
      : "look into the server's log"
    throw new ConfigError(`DATABASE_URL: the schema cannot be made (${wordsOf(error)}): ${step}`)
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}
