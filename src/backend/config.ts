import { dirname, resolve } from 'node:path'
import type { JWK } from 'jose'
import { readDatabaseUrl } from './config-database.ts'
import type { Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'
import { parseConfigFile, type ConfigFile } from './config-file.ts'
import { parseFlags, type CheckFlags, type Flags } from './config-flags.ts'
import { readGateway, readSwitch, type GatewayConfig } from './config-gateway.ts'
import { chooseHost, readPublicOrigin, readRedisUrl } from './config-places.ts'
import { readProject, type Project } from './config-project.ts'
import { chooseTrust } from './config-trust.ts'
import type { Connection } from './database/database.ts'
import type { RealtimeLimits } from './supabase/realtime/realtime-limits.ts'

/** Everything the backend lets one set, parsed at start. */
export interface BackendConfig {
  /** Another address than 127.0.0.1 only for the gateway alone. */
  readonly host: string
  /** 0 is any free port. */
  readonly port: number
  /** The Supabase whose gateway this is; null serves one of its own beside the gateway. */
  readonly project: Project | null
  /** A PostgreSQL by `DATABASE_URL`; null is the embedded one. */
  readonly database: Connection | null
  /** The embedded PostgreSQL's port; 0 is any free port. */
  readonly databasePort: number
  readonly dataDir: string
  /** Starts over: the data folder is emptied first. */
  readonly reset: boolean
  /** Stops when standard input ends or the IPC channel to the parent closes. */
  readonly followParent: boolean
  /** Look and say what is wrong, instead of running. */
  readonly check: CheckFlags | null
  /** Work driven beyond the steady sample jobs; null is none. */
  readonly load: Load | null
  /** Whether this process works on jobs; the gateway alone does only when it is told to. */
  readonly jobs: boolean
  readonly auth: AuthConfig
  readonly realtime: RealtimeConfig
  readonly gateway: GatewayConfig
  readonly tokens: TokensConfig
  /** Null where there is one gateway only. It may hold a password. */
  readonly redisUrl: string | null
  /** What browsers know this backend by, behind a proxy; null is the address that it listens on. */
  readonly publicOrigin: string | null
}

export interface Load {
  /** Jobs kept running at the same time. */
  readonly jobs: number
  /** Progress events a second over all of them. */
  readonly rate: number
}

/** The embedded auth server. */
export interface AuthConfig {
  /** Null signs with `signingKeys`, or with a key pair that is drawn for the data folder (ES256). */
  readonly jwtSecret: string | null
  /** Private JWKs of the project's own; one of them signs. */
  readonly signingKeys: readonly JWK[] | null
  readonly tokenLifetimeSeconds: number
  readonly rotateRefreshTokens: boolean
  readonly reuseIntervalSeconds: number
  readonly allowSignUp: boolean
  readonly allowAnonymous: boolean
  readonly minimumPasswordLength: number
  /** Where links lead when the caller names no address, or one that is not allowed. */
  readonly siteUrl: string
  /** Exact addresses, or patterns with `*` and `**` as the Supabase CLI has them. */
  readonly redirectUrls: readonly string[]
  readonly email: EmailConfig
  readonly mfa: MfaConfig
}

export interface EmailConfig {
  readonly allowSignUp: boolean
  /** A new user must follow a link, or type a code, before the first sign-in. */
  readonly confirmations: boolean
  /** A change of address is confirmed at the old one as well. */
  readonly doubleConfirmChanges: boolean
  /** A password is only changed by a recent sign-in, or with a code from `reauthenticate`. */
  readonly securePasswordChange: boolean
  /** Between two mails to the same person. */
  readonly leastIntervalMs: number
  readonly codeLength: number
  readonly codeLifetimeSeconds: number
}

export interface MfaConfig {
  readonly mostFactors: number
  readonly totpEnroll: boolean
  readonly totpVerify: boolean
}

export interface RealtimeConfig {
  readonly enabled: boolean
  /** What differs from the real server's limits. */
  readonly limits?: Partial<RealtimeLimits>
}

/** Whose session tokens the gateway takes. */
export interface TokensConfig {
  /** Null is the embedded auth server; otherwise another project, known by its JWKS. */
  readonly issuedElsewhere: { readonly algorithm: 'ES256' | 'RS256'; readonly jwks: URL } | null
  readonly tenantClaim: string
  readonly leewaySeconds: number
}

export interface ConfigSources {
  readonly args: readonly string[]
  readonly env: Environment
  /** Throws when there is no such file. */
  readonly readFile: (path: string) => string
}

export interface ParsedConfig {
  readonly config: BackendConfig
  /** What was read and not used; worth a line on stderr. */
  readonly notes: readonly string[]
}

/** Flags win over variables, variables over the file. @throws ConfigError */
export function parseConfig({ args, env, readFile }: ConfigSources): ParsedConfig {
  const flags = parseFlags(args, env)
  const { file, notes } = parseConfigFile(readConfigText(flags.configPath, readFile), env)
  const project = readProject(env)
  const alone = project !== null
  const database = readDatabaseUrl(env, readFile)
  if (alone && database === null) {
    throw new ConfigError(
      "DATABASE_URL is not set: the gateway alone needs the project's database (its direct or session-pooler address)",
    )
  }
  if (flags.reset && database !== null) {
    throw new ConfigError(
      '--reset empties the data folder, not the database of DATABASE_URL: leave one of them out',
    )
  }
  if (alone && flags.load !== null) {
    throw new ConfigError(
      '--load drives sample jobs, and none are made over a project (SUPABASE_URL): leave it out',
    )
  }
  const readBeside = (path: string): string =>
    readFile(resolve(flags.configPath === null ? '.' : dirname(flags.configPath), path))
  return {
    config: {
      host: chooseHost(env, alone),
      port: choosePort(flags, file, alone ? env.PORT : undefined),
      project,
      database,
      databasePort: chooseDatabasePort(flags, file),
      dataDir: flags.dataDir,
      reset: flags.reset,
      followParent: flags.followParent,
      check: flags.check,
      load: flags.load,
      jobs: readSwitch(env, 'SIGNALBOX_JOBS') ?? !alone,
      gateway: readGateway(file.signalbox.gateway, env),
      realtime: { enabled: file.realtime.enabled, limits: file.signalbox.realtime },
      redisUrl: readRedisUrl(env),
      publicOrigin: readPublicOrigin(env),
      ...chooseTrust({ file, env, readBeside }),
    },
    notes,
  }
}

function readConfigText(path: string | null, read: ConfigSources['readFile']): string {
  if (path === null) return ''
  try {
    return read(path)
  } catch {
    throw new ConfigError(`--config: the file ${path} cannot be read`)
  }
}

function choosePort(flags: Flags, file: ConfigFile, variable: string | undefined): number {
  if (flags.port !== null) return flags.port
  if (variable === undefined || variable === '') return file.api.port
  if (!/^\d{1,5}$/.test(variable) || Number(variable) > 65_535) {
    throw new ConfigError('PORT is not a port: 0 to 65535, where 0 is any free one')
  }
  return Number(variable)
}

const defaultDatabasePort = 54_322

/** Whoever takes any free port for the one takes it for the other, unless a port is named. */
function chooseDatabasePort(flags: Flags, file: ConfigFile): number {
  return flags.databasePort ?? file.db.port ?? (flags.port === 0 ? 0 : defaultDatabasePort)
}
