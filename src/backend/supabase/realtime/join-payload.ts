import { z } from 'zod'
import type { ChangeParams } from './changes/changes.ts'

/** What a `phx_join` asks for. */
export interface Join {
  readonly accessToken: string | null
  readonly isPrivate: boolean
  /** A broadcast is answered. */
  readonly ack: boolean
  /** A broadcast comes back to its sender. */
  readonly self: boolean
  readonly presence: { readonly enabled: boolean; readonly key: string }
  readonly changes: readonly ChangeEntry[]
}

/** One entry of `postgres_changes`. */
export interface ChangeEntry {
  readonly id: number
  /** As sent: the answer repeats it, and the client compares. */
  readonly sent: Readonly<Record<string, unknown>>
  /** Null for an entry that says nothing to subscribe to. */
  readonly params: ChangeParams | null
}

const flag = z
  .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
  .optional()
  .catch(undefined)
const text = z.string().optional().catch(undefined)
const key = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional().catch('')

/** Nothing in it refuses a join: what cannot be read is as if it were not there. */
const join = z.object({
  access_token: text,
  user_token: text,
  config: z
    .object({
      private: flag,
      broadcast: z.object({ ack: flag, self: flag }).optional().catch(undefined),
      presence: z.object({ enabled: flag, key }).optional().catch(undefined),
      postgres_changes: z.array(z.unknown()).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
})

const params = z.object({
  event: z.enum(['*', 'INSERT', 'UPDATE', 'DELETE']).default('*').catch('*'),
  schema: z.string().max(255).optional(),
  table: z.string().max(255).optional(),
  filter: z.string().max(16_384).optional(),
  select: z.array(z.string().max(255)).max(1_600).optional(),
})

const record = z.record(z.string(), z.unknown())

export function readJoin(payload: Readonly<Record<string, unknown>>): Join {
  const { access_token, user_token, config = {} } = join.parse(payload)
  const { broadcast, presence, postgres_changes = [] } = config
  return {
    accessToken: user_token ?? access_token ?? null,
    isPrivate: config.private ?? false,
    ack: broadcast?.ack ?? false,
    self: broadcast?.self ?? false,
    // Without a word about presence it is on, as for clients of before there was a choice.
    presence: {
      enabled: presence === undefined || presence.enabled === true,
      key: presence?.key ?? '',
    },
    changes: postgres_changes
      .filter((entry) => entry !== null)
      .map((entry, at) => ({
        id: at + 1,
        sent: record.catch({}).parse(entry),
        params: readParams(entry),
      })),
  }
}

function readParams(entry: unknown): ChangeParams | null {
  const parsed = params.safeParse(entry)
  if (!parsed.success) return null
  const { event, schema, table, filter, select } = parsed.data
  if (schema === undefined && table === undefined) return null
  if (filter !== undefined && table === undefined) return null
  return {
    event,
    schema: schema ?? 'public',
    table: table ?? null,
    filter: filter ?? null,
    select: select ?? null,
  }
}
