import { z } from 'zod'
import { jobIdMaxLength } from '../../../shared/job.ts'
import { jobNamePattern } from '../queries.ts'

const name = z
  .string()
  .min(1)
  .max(jobIdMaxLength)
  .regex(jobNamePattern, 'may hold letters, digits, spaces and . _ - → ( )')
  .refine((text) => text !== '.' && text !== '..', 'is not a name')
/** Tenant ids are opaque: a backend may number them. */
const tenantId = z.union([z.string().min(1).max(128), z.int().transform(String)], {
  error: 'must be a tenant id',
})
const language = z.string().regex(/^[a-z]{2}$/, 'must be two small letters, such as en')
const fileName = z.string().min(1).max(128)

const about = { name: name.optional(), tenant_id: tenantId.optional() }

const sampleBody = z.strictObject({
  ...about,
  input: z.strictObject({ recipe: z.string().min(1).max(64), file: fileName.optional() }),
})
const translationBody = z.strictObject({
  ...about,
  input: z.strictObject({
    document: fileName,
    source_language: language,
    target_language: language,
  }),
})

export type NewJobBody = z.infer<typeof sampleBody> | z.infer<typeof translationBody>

type Parsed<T> = { readonly value: T } | { readonly fault: string }

/** A job to be made; what has a document is a translation. The fault names the field. */
export function parseNewJob(body: unknown): Parsed<NewJobBody> {
  return isTranslation(body) ? parse(translationBody, body) : parse(sampleBody, body)
}

/** Cancelling and retrying need no words: no body, or an empty object. */
export const parseNothing = (body: unknown): Parsed<object> => parse(z.strictObject({}), body ?? {})

function isTranslation(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('input' in body)) return false
  const { input } = body
  return typeof input === 'object' && input !== null && 'document' in input
}

function parse<T extends z.ZodType>(schema: T, body: unknown): Parsed<z.infer<T>> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return { value: parsed.data }
  const [issue] = parsed.error.issues
  const path = issue?.path.map(String) ?? []
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    return { fault: `${[...path, key.slice(0, 40)].join('.')}: is not a field here` }
  }
  return { fault: `${path.join('.') || 'body'}: ${issue?.message ?? 'is invalid'}` }
}

const keySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/)
  .optional()

/** Null is a request without a key. */
export function parseIdempotencyKey(header: unknown): Parsed<string | null> {
  const parsed = keySchema.safeParse(header)
  return parsed.success
    ? { value: parsed.data ?? null }
    : { fault: 'Idempotency-Key: must be 1 to 255 visible ASCII characters' }
}
