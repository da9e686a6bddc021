import type { Caller } from '../database/database.ts'
import type { Claims } from '../tokens/claims.ts'

/** The tenants as verified, wherever in the token they stood: row level security reads them here. */
export const asCaller = ({ userId, tenants }: Claims): Caller => ({
  role: 'authenticated',
  claims: { sub: userId, role: 'authenticated', app_metadata: { tenants } },
})

export const idsOf = ({ tenants }: Claims): string[] => tenants.map((tenant) => tenant.id)
