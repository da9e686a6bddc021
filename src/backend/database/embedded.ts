import { createHmac } from 'node:crypto'
import pg from 'pg'
import { startCluster, type ClusterOptions } from './cluster.ts'
import type { Connection, Database } from './database.ts'
import { migrate } from './migrations.ts'
import { openDatabase } from './pool.ts'

export interface Embedded {
  readonly database: Database
  /** Settles if the server ends while it should run. */
  readonly lost: Promise<void>
  close: () => Promise<void>
}

/** The embedded server with its schema up to date. */
export async function openEmbedded(options: ClusterOptions): Promise<Embedded> {
  await using opened = new AsyncDisposableStack()
  const cluster = await startCluster(options)
  opened.defer(() => cluster.stop())
  const server = { host: '127.0.0.1', port: cluster.port, database: 'postgres', ssl: false }
  const callers = { ...server, user: 'authenticator', password: callerPassword(options.password) }
  const connection = { ...server, user: 'postgres', password: options.password }
  const database = openDatabase({ connection, callers }, options.log)
  opened.defer(() => database.close())
  const applied = await migrate(database)
  if (applied.length > 0)
    options.log.info('schema brought up to date', { applied: applied.join(' ') })
  await giveLogin(database, callers)
  const owned = opened.move()
  let closing = false
  return {
    database,
    lost: new Promise((resolve) => {
      void cluster.ended.then(() => {
        if (!closing) resolve()
      })
    }),
    close: async () => {
      closing = true
      await owned.disposeAsync()
    },
  }
}

/** Another one than the superuser's, and the same at every start. */
function callerPassword(password: string): string {
  return createHmac('sha256', password).update('authenticator').digest('base64url')
}

async function giveLogin(database: Database, { user, password }: Connection): Promise<void> {
  const [role, word] = [pg.escapeIdentifier(user), pg.escapeLiteral(password)]
  await database.query(`alter role ${role} with login noinherit password ${word}`)
}
