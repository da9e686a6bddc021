import { startCluster, type ClusterOptions } from './cluster.ts'
import type { Database } from './database.ts'
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
  const database = openDatabase(
    {
      host: '127.0.0.1',
      port: cluster.port,
      user: 'postgres',
      password: options.password,
      database: 'postgres',
    },
    options.log,
  )
  opened.defer(() => database.close())
  const applied = await migrate(database)
  if (applied.length > 0)
    options.log.info('schema brought up to date', { applied: applied.join(' ') })
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
