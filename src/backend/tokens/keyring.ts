import { errors, importJWK, type CryptoKey, type JWK, type JWTHeaderParameters } from 'jose'

/** Several keys of one project, each pinned to its own algorithm; the token's `kid` chooses. */
export interface Keyring {
  readonly algorithms: readonly string[]
  /** What `jwtVerify` asks. @throws errors.JWKSNoMatchingKey */
  readonly find: (header: JWTHeaderParameters) => Promise<CryptoKey | Uint8Array>
  /** What the world may know; symmetric keys are never listed. */
  readonly listed: readonly JWK[]
}

export function createKeyring(keys: readonly JWK[]): Keyring {
  const byId = new Map(keys.map((key) => [key.kid, key]))
  return {
    algorithms: [...new Set(keys.map(({ alg = '' }) => alg))],
    find: (header) => {
      const key = byId.get(header.kid)
      if (key?.alg !== header.alg) throw new errors.JWKSNoMatchingKey()
      return importJWK(
        key.kty === 'oct' ? { ...key, key_ops: ['verify'] } : publicPart(key),
        header.alg,
      )
    },
    listed: keys.filter(({ kty }) => kty !== 'oct').map(publicPart),
  }
}

export function publicPart({ kid, kty, alg, crv, x, y, n, e }: JWK): JWK {
  const shape = kty === 'RSA' ? { n, e } : { crv, x, y }
  return { kid, kty, ...shape, alg, use: 'sig', key_ops: ['verify'] } as JWK
}
