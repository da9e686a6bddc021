import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose'
import type { TokenRefusal } from '../../shared/failure.ts'
import type { Claims } from './claims.ts'
import type { Keyring } from './keyring.ts'
import { readTenants } from './tenants.ts'

/** How signatures are checked: one algorithm, chosen here and never by the token. */
export type VerifierKeys =
  | { readonly algorithm: 'HS256'; readonly secret: string }
  | { readonly algorithm: 'ES256' | 'RS256'; readonly jwks: URL | JSONWebKeySet }
  /** Each key has its own algorithm, also chosen here. */
  | { readonly algorithm: 'listed'; readonly keyring: Keyring }

export interface VerifierConfig {
  readonly keys: VerifierKeys
  /** Dotted path to the tenant's id; `app_metadata.tenants[]` is always read as well. */
  readonly tenantClaim: string
  /** How far clocks may differ, for `exp`, `nbf` and `iat`. */
  readonly leewaySeconds: number
  /** False once the token's session was ended. */
  readonly sessionAlive: (sessionId: string) => Promise<boolean>
  /** Wall clock, milliseconds since the epoch. */
  readonly now?: () => number
}

export type Verdict =
  | { readonly ok: true; readonly claims: Claims }
  | { readonly ok: false; readonly refusal: TokenRefusal; readonly message: string }

/** Says whether a text is a session access token of this project, and if not, why not. */
export interface Verifier {
  /** Rejects only when it cannot tell: the JWKS or the database cannot be reached. */
  verify: (token: string | null | undefined) => Promise<Verdict>
}

type Refused = Extract<Verdict, { ok: false }>

const refuse = (refusal: TokenRefusal, message: string): Refused => ({
  ok: false,
  refusal,
  message,
})

/** The order is from what the text is, over who signed it, to what it says (gateway-protocol §1). */
export function createVerifier(config: VerifierConfig): Verifier {
  const check = signatureCheck(config)
  return {
    verify: async (token) => {
      if (token === null || token === undefined || token === '') {
        return refuse('token_missing', 'no token was sent')
      }
      const kind = refuseByKind(token)
      if (kind !== null) return kind
      const signed = await check(token)
      if ('ok' in signed) return signed
      return judge(signed.payload, config)
    },
  }
}

/** Keys are recognised before any signature is looked at: that they are signed makes them no session. */
function refuseByKind(token: string): Refused | null {
  if (token.startsWith('sb_publishable_')) {
    return refuse('token_wrong_kind', 'a publishable key stands where a session token belongs')
  }
  if (token.split('.').length !== 3) {
    return refuse('token_malformed', 'the token does not have three segments, as a JWT has')
  }
  try {
    decodeProtectedHeader(token)
    const { role } = decodeJwt(token)
    if (role === 'anon' || role === 'service_role') {
      return refuse('token_wrong_kind', `the token is the project's ${role} key, not a session`)
    }
    return null
  } catch {
    return refuse('token_malformed', 'the token cannot be decoded')
  }
}

function signatureCheck({ keys, leewaySeconds, now = Date.now }: VerifierConfig) {
  const verify = chooseKey(keys)
  return async (token: string): Promise<{ payload: JWTPayload } | Refused> => {
    try {
      return await verify(token, {
        algorithms: keys.algorithm === 'listed' ? [...keys.keyring.algorithms] : [keys.algorithm],
        clockTolerance: leewaySeconds,
        currentDate: new Date(now()),
        requiredClaims: ['exp'],
      })
    } catch (error) {
      const refused = explain(error)
      if (refused === null) throw error
      return refused
    }
  }
}

type Verify = (
  token: string,
  options: Parameters<typeof jwtVerify>[2],
) => Promise<{ payload: JWTPayload }>

function chooseKey(keys: VerifierKeys): Verify {
  if (keys.algorithm === 'HS256') {
    const secret = new TextEncoder().encode(keys.secret)
    return (token, options) => jwtVerify(token, secret, options)
  }
  if (keys.algorithm === 'listed') {
    const { find } = keys.keyring
    return (token, options) => jwtVerify(token, find, options)
  }
  const find =
    keys.jwks instanceof URL ? createRemoteJWKSet(keys.jwks) : createLocalJWKSet(keys.jwks)
  return (token, options) => jwtVerify(token, find, options)
}

/** Null for what is not the token's fault. */
function explain(error: unknown): Refused | null {
  if (error instanceof errors.JWTExpired) return refuse('token_expired', 'the token has expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf' && error.reason === 'check_failed'
      ? refuse('token_not_yet_valid', 'the token is not valid yet: compare the clocks')
      : refuse('token_malformed', `the token's claim "${error.claim}" is missing or wrong`)
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refuse('token_signature', 'the signature does not fit: wrong secret or wrong project')
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return refuse('token_signature', 'the token is signed in a way that this project does not use')
  }
  if (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  ) {
    return refuse('token_signature', 'no key of this project signed the token')
  }
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    // A header that demands what nobody here knows (`crit`).
    error instanceof errors.JOSENotSupported
  ) {
    return refuse('token_malformed', 'the token cannot be decoded')
  }
  return null
}

async function judge(payload: JWTPayload, config: VerifierConfig): Promise<Verdict> {
  const { sub, exp = 0, iat = 0, aud } = payload
  const nowSeconds = (config.now ?? Date.now)() / 1_000
  if (iat > nowSeconds + config.leewaySeconds) {
    return refuse('token_not_yet_valid', 'the token was issued in the future: compare the clocks')
  }
  const sessionId = payload.session_id
  if (aud !== 'authenticated' || payload.role !== 'authenticated') {
    return refuse('token_wrong_kind', 'the token is not that of a signed-in user')
  }
  if (sub === undefined || typeof sessionId !== 'string') {
    return refuse('token_wrong_kind', 'the token belongs to no session')
  }
  const tenants = readTenants(payload, config.tenantClaim)
  if (tenants.length === 0) {
    return refuse('tenant_missing', `the token names no tenant at "${config.tenantClaim}"`)
  }
  if (!(await config.sessionAlive(sessionId))) {
    return refuse('session_revoked', 'the session was ended')
  }
  const email = typeof payload.email === 'string' ? payload.email : ''
  const expiresAtMs = exp * 1_000
  const role = 'authenticated'
  return {
    ok: true,
    claims: { userId: sub, email, role, sessionId, tenants, expiresAtMs, raw: payload },
  }
}
