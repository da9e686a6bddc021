import type { JobStatus } from '../../shared/job.ts'

/** The statuses that can be asked for, in the order of the menu. */
export const jobStatusWords = {
  running: 'Running',
  queued: 'Queued',
  failed: 'Failed',
  succeeded: 'Done',
  cancelled: 'Cancelled',
} as const satisfies Record<JobStatus, string>

export type StatusChoice = keyof typeof jobStatusWords
