import { randomUUID } from 'node:crypto'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Reading, Readings } from '../metrics/metrics.ts'
import { BulkLoad, dropBulkJobs } from './bulk-load.ts'
import type { Load } from './bulk-plan.ts'
import { every, type Repeating } from './every.ts'
import { Processor } from '../translation/processor.ts'
import { beat, reclaim, signOff } from './job-queue.ts'
import { pruneJobs } from './pruner.ts'
import { recipes } from './recipes.ts'
import { loadReferenceData } from './reference-data.ts'
import { Scheduler } from './scheduler.ts'
import { WorkerPool } from './worker-pool.ts'

export interface WorkOptions {
  readonly database: Database
  readonly log: Log
  /** Work driven beyond the steady sample jobs; null is none. */
  readonly load: Load | null
  /** Scales the throughput caps of the sample jobs; 1 is as their sources would have it. */
  readonly pace?: number
  /** Whether jobs are made by schedule. Without, only what others queued is worked on. */
  readonly scheduled?: boolean
  /** A worker unseen for so long has lost its jobs. */
  readonly leaseMs?: number
  /**
   * False over somebody else's project: no sample job is made there, no sample data loaded and no
   * job forgotten, and of what others wait for nothing is touched.
   */
  readonly samples?: boolean
  /** Where translation jobs are heard of; null leaves them to other processors. */
  readonly supabase: { readonly url: () => string; readonly serviceKey: string } | null
}

/** Jobs being made, worked on and cleared away. */
export interface Work {
  start: () => Promise<void>
  readonly readings: Readings
  /** Running jobs finish the batch in hand and go back to the queue. Idempotent. */
  close: () => Promise<void>
}

const slotsPerTenant = 6
const translationSlots = 4
const jobsPerTenant = 8
const defaultLeaseMs = 10_000
const housekeepingMs = 30_000

/** Those that the recipes are of. */
const sampleTenantIds = [...new Set(recipes.map((recipe) => recipe.tenantId))]

export function createWork(options: WorkOptions): Work {
  const { database, log, leaseMs = defaultLeaseMs, samples = true } = options
  const worker = randomUUID()
  const among = samples ? null : sampleTenantIds
  const processor = createProcessor(options, worker, among)
  const demo = samples ? createSamples(options, worker) : null
  let living: Repeating | null = null

  const live = async (): Promise<void> => {
    await beat(database, worker)
    const jobs = await reclaim(database, leaseMs, among)
    if (jobs.length > 0) log.warn('took back jobs of a worker that is gone', { jobs: jobs.length })
  }
  const start = async (): Promise<void> => {
    await demo?.prepare()
    // First of all alive: whoever reclaims must not find our jobs without an owner.
    await live()
    living = every(leaseMs / 3, live, log)
    processor?.start()
    await demo?.start()
  }
  const end = async (): Promise<void> => {
    await demo?.stopMaking()
    await Promise.all([demo?.close(), processor?.close()])
    await living?.close()
    // Where the database has gone first, the lease says it for us.
    await signOff(database, worker).catch((error: unknown) =>
      log.warn('a worker could not sign off', { why: String(error) }),
    )
  }
  let ending: Promise<void> | null = null
  const readings: Readings = () => (processor === null ? [] : readProcessor(processor))
  return { start, readings, close: () => (ending ??= end()) }
}

const readProcessor = ({ inbox, busy }: Processor): readonly Reading[] => [
  {
    name: 'translation_over_realtime',
    help: 'Whether translation jobs are heard of through Realtime, not by polling',
    value: inbox.kind === 'realtime' ? 1 : 0,
  },
  {
    name: 'translation_jobs_running',
    help: 'Translation jobs that this process works on',
    value: busy,
  },
]

function createProcessor(
  { database, log, pace = 1, supabase }: WorkOptions,
  worker: string,
  tenantIds: readonly string[] | null,
): Processor | null {
  if (supabase === null) return null
  return new Processor({
    database,
    log: log.child('translation'),
    worker,
    slots: translationSlots,
    pace,
    supabase,
    tenantIds,
  })
}

/** The sample jobs: their data, their schedule, their workers, and that old ones go. */
function createSamples(options: WorkOptions, worker: string) {
  const { database, log, load, pace = 1, scheduled = true } = options
  const tenantIds = sampleTenantIds
  const pool = new WorkerPool({ database, log, worker, tenantIds, slots: slotsPerTenant, pace })
  const scheduler = new Scheduler({ database, log, recipes, jobsPerTenant })
  const bulk = load === null ? null : new BulkLoad({ database, log, worker, load })
  let housekeeping: Repeating | null = null
  const keepHouse = async (): Promise<void> => {
    await pruneJobs(database)
    await dropBulkJobs(database, null)
  }
  return {
    prepare: () => loadReferenceData(database),
    start: async () => {
      housekeeping = every(housekeepingMs, keepHouse, log)
      pool.start()
      if (scheduled) scheduler.start()
      await bulk?.start()
    },
    stopMaking: async () => {
      await scheduler.close()
      await bulk?.close()
    },
    close: async () => {
      await pool.close()
      await housekeeping?.close()
    },
  }
}
