import type { Database } from '../database/database.ts'
import type { Reading } from '../metrics/metrics.ts'
import type { JobFeed } from './feed.ts'

interface Known {
  /** Open ones, by kind. */
  readonly sockets: Readonly<Record<string, number>>
  /** Open Socket.IO connections. */
  readonly web: number
  readonly feed: JobFeed
  readonly database: Database
}

/** The gateway in figures. Waiting and running jobs are counted over all tenants together. */
export async function readGateway(known: Known): Promise<readonly Reading[]> {
  const { sockets, web, feed, database } = known
  const open = Object.entries({ ...sockets, socketio: web })
  const jobs = await database
    .query<{ status: string; count: number }>(
      `select status, count(*)::int as count from public.jobs
       where status in ('queued', 'running') group by status`,
    )
    .catch(() => null)
  return [
    ...open.map(([kind, value]) => ({
      name: 'sockets',
      help: 'Open sockets by kind',
      labels: { kind },
      value,
    })),
    {
      name: 'database_up',
      help: 'Whether PostgreSQL answers',
      value: jobs === null ? 0 : 1,
    },
    {
      name: 'feed_position',
      help: 'The last change of any job that was told',
      value: feed.position,
    },
    ...['queued', 'running'].map((status) => ({
      name: 'jobs',
      help: 'Jobs that have not ended, over all tenants',
      labels: { status },
      value: jobs?.find((row) => row.status === status)?.count ?? 0,
    })),
  ]
}
