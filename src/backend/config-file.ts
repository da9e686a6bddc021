import { parse, TomlError } from 'smol-toml'
import { z } from 'zod'
import { fromEnvironment, type Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'
import { gatewaySection } from './config-gateway.ts'
import { realtimeSection } from './config-realtime.ts'

const port = z.int().min(0).max(65_535)
const seconds = z.int().min(0)

const email = z.object({
  enable_signup: z.boolean().default(true),
  double_confirm_changes: z.boolean().default(true),
  enable_confirmations: z.boolean().default(false),
  secure_password_change: z.boolean().default(false),
  max_frequency: z
    .string()
    .regex(/^\d+(?:ms|s|m|h)$/, 'must be a time such as 1s or 5m')
    .default('1s'),
  otp_length: z.int().min(6).max(10).default(6),
  otp_expiry: z.int().min(1).max(86_400).default(3_600),
})

const mfa = z.object({
  max_enrolled_factors: z.int().min(0).max(100).default(10),
  totp: z
    .object({
      enroll_enabled: z.boolean().default(false),
      verify_enabled: z.boolean().default(false),
    })
    .prefault({}),
})

/** The keys of the Supabase CLI's `config.toml` that matter here, with the CLI's defaults. */
const sections = {
  api: z.object({ port: port.default(54_321) }),
  db: z.object({ port: port.optional() }),
  auth: z.object({
    enabled: z.boolean().default(true),
    site_url: z.string().default('http://127.0.0.1:3000'),
    additional_redirect_urls: z.array(z.string()).default([]),
    jwt_secret: z.string().optional(),
    signing_keys_path: z.string().optional(),
    jwt_expiry: z.int().min(1).max(604_800).default(3_600),
    enable_signup: z.boolean().default(true),
    enable_anonymous_sign_ins: z.boolean().default(false),
    enable_refresh_token_rotation: z.boolean().default(true),
    refresh_token_reuse_interval: seconds.default(10),
    minimum_password_length: z.int().min(6).default(6),
    email: email.prefault({}),
    mfa: mfa.prefault({}),
  }),
  realtime: z.object({ enabled: z.boolean().default(true) }),
  /** Ours; the CLI knows nothing of it. */
  signalbox: z.object({
    algorithm: z.enum(['HS256', 'ES256', 'RS256']).optional(),
    jwks_url: z.string().optional(),
    tenant_claim: z.string().min(1).max(128).default('app_metadata.tenant_id'),
    leeway_seconds: seconds.max(300).default(30),
    realtime: realtimeSection.prefault({}),
    gateway: gatewaySection.prefault({}),
  }),
}

const schema = z.object({
  api: sections.api.prefault({}),
  db: sections.db.prefault({}),
  auth: sections.auth.prefault({}),
  realtime: sections.realtime.prefault({}),
  signalbox: sections.signalbox.prefault({}),
})

export type ConfigFile = z.infer<typeof schema>

/** Unknown keys are the CLI's business: tolerated, and noted. @throws ConfigError */
export function parseConfigFile(
  text: string,
  env: Environment,
): { file: ConfigFile; notes: readonly string[] } {
  const read = readToml(text)
  const parsed = schema.safeParse(read)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const key = issue?.path.join('.') ?? ''
    throw new ConfigError(`--config: ${key} is wrong: ${issue?.message ?? 'not understood'}`)
  }
  const unused = unusedKeys(read)
  const notes = unused.length === 0 ? [] : [`--config: not used here: ${unused.join(', ')}`]
  return { file: fill(parsed.data, '', env) as ConfigFile, notes }
}

/** Puts what variables hold where the file says `env(NAME)`, in every text that is used. */
function fill(value: unknown, key: string, env: Environment): unknown {
  if (typeof value === 'string') return fromEnvironment(value, key, env)
  if (Array.isArray(value)) return value.map((each: unknown) => fill(each, key, env))
  if (typeof value !== 'object' || value === null) return value
  const filled = Object.entries(value).map(([name, each]: [string, unknown]) => [
    name,
    fill(each, key === '' ? name : `${key}.${name}`, env),
  ])
  return Object.fromEntries(filled)
}

function readToml(text: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    throw new ConfigError(`--config: line ${error.line} is not TOML`)
  }
}

function unusedKeys(read: Record<string, unknown>): string[] {
  return Object.entries(read).flatMap(([name, section]) => {
    if (!isSection(name)) return [name]
    if (typeof section !== 'object' || section === null) return []
    const known = sections[name].shape
    return Object.keys(section)
      .filter((key) => !Object.hasOwn(known, key))
      .map((key) => `${name}.${key}`)
  })
}

function isSection(name: string): name is keyof typeof sections {
  return Object.hasOwn(sections, name)
}
