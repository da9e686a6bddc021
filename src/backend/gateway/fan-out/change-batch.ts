import { z } from 'zod'
import { LoggedChange } from './change-log.ts'

/** A piece of the log on its way between gateways: all changes that follow `after`, in order. */
export interface ChangeBatch {
  readonly after: number
  readonly changes: readonly LoggedChange[]
}

const whole = z.int().min(0)

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' })
    return z.NEVER
  }
})

const change = z
  .object({
    position: whole,
    tenantId: z.string().min(1),
    offset: whole,
    jobId: z.string().min(1),
    attempt: whole,
    seq: whole,
    jobText: z.string(),
    changesText: z.string(),
  })
  // What a tenant is told is fenced by `tenantId`: the job inside must be of that tenant.
  .refine(({ jobText, changesText, tenantId, jobId }) => {
    const job = json.pipe(z.looseObject({ id: z.string(), tenant_id: z.string() }))
    const parsed = job.safeParse(jobText)
    const same = parsed.data?.tenant_id === tenantId && parsed.data.id === jobId
    return same && json.pipe(z.looseObject({})).safeParse(changesText).success
  })

const batch = json.pipe(z.object({ after: whole, changes: z.array(change).min(1).max(1_000) }))

export const writeBatch = ({ after, changes }: ChangeBatch): string =>
  JSON.stringify({ after, changes })

/** Null for what no gateway wrote. */
export function readBatch(text: unknown): ChangeBatch | null {
  const parsed = batch.safeParse(text)
  if (!parsed.success) return null
  const { after, changes } = parsed.data
  return { after, changes: changes.map((fields) => new LoggedChange(fields)) }
}
