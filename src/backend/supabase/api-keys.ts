import { createHash, timingSafeEqual } from 'node:crypto'
import { SignJWT } from 'jose'

export type ApiRole = 'anon' | 'service_role'

/** The project's keys: who asks, not which user. They are no session tokens. */
export interface ApiKeys {
  readonly publishable: string
  /** The legacy form of the publishable key: a JWT. */
  readonly anonJwt: string
  /** Null for a text that is none of the project's keys. */
  roleOf: (key: string) => ApiRole | null
}

export interface ApiKeySource {
  readonly publishableKey: string
  readonly secretKey: string
  /** Signs the legacy keys. */
  readonly jwtSecret: string
  readonly createdAt: string
}

const lifetimeSeconds = 10 * 365 * 24 * 3_600

export async function createApiKeys(source: ApiKeySource): Promise<ApiKeys> {
  const [anonJwt, serviceJwt] = await Promise.all([
    signLegacy('anon', source),
    signLegacy('service_role', source),
  ])
  const roles: readonly (readonly [Buffer, ApiRole])[] = [
    [digest(source.publishableKey), 'anon'],
    [digest(anonJwt), 'anon'],
    [digest(source.secretKey), 'service_role'],
    [digest(serviceJwt), 'service_role'],
  ]
  return {
    publishable: source.publishableKey,
    anonJwt,
    roleOf: (key) => {
      const asked = digest(key)
      return roles.find(([known]) => timingSafeEqual(known, asked))?.[1] ?? null
    },
  }
}

/** The same text for the same data folder, so that a profile made yesterday still works. */
function signLegacy(role: ApiRole, source: ApiKeySource): Promise<string> {
  const issuedAt = Math.floor(Date.parse(source.createdAt) / 1_000)
  return new SignJWT({ iss: 'supabase', ref: 'signalbox', role })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(new TextEncoder().encode(source.jwtSecret))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
