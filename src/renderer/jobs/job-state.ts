import type { JobRow, JobStatus } from '../../shared/job.ts'

/** How a job looks: its status, or what the window concludes from silence. */
export type JobLook = JobStatus | 'stalled'

export interface LookWords {
  readonly word: string
  readonly tone: 'move' | 'clear' | 'caution' | 'danger' | 'idle'
}

export const looks = {
  queued: { word: 'Queued', tone: 'idle' },
  running: { word: 'Running', tone: 'move' },
  stalled: { word: 'Stalled', tone: 'caution' },
  succeeded: { word: 'Done', tone: 'clear' },
  failed: { word: 'Failed', tone: 'danger' },
  cancelled: { word: 'Cancelled', tone: 'idle' },
} satisfies Record<JobLook, LookWords>

/** A running job of which a live connection brought nothing for this long counts as stalled. */
const stalledAfterMs = 30_000

export function lookOf(row: JobRow, nowMs: number): JobLook {
  const silent = row.status === 'running' && !row.remembered
  return silent && nowMs - row.heardAtMs > stalledAfterMs ? 'stalled' : row.status
}

export const isFinished = (status: JobStatus): boolean =>
  status !== 'queued' && status !== 'running'

/** Milliseconds since the epoch; 0 for a time that cannot be read. */
export const timeOf = (text: string | null): number => {
  const ms = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(ms) ? 0 : ms
}

/** From start to end of a finished job, or null when one of the two is unknown. */
export function durationOf(row: JobRow): number | null {
  if (row.startedAt === null || row.finishedAt === null) return null
  return Math.max(0, timeOf(row.finishedAt) - timeOf(row.startedAt))
}
