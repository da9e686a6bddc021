import type { JWK } from 'jose'
import type { AuthConfig, EmailConfig, TokensConfig } from './config.ts'
import type { Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'
import type { ConfigFile } from './config-file.ts'
import { toHttpUrl } from './config-places.ts'
import { checkJwtSecret } from './config-secret.ts'
import { parseSigningKeys } from './config-signing-keys.ts'

export interface TrustSources {
  readonly file: ConfigFile
  readonly env: Environment
  /** Reads a file whose path stands in the configuration file, from where that lies. */
  readonly readBeside: (path: string) => string
}

/** Who signs, and who is believed. @throws ConfigError */
export function chooseTrust({ file, env, readBeside }: TrustSources): {
  readonly auth: AuthConfig
  readonly tokens: TokensConfig
} {
  const path = file.auth.signing_keys_path
  const signing = {
    jwtSecret: checkJwtSecret(file.auth.jwt_secret, env),
    signingKeys: path === undefined ? null : parseSigningKeys(path, readBeside),
  }
  const { algorithm, jwks } = chooseAlgorithm(file.signalbox, signing)
  const { tenant_claim: tenantClaim, leeway_seconds: leewaySeconds } = file.signalbox
  return {
    auth: readAuth(file.auth, {
      ...signing,
      jwtSecret: algorithm === 'HS256' || signing.signingKeys !== null ? signing.jwtSecret : null,
    }),
    tokens: {
      issuedElsewhere: jwks === null || algorithm === 'HS256' ? null : { algorithm, jwks },
      tenantClaim:
        env.TENANT_CLAIM === undefined || env.TENANT_CLAIM === '' ? tenantClaim : env.TENANT_CLAIM,
      leewaySeconds,
    },
  }
}

interface Signing {
  readonly jwtSecret: string | null
  readonly signingKeys: readonly JWK[] | null
}

type Algorithm = NonNullable<ConfigFile['signalbox']['algorithm']>

function chooseAlgorithm(
  { jwks_url: jwksUrl, algorithm: wanted }: ConfigFile['signalbox'],
  { jwtSecret, signingKeys }: Signing,
): { readonly algorithm: Algorithm; readonly jwks: URL | null } {
  const algorithm = wanted ?? (jwtSecret === null || signingKeys !== null ? 'ES256' : 'HS256')
  if (algorithm === 'HS256' && jwtSecret === null) {
    throw new ConfigError(
      'signalbox.algorithm is HS256, but there is no secret: set SUPABASE_JWT_SECRET or auth.jwt_secret, or signalbox.jwks_url with ES256',
    )
  }
  if (algorithm === 'HS256' && signingKeys !== null) {
    throw new ConfigError(
      'signalbox.algorithm is HS256, but auth.signing_keys_path names other keys: leave one of them out',
    )
  }
  if (algorithm === 'RS256' && jwksUrl === undefined && signingKeys === null) {
    throw new ConfigError('signalbox.algorithm is RS256, which needs signalbox.jwks_url')
  }
  if (algorithm === 'HS256' && jwksUrl !== undefined) {
    throw new ConfigError(
      'signalbox.jwks_url lists public keys; HS256 has none: use ES256 or RS256',
    )
  }
  return {
    algorithm,
    jwks: jwksUrl === undefined ? null : toHttpUrl(jwksUrl, 'signalbox.jwks_url'),
  }
}

function readAuth(auth: ConfigFile['auth'], signing: Signing): AuthConfig {
  return {
    ...signing,
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
