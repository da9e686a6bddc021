import { randomUUID } from 'node:crypto'
import {
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
} from 'jose'
import type { VerifierKeys } from './verifier.ts'

/** What signs session tokens. An ES256 key is a private JWK with its `kid`. */
export type SigningKeys =
  | { readonly algorithm: 'HS256'; readonly secret: string }
  | { readonly algorithm: 'ES256'; readonly privateKey: JWK }

export interface Issuer {
  /** Signs claims that already hold `iat` and `exp`. */
  sign: (claims: JWTPayload) => Promise<string>
  /** What the world may know; symmetric keys are never listed. */
  readonly jwks: JSONWebKeySet
  readonly verifierKeys: VerifierKeys
}

export async function createIssuer(keys: SigningKeys): Promise<Issuer> {
  const header = { typ: 'JWT', alg: keys.algorithm }
  if (keys.algorithm === 'HS256') {
    const secret = new TextEncoder().encode(keys.secret)
    return {
      sign: (claims) => new SignJWT(claims).setProtectedHeader(header).sign(secret),
      jwks: { keys: [] },
      verifierKeys: keys,
    }
  }
  const { privateKey } = keys
  const { kid, kty, crv, x, y } = privateKey
  if (kid === undefined) throw new Error('the signing key has no "kid"')
  const key = await importJWK(privateKey, 'ES256')
  const publicKey = { kid, kty, crv, x, y, alg: 'ES256', use: 'sig', key_ops: ['verify'] }
  const jwks = { keys: [publicKey as JWK] }
  return {
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ ...header, kid }).sign(key),
    jwks,
    verifierKeys: { algorithm: 'ES256', jwks },
  }
}

/** A new private ES256 key, as it is kept in the data folder. */
export async function generateSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: 'ES256' }
}
