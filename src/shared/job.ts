import { z } from 'zod'

export const jobStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export const jobStatusSchema = z.enum(jobStatuses)
export type JobStatus = z.infer<typeof jobStatusSchema>

/** A final status never changes within an attempt. */
export const isFinal = (status: JobStatus): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled'

/** Longest job id or name, in characters (gateway-protocol §8). */
export const jobIdMaxLength = 128
/**
 * Job ids and names on the wire: letters, digits, `.`, `_`, `-` (gateway-protocol §8). Not `.` or
 * `..`, which as a segment of an address would lead elsewhere, encoded or not (F62).
 */
export const jobIdPattern = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/

const wireTime = z.iso.datetime({ offset: true })

/** A job as a backend sends it (gateway-protocol §2). Times are RFC 3339 UTC. */
export const wireJobSchema = z.object({
  id: z.string().regex(jobIdPattern),
  name: z.string().min(1).max(jobIdMaxLength),
  kind: z.string().min(1).max(64),
  tenant_id: z.string().min(1).max(128),
  status: jobStatusSchema,
  /** Percent, 0 to 100. */
  progress: z.number().min(0).max(100),
  step: z
    .object({
      /** Counts from 1. */
      index: z.int().min(1),
      total: z.int().min(1),
      label: z.string().max(128),
    })
    .nullable(),
  counters: z
    .object({
      done: z.number().min(0),
      total: z.number().min(0).nullable(),
      unit: z.string().max(32),
    })
    .nullable(),
  message: z.string().max(2_000).nullable(),
  /** Counts from 1; a retry is a new attempt of the same job. */
  attempt: z.int().min(1),
  /** Rises by one with every event of one (job, attempt). */
  seq: z.int().min(0),
  created_at: wireTime,
  started_at: wireTime.nullable(),
  updated_at: wireTime,
  finished_at: wireTime.nullable(),
  error: z.object({ code: z.string().max(64), message: z.string().max(2_000) }).nullable(),
})
export type WireJob = z.infer<typeof wireJobSchema>

/** What a table of jobs may have no column for. */
export const untoldFields = [
  'name',
  'kind',
  'step',
  'counters',
  'message',
  'createdAt',
  'startedAt',
  'error',
] as const
export type UntoldField = (typeof untoldFields)[number]

/** A job inside the console, after aliases and spellings were settled at the door. */
export const jobSchema = z.object({
  id: z.string().min(1).max(jobIdMaxLength),
  name: z.string().min(1).max(jobIdMaxLength),
  kind: z.string().max(64),
  tenantId: z.string().min(1).max(128),
  status: jobStatusSchema,
  progress: z.number().min(0).max(100),
  step: z.object({ index: z.int(), total: z.int(), label: z.string() }).nullable(),
  counters: z
    .object({ done: z.number(), total: z.number().nullable(), unit: z.string() })
    .nullable(),
  message: z.string().nullable(),
  attempt: z.int().min(1),
  /** Rises with every event of one (job, attempt); the server's own number unless `byTime` is set. */
  seq: z.int().min(0),
  /** Set where the server numbers nothing: `seq` is then a time in microseconds. */
  byTime: z.literal(true).optional(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  updatedAt: z.string(),
  finishedAt: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** What the source of this state never tells: it stays as another source told it. */
  untold: z.array(z.enum(untoldFields)).readonly().optional(),
})
export type Job = z.infer<typeof jobSchema>

/** A job as the window shows it: the job, plus what main knows about how it came. */
export const jobRowSchema = jobSchema.omit({ untold: true }).extend({
  /** When main last heard of this job: wall clock, milliseconds since the epoch. */
  heardAtMs: z.number(),
  /** Units a second over the last 30 s; null when unknown. */
  ratePerSecond: z.number().nullable(),
  /** An honest guess of the time left, as a range; null is "not enough data". */
  left: z.object({ lowMs: z.number(), highMs: z.number() }).nullable(),
  /** True while the state is only remembered: the source behind it is not connected. */
  remembered: z.boolean(),
})
export type JobRow = z.infer<typeof jobRowSchema>

/** One line of a job's timeline or log (`GET /api/v1/jobs/{id}/events`). */
export const timelineEntrySchema = z.object({
  seq: z.int(),
  attempt: z.int(),
  at: z.string(),
  level: z.enum(['info', 'success', 'warning', 'error']),
  kind: z.enum(['timeline', 'log']),
  text: z.string().max(2_000),
})
export type TimelineEntry = z.infer<typeof timelineEntrySchema>
