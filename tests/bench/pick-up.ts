import { enqueueTranslation } from '../../src/backend/jobs/job-queue.ts'
import type { Database } from '../../src/backend/database/database.ts'
import { createLog } from '../../src/backend/log.ts'
import { Processor } from '../../src/backend/translation/processor.ts'
import type { TestBackend } from '../support/backend.ts'
import { until, untilAsked } from '../support/until.ts'
import { percentile } from './percentiles.ts'

const heard = { jobs: 500, pauseMs: 25 }
const polled = { jobs: 100, pauseMs: 250 }
const idleMs = 60_000
const settleMs = 5_000

/** The document is one that nobody knows: what is timed is the start, and the job ends at once. */
const order = {
  tenantId: 'acme-freight',
  document: 'none.csv',
  from: 'de',
  to: 'en',
  name: 'Bench',
}

/** From the moment an INSERT is sent to the moment a processor holds the job, in milliseconds. */
export async function benchPickUp(backend: TestBackend): Promise<string[]> {
  const claimedMs = new Map<string, number>()
  const counted = count(backend.database)
  const open = (url: () => string): Processor =>
    new Processor({
      database: counted.database,
      log: createLog('bench', () => undefined),
      worker: `bench-${Math.random()}`,
      slots: 64,
      pace: 1,
      supabase: { url, serviceKey: backend.secretKey },
      onClaimed: (id) => void claimedMs.set(id, performance.now()),
    })

  const listening = open(() => backend.supabaseUrl)
  listening.start()
  await until('Realtime is up', () => listening.inbox.kind === 'realtime')
  const overRealtime = await time(backend.database, heard, claimedMs)
  // PostgreSQL counts with a delay: what was worked on before must not be counted as idle.
  await new Promise((resolve) => setTimeout(resolve, settleMs))
  const before = await transactions(backend.database)
  counted.reset()
  await new Promise((resolve) => setTimeout(resolve, idleMs))
  const idle = counted.value()
  const all = (await transactions(backend.database)) - before - 1
  await listening.close()

  const polling = open(() => 'http://127.0.0.1:9')
  polling.start()
  const byPolling = await time(backend.database, polled, claimedMs)
  await polling.close()
  return [
    `over Realtime, ms         ${percentiles(overRealtime)}   (${overRealtime.length} jobs)`,
    `by polling every 5 s, ms  ${percentiles(byPolling)}   (${byPolling.length} jobs)`,
    `queries in an idle minute of the processor: ${idle}; transactions of the whole server: ${all}`,
  ]
}

async function time(
  database: Database,
  { jobs, pauseMs }: typeof heard,
  claimedMs: ReadonlyMap<string, number>,
): Promise<number[]> {
  const sentMs = new Map<string, number>()
  for (let nth = 0; nth < jobs; nth += 1) {
    const atMs = performance.now()
    sentMs.set(await enqueueTranslation(database, order), atMs)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  await untilAsked('all are claimed', () =>
    Promise.resolve([...sentMs.keys()].every((id) => claimedMs.has(id))),
  )
  return [...sentMs].map(([id, atMs]) => (claimedMs.get(id) ?? Number.NaN) - atMs)
}

/** The same database, with its statements counted. */
function count(database: Database) {
  let statements = 0
  const wrapped: Database = {
    ...database,
    query: (sql, params) => {
      statements += 1
      return database.query(sql, params)
    },
    tx: (run) => {
      statements += 1
      return database.tx(run)
    },
  }
  return {
    database: wrapped,
    reset: () => {
      statements = 0
    },
    value: () => statements,
  }
}

async function transactions(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select sum(xact_commit + xact_rollback)::int as count from pg_stat_database',
  )
  return row?.count ?? 0
}

const percentiles = (values: readonly number[]): string =>
  [0.5, 0.95, 0.99, 1]
    .map((share) => `p${share * 100} ${percentile(values, share).toFixed(1)}`)
    .join('  ')
