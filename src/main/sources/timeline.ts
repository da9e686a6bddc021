import { z } from 'zod'
import { failed, succeeded } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import { jobIdPattern, timelineEntrySchema } from '../../shared/job.ts'
import type { TimelineEntry } from '../../shared/job.ts'
import { createGatewayHttp } from './gateway-http.ts'
import type { GatewayHttpOptions } from './gateway-http.ts'
import { segment } from './gateway-url.ts'

const maxEntries = 200
const answerSchema = z.object({ events: z.array(z.unknown()).max(10_000) })

export type ReadTimeline = (jobId: string) => Promise<Outcome<TimelineEntry[]>>

/** Reads the newest 200 timeline and log lines of a job, oldest first. Never throws. */
export function createTimelineReader(options: GatewayHttpOptions): ReadTimeline {
  const ask = createGatewayHttp(options)
  return async (jobId) => {
    if (!jobIdPattern.test(jobId)) return failed('job_unknown', 'not a job id')
    const answer = await ask(`api/v1/jobs/${segment(jobId)}/events?limit=${maxEntries}`)
    if (answer.kind === 'missing') return failed('job_unknown', 'the server knows no such job')
    if (answer.kind === 'failed') {
      const code = 'reason' in answer.verdict ? answer.verdict.reason : 'protocol_error'
      return failed(code, 'the timeline could not be read')
    }
    const parsed = answerSchema.safeParse(answer.body)
    if (!parsed.success) return failed('protocol_error', 'the timeline could not be understood')
    return succeeded(newest(parsed.data.events))
  }
}

function newest(events: readonly unknown[]): TimelineEntry[] {
  return events
    .flatMap((event) => {
      const entry = timelineEntrySchema.safeParse(event)
      return entry.success ? [entry.data] : []
    })
    .sort((a, b) => a.attempt - b.attempt || a.seq - b.seq)
    .slice(-maxEntries)
}
