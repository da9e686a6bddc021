import pg from 'pg'
import type { Log } from '../log.ts'
import type { Caller, Connection, Database, Queryable } from './database.ts'
import { Listener } from './listener.ts'

/** How our connections are told from others on the server. */
export const applicationName = 'signalbox-backend'

/** Most statements at a time; the rest wait their turn. */
const poolSize = 20

/** Callers' statements at a time, where callers come in by a door of their own. */
const callerPoolSize = 12

export interface DatabaseDoors {
  readonly connection: Connection
  /** A login that may only become somebody's role: whoever breaks out of it has reached nothing. */
  readonly callers?: Connection
}

export function openDatabase({ connection, callers }: DatabaseDoors, log: Log): Database {
  let closing = false
  const open = (door: Connection, max: number): pg.Pool => {
    const pool = new pg.Pool({ ...settingsOf(door), max, connectionTimeoutMillis: 5_000 })
    pool.on('error', (error) => {
      if (!closing) log.warn('an idle database connection broke', { why: error.message })
    })
    return pool
  }
  const pool = open(connection, poolSize)
  const callerPool = callers === undefined ? pool : open(callers, callerPoolSize)
  const listener = new Listener(settingsOf(connection), log)
  return {
    connection,
    query: queryable(pool).query,
    tx: (run) => transaction(pool, run),
    asCaller: (caller, run) =>
      transaction(callerPool, async (inside) => {
        await assume(inside, caller)
        return run(inside)
      }),
    listen: (channel, hear) => listener.listen(channel, hear),
    close: async () => {
      closing = true
      await listener.close()
      await Promise.all([...new Set([pool, callerPool])].map((each) => each.end()))
    },
  }
}

function settingsOf(connection: Connection): pg.ClientConfig {
  return { ...connection, application_name: applicationName }
}

function queryable(client: pg.Pool | pg.PoolClient): Queryable {
  return {
    query: async <Row>(sql: string, params: readonly unknown[] = []) => {
      const result =
        params.length === 0 ? await client.query(sql) : await client.query(sql, [...params])
      return result.rows as Row[]
    },
  }
}

async function transaction<T>(
  pool: pg.Pool,
  run: (queryable: Queryable) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  const connection = { broken: false }
  // The pool listens only while a connection is idle. The statement that runs, or the next one, says why.
  const broke = (): void => {
    connection.broken = true
  }
  client.on('error', broke)
  try {
    await client.query('begin')
    const result = await run(queryable(client))
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(broke)
    throw error
  } finally {
    // A connection that broke, or could not roll back, is not lent again.
    client.release(connection.broken)
    if (!connection.broken) client.off('error', broke)
  }
}

/** `SET LOCAL`: both are forgotten at the end of the transaction. */
async function assume(inside: Queryable, caller: Caller): Promise<void> {
  await inside.query(
    `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`,
    [caller.role, JSON.stringify(caller.claims)],
  )
}
