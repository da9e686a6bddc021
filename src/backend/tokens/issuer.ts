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
import { createKeyring, publicPart, type Keyring } from './keyring.ts'
import type { VerifierKeys } from './verifier.ts'

/** What signs session tokens. An ES256 key is a private JWK with its `kid`. */
export type SigningKeys =
  | { readonly algorithm: 'HS256'; readonly secret: string }
  | { readonly algorithm: 'ES256'; readonly privateKey: JWK }
  /** Private keys with `kid` and `alg`: one signs, all verify. */
  | { readonly algorithm: 'listed'; readonly privateKeys: readonly JWK[] }

export interface Issuer {
  /** Signs claims that already hold `iat` and `exp`. */
  sign: (claims: JWTPayload) => Promise<string>
  /** What the world may know; symmetric keys are never listed. */
  readonly jwks: JSONWebKeySet
  readonly verifierKeys: VerifierKeys
  /** All keys of a configured list; null where there is but one. */
  readonly keyring: Keyring | null
}

export async function createIssuer(keys: SigningKeys): Promise<Issuer> {
  if (keys.algorithm === 'listed') return createListed(keys.privateKeys)
  const header = { typ: 'JWT', alg: keys.algorithm }
  if (keys.algorithm === 'HS256') {
    const secret = new TextEncoder().encode(keys.secret)
    return {
      sign: (claims) => new SignJWT(claims).setProtectedHeader(header).sign(secret),
      jwks: { keys: [] },
      verifierKeys: keys,
      keyring: null,
    }
  }
  const { privateKey } = keys
  const { kid } = privateKey
  if (kid === undefined) throw new Error('the signing key has no "kid"')
  const key = await importJWK(privateKey, 'ES256')
  const jwks = { keys: [publicPart({ ...privateKey, alg: 'ES256' })] }
  return {
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ ...header, kid }).sign(key),
    jwks,
    verifierKeys: { algorithm: 'ES256', jwks },
    keyring: null,
  }
}

/** The first that may sign does. */
async function createListed(keys: readonly JWK[]): Promise<Issuer> {
  const signs = ({ key_ops: uses }: JWK): boolean => uses?.includes('sign') ?? true
  const signing = keys.find(signs) ?? keys[0]
  if (signing?.alg === undefined) throw new Error('there is no key to sign with')
  const { alg, kid } = signing
  // Files say what the pair may do; a private key alone only signs.
  const key = await importJWK({ ...signing, key_ops: ['sign'] }, alg)
  const header = { typ: 'JWT', alg, ...(kid === undefined ? {} : { kid }) }
  const keyring = createKeyring(keys)
  return {
    sign: (claims) => new SignJWT(claims).setProtectedHeader(header).sign(key),
    jwks: { keys: [...keyring.listed] },
    verifierKeys: { algorithm: 'listed', keyring },
    keyring,
  }
}

/** A new private ES256 key, as it is kept in the data folder. */
export async function generateSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: 'ES256' }
}
