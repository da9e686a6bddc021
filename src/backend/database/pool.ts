import pg from 'pg'
import type { Log } from '../log.ts'
import type { Caller, Connection, Database, Queryable } from './database.ts'
import { Listener } from './listener.ts'

/** How our connections are told from others on the server. */
export const applicationName = 'signalbox-backend'

/** Most statements at a time; the rest wait their turn. */
const poolSize = 20

export function openDatabase(connection: Connection, log: Log): Database {
  const settings = { ...connection, application_name: applicationName }
  const pool = new pg.Pool({ ...settings, max: poolSize, connectionTimeoutMillis: 5_000 })
  let closing = false
  pool.on('error', (error) => {
    if (!closing) log.warn('an idle database connection broke', { why: error.message })
  })
  const listener = new Listener(settings, log)
  const tx = <T>(run: (queryable: Queryable) => Promise<T>): Promise<T> => transaction(pool, run)
  return {
    connection,
    query: queryable(pool).query,
    tx,
    asCaller: (caller, run) =>
      tx(async (inside) => {
        await assume(inside, caller)
        return run(inside)
      }),
    listen: (channel, hear) => listener.listen(channel, hear),
    close: async () => {
      closing = true
      await listener.close()
      await pool.end()
    },
  }
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
  let broken = false
  try {
    await client.query('begin')
    const result = await run(queryable(client))
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {
      broken = true
    })
    throw error
  } finally {
    // A connection that could not roll back is not lent again.
    client.release(broken)
  }
}

/** `SET LOCAL`: both are forgotten at the end of the transaction. */
async function assume(inside: Queryable, caller: Caller): Promise<void> {
  await inside.query(
    `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`,
    [caller.role, JSON.stringify(caller.claims)],
  )
}
