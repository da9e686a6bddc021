import type { Group } from '../../src/shared/ipc/contract.ts'
import type { JobRow } from '../../src/shared/job.ts'
import type { Receipt } from '../../src/shared/workspace.ts'
import type { TappedMessage } from './ipc-tap.ts'

interface JobNews {
  readonly rows: readonly JobRow[]
  readonly groups: readonly Group[]
}

/** Every list and batch of jobs that main sent to the window, in order. */
export function jobNews(messages: readonly TappedMessage[]): JobNews[] {
  return messages.flatMap(({ way, channel, body }) => {
    if (way !== 'out') return []
    if (channel === 'jobs:batched') return [body as JobNews]
    if (channel !== 'jobs:open') return []
    const outcome = body as { readonly ok: boolean; readonly value: JobNews }
    return outcome.ok ? [outcome.value] : []
  })
}

/** The last word on every job, by id. */
export function latestJobs(messages: readonly TappedMessage[]): Map<string, JobRow> {
  return new Map(jobNews(messages).flatMap(({ rows }) => rows.map((row) => [row.id, row])))
}

/** The receipts of sign-out, in order. */
export function receiptsIn(messages: readonly TappedMessage[]): Receipt[] {
  return messages
    .filter(({ way, channel }) => way === 'out' && channel === 'session:ended')
    .map(({ body }) => body as Receipt)
}
