import { z } from 'zod'

const withinMs = 10_000
const mostBytes = 1024 * 1024
const schema = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), alg: z.string().optional() })),
})

/** The algorithms of the keys that a project lists, or a sentence that says why there are none. */
export type ListedKeys =
  | { readonly ok: true; readonly algorithms: readonly string[] }
  | { readonly ok: false; readonly why: string }

/** Asks for a JWKS once, as a check; verifying asks again by itself. */
export async function readListedKeys(url: URL): Promise<ListedKeys> {
  const place = `${url.origin}${url.pathname}`
  let text: string
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(withinMs), redirect: 'error' })
    text = await response.text()
    if (!response.ok) {
      return {
        ok: false,
        why: `the JWKS at ${place} answers ${response.status}: check the address`,
      }
    }
  } catch (error) {
    return {
      ok: false,
      why: `the JWKS at ${place} cannot be reached (${reason(error)}): check the address and the network`,
    }
  }
  const keys = parse(text)
  if (keys === null)
    return { ok: false, why: `what ${place} answers is no JWKS: check the address` }
  if (keys.length === 0) {
    return {
      ok: false,
      why: `the JWKS at ${place} lists no key: the project still signs with its JWT secret; set SUPABASE_JWT_SECRET`,
    }
  }
  return { ok: true, algorithms: [...new Set(keys.map(algorithmOf))] }
}

function parse(text: string): z.infer<typeof schema>['keys'] | null {
  if (text.length > mostBytes) return null
  try {
    return schema.parse(JSON.parse(text)).keys
  } catch {
    return null
  }
}

function algorithmOf({ alg, kty }: { alg?: string | undefined; kty: string }): string {
  return alg ?? { EC: 'ES256', RSA: 'RS256' }[kty] ?? kty
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}
