import { z } from 'zod'

export interface IoEvent {
  readonly kind: 'event'
  readonly name: string
  readonly payload: unknown
}

/** What a connection hears of Socket.IO. */
export type IoMessage =
  /** First of all. `missed` events follow at once, which were kept for us while we were away. */
  | {
      readonly kind: 'welcome'
      readonly recovered: boolean
      readonly missed: number
      /** Ends the connection; the next one gets no missed events, but is told where things stand. */
      readonly restart: () => void
    }
  | IoEvent
  /** Acknowledges what was sent; that of a ping is called so wherever it is one. */
  | { readonly kind: 'answer'; readonly type: 'pong' | 'auth'; readonly payload: unknown }

/** Opaque: strings or integers, compared as strings. */
const tenantId = z.union([z.string().min(1).max(128), z.int()]).transform(String)

/** `job:event` (gateway-protocol §5); a backend that numbers nothing says only the job. */
export const eventSchema = z.object({
  tenant_id: tenantId.optional(),
  offset: z.int().min(0).optional(),
  job: z.unknown().optional(),
})

/** `job:snapshot`. */
export const snapshotSchema = z.object({
  epoch: z.string().max(128).optional(),
  offsets: z.record(z.string().max(128), z.int().min(0)).optional(),
  jobs: z.array(z.unknown()),
})

/** What answers `auth`. */
export const renewalSchema = z.object({
  ok: z.boolean(),
  code: z
    .string()
    .regex(/^[a-z_]{1,64}$/)
    .optional()
    .catch(undefined),
})
