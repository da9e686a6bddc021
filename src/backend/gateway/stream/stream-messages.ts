import { z } from 'zod'

/** Where a client says it was; null when it has nothing to go on from. */
export type ResumePoint = { readonly epoch: string; readonly offset: number } | null

/** What a client may say on a tenant stream (gateway-protocol §4). */
export type StreamMessage =
  /** `parts`: a snapshot may come in several messages. */
  | { readonly kind: 'resume'; readonly from: ResumePoint; readonly parts: boolean }
  | { readonly kind: 'auth'; readonly token: string }
  | { readonly kind: 'ping' | 'unknown' }
  | { readonly kind: 'malformed'; readonly fault: string }

const offset = z.int('must be a whole number').min(0, 'must not be negative')
const epoch = z.string('must be a string').max(128, 'is too long')

const envelope = z.object({ type: z.string('must be a string') }, 'must be an object')
const parts = z.boolean('must be true or false')
const resume = z.object({
  epoch: epoch.nullish(),
  offset: offset.nullish(),
  parts: parts.default(false),
})
const auth = z.object({ token: z.string('must be a string').max(16_384, 'is too long') })

/** A fault names the field and never repeats its value. Types that are not known are let pass. */
export function parseMessage(text: string): StreamMessage {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return malformed('the message is not JSON')
  }
  const outer = envelope.safeParse(value)
  if (!outer.success) return malformed(explain('message', outer.error))
  switch (outer.data.type) {
    case 'resume': {
      const parsed = resume.safeParse(value)
      return parsed.success
        ? { kind: 'resume', from: toPoint(parsed.data), parts: parsed.data.parts }
        : malformed(explain('resume', parsed.error))
    }
    case 'auth': {
      const parsed = auth.safeParse(value)
      return parsed.success
        ? { kind: 'auth', token: parsed.data.token }
        : malformed(explain('auth', parsed.error))
    }
    case 'ping':
      return { kind: 'ping' }
    default:
      return { kind: 'unknown' }
  }
}

const inQuery = z.object({
  epoch: epoch.nullable(),
  offset: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .nullable(),
})

/** `?epoch=&offset=`, which save the wait for a message; undefined when neither is there. */
export function parseResumeQuery(
  rawQuery: string,
): { readonly from: ResumePoint | undefined } | { readonly fault: string } {
  const params = new URLSearchParams(rawQuery)
  const [epochText, offsetText] = [params.get('epoch'), params.get('offset')]
  if (epochText === null && offsetText === null) return { from: undefined }
  const parsed = inQuery.safeParse({
    epoch: epochText,
    offset: offsetText === '' ? null : offsetText,
  })
  return parsed.success ? { from: toPoint(parsed.data) } : { fault: explain('query', parsed.error) }
}

function toPoint(said: {
  epoch?: string | null | undefined
  offset?: number | null | undefined
}): ResumePoint {
  const { epoch: name = null, offset: at = null } = said
  return name === null || name === '' || at === null ? null : { epoch: name, offset: at }
}

const malformed = (fault: string): StreamMessage => ({ kind: 'malformed', fault })

function explain(what: string, { issues: [issue] }: z.ZodError): string {
  const path = [what, ...(issue?.path ?? [])].map(String).join('.')
  return `${path} ${issue?.message ?? 'is invalid'}`
}
