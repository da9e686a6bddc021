// Reads session tokens. The console does not verify signatures (the servers do): claims are used
// for routing only, never as proof of access (faults.md §1). Nothing here keeps a token.
import { z } from 'zod'
import { failed, succeeded } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import type { Tenant } from '../../shared/workspace.ts'
import type { Secret } from '../lib/secret.ts'

/** No header or URL takes more (F49). In characters, all of them ASCII. */
export const tokenMaxLength = 16_384

const payloadSchema = z.looseObject({
  sub: z.string().min(1).max(256),
  /** Seconds since the epoch, by the server's clock. */
  exp: z.number().positive(),
  iat: z.number().optional(),
  role: z.string().max(64).optional(),
  email: z.string().max(320).optional(),
  phone: z.string().max(64).optional(),
})

export interface Claims {
  readonly userId: string
  readonly email: string
  readonly tenants: readonly [Tenant, ...Tenant[]]
  /** Seconds since the epoch, by the server's clock. */
  readonly expiresAtS: number
  readonly issuedAtS: number | null
}

/** Roles of API keys: a token with one of them is no session (I13). */
const keyRoles = new Set(['anon', 'service_role', 'supabase_admin'])

/**
 * What a session token says of its operator.
 * Refuses with `token_malformed`, `token_wrong_kind` or `tenant_missing`.
 */
export function readClaims(token: Secret, tenantClaim: string): Outcome<Claims> {
  const payload = decode(token.reveal())
  if (payload === null) return failed('token_malformed', 'not a JSON Web Token')
  const role = own(payload, 'role')
  if (typeof role === 'string' && keyRoles.has(role)) {
    return failed('token_wrong_kind', 'an API key stands where a session token belongs')
  }
  const parsed = payloadSchema.safeParse(payload)
  if (!parsed.success) return failed('token_malformed', 'the token lacks sub or exp')
  const [first, ...others] = readTenants(payload, tenantClaim)
  if (first === undefined) {
    return failed('tenant_missing', `the token names no tenant at ${tenantClaim}`)
  }
  const { sub, exp, iat, email, phone } = parsed.data
  return succeeded({
    userId: sub,
    email: email ?? (phone === undefined || phone === '' ? sub : phone),
    tenants: [first, ...others],
    expiresAtS: exp,
    issuedAtS: iat ?? null,
  })
}

function decode(token: string): Record<string, unknown> | null {
  // The alphabet also keeps CR, LF and spaces out of headers and URLs (F49).
  if (token.length > tokenMaxLength || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return null
  try {
    const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')
    const payload: unknown = JSON.parse(text)
    return isRecord(payload) ? payload : null
  } catch {
    return null
  }
}

function readTenants(payload: Record<string, unknown>, tenantClaim: string): Tenant[] {
  const metadata = own(payload, 'app_metadata')
  const listed = isRecord(metadata) ? own(metadata, 'tenants') : undefined
  const ownRole = isRecord(metadata) ? text(own(metadata, 'role')) : null
  const tenants = new Map<string, Tenant>()
  for (const entry of Array.isArray(listed) ? (listed as unknown[]) : []) {
    const id = tenantId(isRecord(entry) ? own(entry, 'id') : entry)
    if (id === null || tenants.has(id)) continue
    const named = isRecord(entry) ? entry : {}
    tenants.set(id, { id, name: text(own(named, 'name')), role: text(own(named, 'role')) })
  }
  const claimed = at(payload, tenantClaim)
  for (const entry of Array.isArray(claimed) ? (claimed as unknown[]) : [claimed]) {
    const id = tenantId(entry)
    if (id !== null && !tenants.has(id)) tenants.set(id, { id, name: null, role: ownRole })
  }
  return [...tenants.values()]
}

/** Follows a dotted path; a claim whose own name has dots (a URL) is found as it stands. */
function at(payload: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path]
  return path
    .split('.')
    .reduce<unknown>((value, key) => (isRecord(value) ? own(value, key) : undefined), payload)
}

/** Opaque: a string or an integer, compared as a string (gateway-protocol §2). */
function tenantId(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null
  return typeof value === 'string' && value !== '' && value.length <= 128 ? value : null
}

const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, 128) : null

const own = (record: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(record, key) ? record[key] : undefined

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
