import { fromEnvironment, type Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'
import { parseConfigFile, type ConfigFile } from './config-file.ts'
import { parseFlags } from './config-flags.ts'
import { readPublicOrigin, readRedisUrl, toHttpUrl } from './config-places.ts'
import { checkJwtSecret } from './config-secret.ts'

/** Everything the backend lets one set, parsed at start. */
export interface BackendConfig {
  /** 0 is any free port. */
  readonly port: number
  /** PostgreSQL's port; 0 is any free port. */
  readonly databasePort: number
  readonly dataDir: string
  /** Starts over: the data folder is emptied first. */
  readonly reset: boolean
  /** Stops when standard input ends or the IPC channel to the parent closes. */
  readonly followParent: boolean
  /** Work driven beyond the steady sample jobs; null is none. */
  readonly load: Load | null
  readonly auth: AuthConfig
  readonly realtime: RealtimeConfig
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
  /** Null signs with a key pair that is made once for the data folder (ES256). */
  readonly jwtSecret: string | null
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
  const { file, notes } = parseConfigFile(readConfigText(flags.configPath, readFile))
  return {
    config: {
      port: flags.port ?? file.api.port,
      databasePort: file.db.port,
      dataDir: flags.dataDir,
      reset: flags.reset,
      followParent: flags.followParent,
      load: flags.load,
      realtime: { enabled: file.realtime.enabled },
      redisUrl: readRedisUrl(env),
      publicOrigin: readPublicOrigin(env),
      ...chooseTrust(file, env),
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

function chooseTrust(
  { auth, signalbox }: ConfigFile,
  env: Environment,
): Pick<BackendConfig, 'auth' | 'tokens'> {
  const jwtSecret = checkJwtSecret(auth.jwt_secret, env)
  const jwksUrl = fromEnvironment(signalbox.jwks_url, 'signalbox.jwks_url', env)
  const algorithm = signalbox.algorithm ?? (jwtSecret === null ? 'ES256' : 'HS256')
  if (algorithm === 'HS256' && jwtSecret === null) {
    throw new ConfigError(
      'signalbox.algorithm is HS256, but there is no secret: set SUPABASE_JWT_SECRET or auth.jwt_secret, or signalbox.jwks_url with ES256',
    )
  }
  if (algorithm === 'RS256' && jwksUrl === null) {
    throw new ConfigError('signalbox.algorithm is RS256, which needs signalbox.jwks_url')
  }
  if (algorithm === 'HS256' && jwksUrl !== null) {
    throw new ConfigError(
      'signalbox.jwks_url lists public keys; HS256 has none: use ES256 or RS256',
    )
  }
  return {
    auth: {
      jwtSecret: algorithm === 'HS256' ? jwtSecret : null,
      tokenLifetimeSeconds: auth.jwt_expiry,
      rotateRefreshTokens: auth.enable_refresh_token_rotation,
      reuseIntervalSeconds: auth.refresh_token_reuse_interval,
      allowSignUp: auth.enable_signup,
      minimumPasswordLength: auth.minimum_password_length,
      allowAnonymous: auth.enable_anonymous_sign_ins,
      siteUrl: auth.site_url,
      redirectUrls: auth.additional_redirect_urls,
      email: readEmail(auth.email),
      mfa: {
        mostFactors: auth.mfa.max_enrolled_factors,
        totpEnroll: auth.mfa.totp.enroll_enabled,
        totpVerify: auth.mfa.totp.verify_enabled,
      },
    },
    tokens: {
      issuedElsewhere:
        jwksUrl === null || algorithm === 'HS256'
          ? null
          : { algorithm, jwks: toHttpUrl(jwksUrl, 'signalbox.jwks_url') },
      tenantClaim: signalbox.tenant_claim,
      leewaySeconds: signalbox.leeway_seconds,
    },
  }
}

function readEmail(email: ConfigFile['auth']['email']): EmailConfig {
  return {
    allowSignUp: email.enable_signup,
    confirmations: email.enable_confirmations,
    doubleConfirmChanges: email.double_confirm_changes,
    securePasswordChange: email.secure_password_change,
    leastIntervalMs: toMs(email.max_frequency),
    codeLength: email.otp_length,
    codeLifetimeSeconds: email.otp_expiry,
  }
}

/** A time as Go writes it, of one unit. */
function toMs(text: string): number {
  const [, count, unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? []
  const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  return Number(count) * (units[unit] ?? 0)
}
