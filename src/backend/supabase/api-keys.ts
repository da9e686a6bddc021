import { createHash, timingSafeEqual } from 'node:crypto'
import { SignJWT } from 'jose'

export type ApiRole = 'anon' | 'service_role'

/** The project's keys: who asks, not which user. They are no session tokens. */
export interface ApiKeys {
  readonly publishable: string
  /** The legacy form of the publishable key: a JWT. */
  readonly anonJwt: string
  /** For servers: passes by row level security. */
  readonly secret: string
  /** The legacy form of the secret key: a JWT. */
  readonly serviceJwt: string
  /** Null for a text that is none of the project's keys. */
  roleOf: (key: string) => ApiRole | null
  /**
   * The JWT under which a call is made: a user's own, or the one that stands for the API key.
   * Supabase's API gateway replaces a missing `Authorization`, and one that holds an `sb_` key
   * (supabase.md §1). Null when there is neither.
   */
  bearerFor: (call: ApiCall) => string | null
}

/** What a request or a socket brings to show who calls. */
export interface ApiCall {
  readonly authorization: string | undefined
  readonly apiKey: string | null
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
  const roleOf = (key: string): ApiRole | null => {
    const asked = digest(key)
    return roles.find(([known]) => timingSafeEqual(known, asked))?.[1] ?? null
  }
  const jwtOf = (key: string): string => {
    if (!key.startsWith('sb_')) return key
    return { anon: anonJwt, service_role: serviceJwt, none: key }[roleOf(key) ?? 'none']
  }
  return {
    publishable: source.publishableKey,
    anonJwt,
    secret: source.secretKey,
    serviceJwt,
    roleOf,
    bearerFor: ({ authorization, apiKey }) => {
      const bearer = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? null
      if (bearer !== null && !bearer.startsWith('sb_')) return bearer
      return apiKey === null ? bearer : jwtOf(apiKey)
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
