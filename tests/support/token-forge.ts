import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt, type JWK } from 'jose'
import { createApiKeys } from '../../src/backend/supabase/api-keys.ts'
import { createIssuer, generateSigningKey } from '../../src/backend/tokens/issuer.ts'

/** Credentials that a backend has to refuse, each for another reason. */
export interface Forgeries {
  /** Signed by the backend's own key, but two hours old. */
  readonly expired: string
  /** What a secret API key looks like: no JWT at all. */
  readonly malformed: string
  /** Everything right but the key. */
  readonly wrongSecret: string
  /** The project's own anon key. */
  readonly anonKey: string
}

interface Secrets {
  readonly createdAt: string
  readonly jwtSecret: string
  readonly signingKey: JWK
  readonly publishableKey: string
  readonly secretKey: string
}

/** Made out of a good token, with what the data folder of the backend holds. */
export async function forgeTokens(dataDir: string, good: string): Promise<Forgeries> {
  const secrets = JSON.parse(readFileSync(join(dataDir, 'secrets.json'), 'utf8')) as Secrets
  const claims = decodeJwt(good)
  const own = await createIssuer({ algorithm: 'ES256', privateKey: secrets.signingKey })
  const otherKey = { ...(await generateSigningKey()), kid: secrets.signingKey.kid! }
  const other = await createIssuer({ algorithm: 'ES256', privateKey: otherKey })
  const hoursAgo = (hours: number): number => Math.floor(Date.now() / 1_000) - hours * 3_600
  return {
    expired: await own.sign({ ...claims, iat: hoursAgo(3), exp: hoursAgo(2) }),
    malformed: 'sb_secret_Zm9yIHRoZSB0ZXN0cyBvbmx5',
    wrongSecret: await other.sign(claims),
    anonKey: (await createApiKeys(secrets)).anonJwt,
  }
}
