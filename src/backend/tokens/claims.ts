/** A tenant as the token names it; the only place from which a tenant is ever taken. */
export interface TokenTenant {
  readonly id: string
  readonly name: string | null
  readonly role: string | null
}

/** What a verified session token says (gateway-protocol §1). */
export interface Claims {
  readonly userId: string
  readonly email: string
  readonly role: 'authenticated'
  readonly sessionId: string
  /** Never empty. */
  readonly tenants: readonly TokenTenant[]
  /** The token's `exp`: wall clock, milliseconds since the epoch. */
  readonly expiresAtMs: number
  /** Every claim as it came, for `auth.jwt()` in row level security. */
  readonly raw: Readonly<Record<string, unknown>>
}
