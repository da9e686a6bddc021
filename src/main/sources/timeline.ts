import { z } from 'zod'
import { failed, succeeded } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import { jobIdPattern, timelineEntrySchema } from '../../shared/job.ts'
import type { TimelineEntry } from '../../shared/job.ts'
import { createGatewayHttp } from './gateway-http.ts'
import type { GatewayHttp, GatewayHttpOptions } from './gateway-http.ts'
import { segment } from './gateway-url.ts'

const pageSize = 200
const maxEntries = 200
/** A server that lists oldest first all the same is followed this far to the newest lines. */
const maxPages = 20

const pageSchema = z.object({
  events: z.array(z.unknown()).max(10_000),
  next_cursor: z.string().min(1).max(512).nullish(),
})

export type ReadTimeline = (jobId: string) => Promise<Outcome<TimelineEntry[]>>

/** Reads the newest 200 timeline and log lines of a job, oldest first. Never throws. */
export function createTimelineReader(options: GatewayHttpOptions): ReadTimeline {
  const ask = createGatewayHttp(options)
  return async (jobId) => {
    if (!jobIdPattern.test(jobId)) return failed('job_unknown', 'not a job id')
    let entries: TimelineEntry[] = []
    let cursor: string | null = null
    for (let page = 0; page < maxPages; page += 1) {
      const read: Outcome<Page> = await readPage(ask, jobId, cursor)
      if (!read.ok) return read
      entries = newest([...entries, ...read.value.entries])
      cursor = isNewestFirst(read.value.entries) ? null : read.value.cursor
      if (cursor === null) break
    }
    return succeeded(entries)
  }
}

interface Page {
  readonly entries: readonly TimelineEntry[]
  readonly cursor: string | null
}

async function readPage(
  ask: GatewayHttp,
  jobId: string,
  cursor: string | null,
): Promise<Outcome<Page>> {
  const from = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
  const answer = await ask(
    `api/v1/jobs/${segment(jobId)}/events?limit=${pageSize}&order=desc${from}`,
  )
  if (answer.kind === 'missing') return failed('job_unknown', 'the server knows no such job')
  if (answer.kind === 'failed') {
    const code = 'reason' in answer.verdict ? answer.verdict.reason : 'protocol_error'
    return failed(code, 'the timeline could not be read')
  }
  const page = pageSchema.safeParse(answer.body)
  if (!page.success) return failed('protocol_error', 'the timeline could not be understood')
  const { events, next_cursor: next } = page.data
  return succeeded({ entries: events.flatMap(readEntry), cursor: next ?? null })
}

/** A line that cannot be read is left out; the others are still worth showing. */
function readEntry(event: unknown): TimelineEntry[] {
  const entry = timelineEntrySchema.safeParse(event)
  return entry.success ? [entry.data] : []
}

function isNewestFirst(entries: readonly TimelineEntry[]): boolean {
  const [first] = entries
  const last = entries.at(-1)
  if (first === undefined || last === undefined) return false
  return first.attempt > last.attempt || (first.attempt === last.attempt && first.seq > last.seq)
}

function newest(entries: TimelineEntry[]): TimelineEntry[] {
  return entries.toSorted((a, b) => a.attempt - b.attempt || a.seq - b.seq).slice(-maxEntries)
}
