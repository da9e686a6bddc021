import { z } from 'zod'
import { jobIdMaxLength, jobIdPattern, jobStatuses, jobStatusSchema } from '../../shared/job.ts'

/** Most rows in one answer. */
const mostRows = 500

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.int().min(least).max(most))

const cursor = <T extends z.ZodType>(inside: T) =>
  z
    .string()
    .max(512)
    .transform((text, context) => {
      try {
        return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown
      } catch {
        context.addIssue({ code: 'custom', message: 'is no cursor of this server' })
        return z.NEVER
      }
    })
    .pipe(inside)

/** PostgreSQL has no year 0; where time zones shift it out of four digits, it has none either. */
function isMoment(text: string): boolean {
  const at = new Date(text)
  return !Number.isNaN(at.getTime()) && /^(?!0000)\d{4}-/.test(at.toISOString())
}

/** Also not the 30th of February, which JavaScript takes for a day in March. */
const isMomentUtc = (text: string): boolean =>
  isMoment(text) && new Date(text).toISOString().startsWith(text.slice(0, 19))

/** Where a page of jobs ended: creation time as PostgreSQL writes it, and id. */
const jobsCursor = z.tuple([
  z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?\+00$/)
    .refine((text) => isMomentUtc(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`)),
  z.string().regex(jobIdPattern),
])
/** Where a page of events ended. */
const eventsCursor = z.tuple([z.int().min(0)])

export const statusQuery = z.strictObject({
  active_jobs: z.enum(['true', 'false']).default('false'),
})

const statuses = z
  .string()
  .transform((text) => text.split(','))
  .pipe(
    z
      .array(jobStatusSchema, { error: `must be of ${jobStatuses.join(', ')}` })
      .min(1)
      .max(5),
  )

export const jobsQuery = z.strictObject({
  status: statuses.optional(),
  since: z.iso
    .datetime({ offset: true })
    .refine(isMoment, 'is not a time that can be')
    .transform((text) => new Date(text).toISOString())
    .optional(),
  search: z
    .string()
    .min(1)
    .max(100)
    .refine((text) => !text.includes('\0'), 'holds a character that no text has')
    .optional(),
  cursor: cursor(jobsCursor).optional(),
  limit: wholeNumber(1, mostRows).default(100),
})
export type JobsQuery = z.infer<typeof jobsQuery>

export const eventsQuery = z.strictObject({
  attempt: wholeNumber(1, 1_000_000).optional(),
  cursor: cursor(eventsCursor).optional(),
  limit: wholeNumber(1, mostRows).default(200),
  /** `desc`: newest first, so that one page shows how a long job stands. */
  order: z.enum(['asc', 'desc'], { error: 'must be asc or desc' }).default('asc'),
})
export type EventsQuery = z.infer<typeof eventsQuery>

export const writeCursor = (parts: z.infer<typeof jobsCursor> | z.infer<typeof eventsCursor>) =>
  Buffer.from(JSON.stringify(parts), 'utf8').toString('base64url')

/** Parses a query; the message names the parameter at fault and never repeats its value. */
export function parseQuery<T extends z.ZodType>(
  schema: T,
  query: unknown,
): { readonly value: z.infer<T> } | { readonly fault: string } {
  const parsed = schema.safeParse(query)
  if (parsed.success) return { value: parsed.data }
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    return { fault: `${key.slice(0, 40)}: is not a parameter here` }
  }
  return { fault: `${String(issue?.path[0] ?? 'query')}: ${issue?.message ?? 'is invalid'}` }
}

/** Letters of any script, spaces, and what the names of the sample jobs hold. */
export const jobNamePattern = /^[\p{L}\p{N}\p{M} ._→()-]+$/u

/**
 * Which job a path names: an id, or else a name, which may hold spaces and letters of any script.
 * Null for what can be neither; it is then answered as any unknown job.
 */
export function jobKey(segment: string): string | null {
  let key: string
  try {
    key = decodeURIComponent(segment)
  } catch {
    return null
  }
  if (key.length === 0 || key.length > jobIdMaxLength || key === '.' || key === '..') return null
  return jobNamePattern.test(key) ? key : null
}
