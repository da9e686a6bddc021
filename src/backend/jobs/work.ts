import { randomUUID } from 'node:crypto'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Reading, Readings } from '../metrics/metrics.ts'
import { BulkLoad, dropBulkJobs } from './bulk-load.ts'
import type { Load } from './bulk-plan.ts'
import { every, type Repeating } from './every.ts'
import { Processor } from '../translation/processor.ts'
import { beat, reclaim, signOff } from './job-queue.ts'
import { prune } from './pruner.ts'
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

export function createWork(options: WorkOptions): Work {
  const { database, log, load, pace = 1, scheduled = true, leaseMs = defaultLeaseMs } = options
  const worker = randomUUID()
  const tenantIds = [...new Set(recipes.map((recipe) => recipe.tenantId))]
  const pool = new WorkerPool({ database, log, worker, tenantIds, slots: slotsPerTenant, pace })
  const scheduler = new Scheduler({ database, log, recipes, jobsPerTenant })
  const processor =
    options.supabase === null
      ? null
      : new Processor({
          database,
          log: log.child('translation'),
          worker,
          slots: translationSlots,
          pace,
          supabase: options.supabase,
        })
  const bulk = load === null ? null : new BulkLoad({ database, log, worker, load })
  const repeating: Repeating[] = []

  const live = async (): Promise<void> => {
    await beat(database, worker)
    const jobs = await reclaim(database, leaseMs)
    if (jobs.length > 0) log.warn('took back jobs of a worker that is gone', { jobs: jobs.length })
  }
  const keepHouse = async (): Promise<void> => {
    await prune(database)
    await dropBulkJobs(database, null)
  }
  const start = async (): Promise<void> => {
    await loadReferenceData(database)
    // First of all alive: whoever reclaims must not find our jobs without an owner.
    await live()
    repeating.push(every(leaseMs / 3, live, log), every(housekeepingMs, keepHouse, log))
    pool.start()
    processor?.start()
    if (scheduled) scheduler.start()
    await bulk?.start()
  }
  const end = async (): Promise<void> => {
    await scheduler.close()
    await bulk?.close()
    await Promise.all([pool.close(), processor?.close()])
    for (const one of repeating) await one.close()
    await signOff(database, worker)
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
