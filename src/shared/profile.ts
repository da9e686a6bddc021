import { z } from 'zod'

const isLoopback = (url: string): boolean => {
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** http(s) only, no user info and no query: a secret in a URL would be written down here. */
const serverUrl = z.url({ protocol: /^https?$/ }).refine(
  (text) => {
    // Checks go on after a failed one: an address that cannot be read is refused above.
    if (!URL.canParse(text)) return true
    const url = new URL(text)
    return !url.username && !url.password && !url.search && !url.hash
  },
  { message: 'must be a plain http(s) address without user name, query or fragment' },
)

const looksLikeSecretKey = (key: string): boolean => {
  if (key.startsWith('sb_secret_')) return true
  const payload = key.split('.')[1]
  if (payload === undefined) return false
  try {
    const json: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
    return (
      typeof json === 'object' && json !== null && 'role' in json && json.role === 'service_role'
    )
  } catch {
    return false
  }
}

export const sourceKinds = ['progress', 'stream', 'socketio', 'realtime', 'polling'] as const
export type SourceKind = (typeof sourceKinds)[number]

/** A name in PostgreSQL that needs no quotes: it stands in an address and in a subscription. */
const sqlName = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, 'a plain lower-case SQL name')

/** The table that `realtime` and `polling` read, and what its columns mean (gateway-protocol §6). */
export const jobTableSchema = z.strictObject({
  schema: sqlName.default('public'),
  table: sqlName.default('translation_jobs'),
  /** The column that holds what the job calls so; null where the table has none. */
  columns: z
    .strictObject({
      id: sqlName.default('id'),
      tenantId: sqlName.default('tenant_id'),
      /** Rises with every change of a row: what was missed is fetched from here. */
      updatedAt: sqlName.default('updated_at'),
      status: sqlName.default('status'),
      name: sqlName.nullable().default('name'),
      kind: sqlName.nullable().default(null),
      progress: sqlName.nullable().default('progress'),
      step: sqlName.nullable().default(null),
      counters: sqlName.nullable().default(null),
      message: sqlName.nullable().default('message'),
      attempt: sqlName.nullable().default('attempt'),
      /** Without it the order of changes is that of `updatedAt`. */
      seq: sqlName.nullable().default(null),
      createdAt: sqlName.nullable().default('created_at'),
      startedAt: sqlName.nullable().default('started_at'),
      finishedAt: sqlName.nullable().default('completed_at'),
      error: sqlName.nullable().default('error'),
    })
    .prefault({}),
})
export type JobTable = z.infer<typeof jobTableSchema>

/** One environment. It never holds a secret: the publishable key is public by design. */
export const profileSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and "-"'),
    name: z.string().min(1).max(80),
    supabaseUrl: serverUrl,
    publishableKey: z
      .string()
      .min(1)
      .max(4_096)
      .refine((key) => !looksLikeSecretKey(key), {
        message: 'is a secret (service) key; a console only ever takes the publishable key',
      }),
    gatewayUrl: serverUrl,
    sources: z
      .array(z.enum(sourceKinds, { error: `must be ${sourceKinds.join(', ')}` }))
      .min(1)
      .default(['progress']),
    /** Dotted path inside the session token; `app_metadata.tenants[]` is always read as well. */
    tenantClaim: z.string().min(1).max(128).default('app_metadata.tenant_id'),
    mark: z.enum(['production', 'staging', 'development', 'demo']).default('development'),
    /** How the token travels on a socket: header first and query if refused, or one of the two. */
    tokenTransport: z.enum(['auto', 'header', 'query']).default('auto'),
    jobTable: jobTableSchema.prefault({}),
    /** Only for a demo backend on this computer, so that one click signs in. */
    demoUsers: z
      .array(
        z.strictObject({
          email: z.email(),
          password: z.string().min(1),
          label: z.string().min(1).max(80),
        }),
      )
      .max(10)
      .default([]),
  })
  .refine((profile) => profile.demoUsers.length === 0 || isLoopback(profile.supabaseUrl), {
    path: ['demoUsers'],
    message: 'are only allowed for a backend on this computer',
  })
  .refine(({ sources }) => !(sources.includes('realtime') && sources.includes('polling')), {
    path: ['sources'],
    message: 'realtime falls back to polling by itself: name one of the two',
  })
export type Profile = z.infer<typeof profileSchema>
export type ProfileInput = z.input<typeof profileSchema>

/** A profile file: one profile, or several. */
export const profileFileSchema = z.union([profileSchema, z.array(profileSchema).min(1).max(100)])
