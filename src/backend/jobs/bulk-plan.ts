import { freightTenantId, healthTenantId } from './tenants.ts'

/** Work driven beyond the steady sample jobs (`--load jobs=N,rate=M`). */
export interface Load {
  readonly jobs: number
  /** Events a second over all of them. */
  readonly rate: number
}

/** How a load is spread over its jobs. */
export interface BulkPlan {
  readonly running: number
  readonly waiting: number
  readonly finished: number
}

/** A console opens one socket for each active job and at most 1,000 in all. */
const mostActive = 900
/** Events a second that one job makes at most. */
const mostEventsPerJob = 4

export function planLoad({ jobs, rate }: Load): BulkPlan {
  const wanted = Math.max(Math.ceil(rate / mostEventsPerJob), Math.ceil(jobs / 8))
  const running = Math.min(jobs, mostActive, wanted)
  const waiting = Math.min(jobs - running, mostActive - running, Math.ceil(running / 2))
  return { running, waiting, finished: jobs - running - waiting }
}

const sources = [
  { tenantId: freightTenantId, name: 'Warehouse scans', unit: 'scans' },
  { tenantId: healthTenantId, name: 'Device readings', unit: 'readings' },
] as const

export interface BulkJob {
  readonly tenantId: string
  readonly name: string
  readonly unit: string
  /** Rows to write; each is one event. */
  readonly rows: number
}

/** The `index`-th job of a load: tenants take turns, lengths differ. */
export function bulkJob(index: number): BulkJob {
  const source = sources[index % sources.length] ?? sources[0]
  const number = String(Math.floor(index / sources.length) + 1).padStart(4, '0')
  return { ...source, name: `${source.name} ${number}`, rows: 40 + ((index * 37) % 161) }
}
