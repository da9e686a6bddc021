import type { TokenTenant } from './claims.ts'

/**
 * The tenants that verified claims name: every `{id, name, role}` of `app_metadata.tenants`, and
 * whatever stands at the configured path (one id, or a list of ids). Ids are opaque and compared as
 * strings; a backend may number them.
 */
export function readTenants(
  claims: Readonly<Record<string, unknown>>,
  tenantClaim: string,
): readonly TokenTenant[] {
  const found = new Map<string, TokenTenant>()
  for (const entry of asList(at(claims, 'app_metadata.tenants'))) {
    const id = asId(at(entry, 'id'))
    if (id === null || found.has(id)) continue
    found.set(id, { id, name: asText(at(entry, 'name')), role: asText(at(entry, 'role')) })
  }
  for (const entry of asList(at(claims, tenantClaim))) {
    const id = asId(entry)
    if (id !== null && !found.has(id)) found.set(id, { id, name: null, role: null })
  }
  return [...found.values()]
}

function at(value: unknown, path: string): unknown {
  let here = value
  for (const name of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined
    here = (here as Record<string, unknown>)[name]
  }
  return here
}

function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}

function asId(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value)
  return asText(value)
}

function asText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
