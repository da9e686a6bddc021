import { z } from 'zod'
import { jobRowSchema, timelineEntrySchema } from '../job.ts'
import { profileSchema } from '../profile.ts'
import { receiptSchema, workspaceViewSchema } from '../workspace.ts'
import type { CallChannel, EventChannel } from './channels.ts'

const nothing = z.undefined()
const id = z.string().min(1).max(128)

/** A profile as the window sees it: everything but the demo passwords. */
export const profileViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  mark: z.enum(['production', 'staging', 'development', 'demo']),
  supabaseUrl: z.string(),
  gatewayUrl: z.string(),
  /** Given by a file or the demo on the command line: it cannot be edited or removed here. */
  fixed: z.boolean(),
  demoUsers: z.array(z.object({ email: z.string(), label: z.string() })),
})
export type ProfileView = z.infer<typeof profileViewSchema>

export const appViewSchema = z.object({
  version: z.string(),
  /** True on the Electron stand-in: shown, because it proves less. */
  standIn: z.boolean(),
  platform: z.string(),
})
export type AppView = z.infer<typeof appViewSchema>

/** What a group head says of one tenant, counted in main over all of its jobs. */
export const groupSchema = z.object({
  tenantId: z.string(),
  queued: z.int(),
  running: z.int(),
  failed: z.int(),
  succeeded: z.int(),
  cancelled: z.int(),
  /** Events a second, one value every 2 s, oldest first, at most 30. */
  throughput: z.array(z.number()).max(30),
})
export type Group = z.infer<typeof groupSchema>

/**
 * One pair of schemas a call. Main parses the argument before a handler sees it and the answer
 * before it leaves; all types are inferred from here. Every call answers `Outcome<answer>`.
 */
export const calls = {
  'app:describe': { argument: nothing, answer: appViewSchema },
  'profiles:list': { argument: nothing, answer: z.array(profileViewSchema) },
  'profiles:save': {
    argument: z.strictObject({ profile: profileSchema }),
    answer: profileViewSchema,
  },
  'profiles:remove': { argument: z.strictObject({ profileId: id }), answer: nothing },
  'workspaces:list': { argument: nothing, answer: z.array(workspaceViewSchema) },
  'session:sign-in': {
    argument: z.strictObject({
      profileId: id,
      email: z.email().max(254),
      password: z.string().min(1).max(1_024),
    }),
    answer: z.object({ workspaceId: z.string() }),
  },
  /** Main holds the demo password; the window only names the user. */
  'session:sign-in-demo': {
    argument: z.strictObject({ profileId: id, email: z.email().max(254) }),
    answer: z.object({ workspaceId: z.string() }),
  },
  /** Gives up a sign-in that is under way. */
  'session:cancel': { argument: z.strictObject({ profileId: id }), answer: nothing },
  'session:sign-out': {
    argument: z.strictObject({ workspaceId: id, everywhere: z.boolean().default(false) }),
    answer: receiptSchema,
  },
  /** Asks the keychain again after the operator unlocked it. */
  'session:unlock': { argument: z.strictObject({ workspaceId: id }), answer: nothing },
  /** Dials now instead of at the next try, or again after a refusal. */
  'connection:retry': { argument: z.strictObject({ workspaceId: id }), answer: nothing },
  /** Starts the feed of a workspace for this window: everything known, then batches. */
  'jobs:open': {
    argument: z.strictObject({ workspaceId: id }),
    answer: z.object({
      /** Batches up to and including this number are part of `rows`. */
      batch: z.int(),
      rows: z.array(jobRowSchema),
      groups: z.array(groupSchema),
    }),
  },
  /** Says that a batch was painted; the next one is sent only then. */
  'jobs:acknowledge': {
    argument: z.strictObject({ workspaceId: id, batch: z.int() }),
    answer: nothing,
  },
  'jobs:read-timeline': {
    argument: z.strictObject({ workspaceId: id, jobId: id }),
    answer: z.object({ entries: z.array(timelineEntrySchema).max(500) }),
  },
  /** The window was shown or hidden; hidden windows get a slow feed. */
  'window:show-state': { argument: z.strictObject({ visible: z.boolean() }), answer: nothing },
} satisfies Record<CallChannel, { argument: z.ZodType; answer: z.ZodType }>

/** One schema an event; main parses the payload before it is sent. */
export const events = {
  'profiles:changed': z.array(profileViewSchema),
  'workspaces:changed': z.array(workspaceViewSchema),
  /** The latest state of every job that changed since the batch before. */
  'jobs:batched': z.object({
    workspaceId: z.string(),
    batch: z.int(),
    rows: z.array(jobRowSchema),
    /** Jobs that are gone, by `jobKeyOf`. */
    removed: z.array(z.string()),
    groups: z.array(groupSchema),
  }),
  'session:ended': receiptSchema,
} satisfies Record<EventChannel, z.ZodType>

export type CallArgument<C extends CallChannel> = z.input<(typeof calls)[C]['argument']>
/** The argument as a handler gets it: parsed, defaults filled in. */
export type ParsedArgument<C extends CallChannel> = z.output<(typeof calls)[C]['argument']>
export type CallAnswer<C extends CallChannel> = z.output<(typeof calls)[C]['answer']>
export type EventPayload<E extends EventChannel> = z.output<(typeof events)[E]>
