import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyOptions,
} from 'jose'
import type { Keyring } from './keyring.ts'

/** What a project verifies with: its public keys, and the secret that signs HS256. */
export interface CheckingKeys {
  readonly jwks: JSONWebKeySet
  readonly secret: string
  /** Of the project's own list of keys, where there is one; it may hold symmetric ones. */
  readonly keyring?: Keyring | null
}

export type TokenFault =
  'segments' | 'undecodable' | 'expired' | 'not_yet_valid' | 'claim' | 'signature' | 'key_unknown'

export type Checked =
  | { readonly ok: true; readonly payload: JWTPayload }
  | {
      readonly ok: false
      readonly why: TokenFault
      /** How many dots and one; a JWT has 3. */
      readonly segments: number
      /** Only of `expired`: the claim, seconds since the epoch. */
      readonly exp: number | null
    }

/**
 * Checks any token of this project, also its legacy keys: signature and times, not what it says.
 * The algorithm decides which key may fit: HS256 the secret, everything else the listed keys.
 */
export interface TokenCheck {
  check: (token: string, options?: { readonly leewaySeconds?: number }) => Promise<Checked>
}

const symmetric = ['HS256']
const asymmetric = ['ES256', 'RS256', 'EdDSA']

export function createTokenCheck({ jwks, secret, keyring = null }: CheckingKeys): TokenCheck {
  const find = createLocalJWKSet(jwks)
  const key = new TextEncoder().encode(secret)
  const verify = async (token: string, options: JWTVerifyOptions): Promise<JWTPayload> => {
    const listed = keyring !== null && knows(keyring, token) ? keyring : null
    if (listed !== null) {
      const algorithms = [...listed.algorithms]
      return (await jwtVerify(token, listed.find, { ...options, algorithms })).payload
    }
    try {
      return (await jwtVerify(token, key, { ...options, algorithms: symmetric })).payload
    } catch (error) {
      if (!(error instanceof errors.JOSEAlgNotAllowed)) throw error
      return (await jwtVerify(token, find, { ...options, algorithms: asymmetric })).payload
    }
  }
  return {
    check: async (token, { leewaySeconds = 0 } = {}) => {
      const segments = token.split('.').length
      if (segments !== 3) return { ok: false, why: 'segments', segments, exp: null }
      try {
        const payload = await verify(token, { clockTolerance: leewaySeconds })
        return { ok: true, payload }
      } catch (error) {
        const exp = error instanceof errors.JWTExpired ? (error.payload.exp ?? null) : null
        return { ok: false, why: faultOf(error), segments, exp }
      }
    },
  }
}

/** Legacy keys name no key; they are the secret's. */
function knows(keyring: Keyring, token: string): boolean {
  const { alg = '', kid } = decodeProtectedHeader(token)
  return kid !== undefined && keyring.algorithms.includes(alg)
}

function faultOf(error: unknown): TokenFault {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf' && error.reason === 'check_failed' ? 'not_yet_valid' : 'claim'
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSEAlgNotAllowed) {
    return 'key_unknown'
  }
  return 'undecodable'
}
