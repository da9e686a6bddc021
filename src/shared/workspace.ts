import { z } from 'zod'
import { failureCodes } from './failure.ts'
import { sourceKinds } from './profile.ts'

const code = z.enum(failureCodes)
/** Wall clock, milliseconds since the epoch. */
const wallMs = z.number()

/** Where the session stands. */
export const sessionViewSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('restoring') }),
  z.object({ kind: z.literal('signing-in') }),
  z.object({ kind: z.literal('signed-in'), expiresAtMs: wallMs }),
  /** A restored session whose server cannot be asked yet, or whose refresh is being retried. */
  z.object({ kind: z.literal('unconfirmed'), reason: code, nextTryAtMs: wallMs.nullable() }),
  z.object({ kind: z.literal('keychain-locked') }),
  z.object({ kind: z.literal('signed-out'), reason: code.nullable() }),
])
export type SessionView = z.infer<typeof sessionViewSchema>

/** A source of a workspace that does not bring anything right now. */
export const sourceDownSchema = z.object({
  kind: z.enum(sourceKinds),
  state: z.enum(['idle', 'connecting', 'reconnecting', 'stopped']),
  /** Null while it connects for the first time. */
  reason: code.nullable(),
  nextTryAtMs: wallMs.nullable(),
})
export type SourceDown = z.infer<typeof sourceDownSchema>

/**
 * What the header may claim about a workspace. "live" only while every source is up and something
 * was heard within 12 s (I14); "offline" means that nothing is connected and the rows are
 * remembered. `asOfMs` is when something was last heard, also before the last start: null is never.
 */
export const connectionViewSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('idle') }),
  z.object({ kind: z.literal('connecting'), sinceMs: wallMs, asOfMs: wallMs.nullable() }),
  z.object({ kind: z.literal('live'), heardAtMs: wallMs }),
  /** Some sources are up, others are not: rows that only those told of are remembered. */
  z.object({
    kind: z.literal('partial'),
    heardAtMs: wallMs,
    /** In the order of the profile. */
    down: z.array(sourceDownSchema).min(1),
  }),
  z.object({
    kind: z.literal('reconnecting'),
    asOfMs: wallMs.nullable(),
    sinceMs: wallMs,
    nextTryAtMs: wallMs.nullable(),
    reason: code,
  }),
  z.object({
    kind: z.literal('offline'),
    asOfMs: wallMs.nullable(),
    sinceMs: wallMs,
    nextTryAtMs: wallMs.nullable(),
    reason: code,
  }),
  z.object({ kind: z.literal('refused'), asOfMs: wallMs.nullable(), reason: code }),
])
export type ConnectionView = z.infer<typeof connectionViewSchema>

/**
 * An interruption that is over. `missing` is 0 where the server proved that nothing was lost, null
 * where it cannot be known (state is right again all the same).
 */
export const gapSchema = z.object({
  /** When it was closed. */
  atMs: wallMs,
  /** Events that were missed and have been told since. */
  recovered: z.int().min(0),
  missing: z.literal(0).nullable(),
})
export type Gap = z.infer<typeof gapSchema>

/** One source in the foot line. */
export const sourceViewSchema = z.object({
  kind: z.enum(sourceKinds),
  /** `polling`: Realtime is down, and the table is asked every 5 s instead. */
  state: z.enum(['idle', 'connecting', 'live', 'polling', 'reconnecting', 'stopped']),
  /** Sockets open right now. */
  sockets: z.int(),
  nextTryAtMs: wallMs.nullable(),
  reason: code.nullable(),
  /** What the last interruption came to; absent before the first one. */
  gap: gapSchema.optional(),
})
export type SourceView = z.infer<typeof sourceViewSchema>

/** How safely the session is kept on this computer. */
export const keepingSchema = z.enum(['keychain', 'memory', 'keychain-locked'])
export type Keeping = z.infer<typeof keepingSchema>

export const tenantSchema = z.object({
  id: z.string(),
  /** Null when the token carries no name: then the id is shown. */
  name: z.string().nullable(),
  role: z.string().nullable(),
})
export type Tenant = z.infer<typeof tenantSchema>

export const workspaceViewSchema = z.object({
  id: z.string(),
  profileId: z.string(),
  profileName: z.string(),
  mark: z.enum(['production', 'staging', 'development', 'demo']),
  /** Null until the token was read. */
  operator: z.object({ email: z.string(), tenants: z.array(tenantSchema) }).nullable(),
  session: sessionViewSchema,
  connection: connectionViewSchema,
  sources: z.array(sourceViewSchema),
  keeping: keepingSchema,
  /** Job events taken in, a second, over the last 5 s. */
  eventsPerSecond: z.number(),
  /** Frames dropped since sign-in because they broke the protocol or named another tenant. */
  dropped: z.int(),
  /** What the operator has to be told once of the last known state that is kept here. */
  notes: z.array(code),
})
export type WorkspaceView = z.infer<typeof workspaceViewSchema>

/** One line of the sign-out receipt. */
export const receiptLineSchema = z.object({
  what: z.enum([
    'sockets',
    'timers_and_requests',
    'subscriptions',
    'rows',
    /** The last known state on disk. */
    'cached_bytes',
    'keychain_entries',
  ]),
  ended: z.int().min(0),
  left: z.int().min(0),
})

/** What sign-out shows: what was ended, what is left, and what could not be done. */
export const receiptSchema = z.object({
  workspaceId: z.string(),
  profileId: z.string(),
  profileName: z.string(),
  email: z.string().nullable(),
  /** Why it ended: null when the operator asked. */
  reason: code.nullable(),
  endedAtMs: wallMs,
  durationMs: z.number(),
  lines: z.array(receiptLineSchema),
  server: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('revoked') }),
    /** The server refused the token already: nothing was left to revoke. */
    z.object({ kind: z.literal('already-ended') }),
    z.object({ kind: z.literal('not-reached'), expiresAtMs: wallMs.nullable() }),
    z.object({ kind: z.literal('not-asked') }),
  ]),
  /** What could not be done, by code; empty when everything was. */
  notes: z.array(code),
})
export type Receipt = z.infer<typeof receiptSchema>
