import { decodeJwt } from 'jose'
import type { Verifier } from '../tokens/verifier.ts'
import { fail, pass, type Finding } from './finding.ts'

const next: Readonly<Record<string, string>> = {
  token_missing: 'put the access token of a signed-in user into the file',
  token_malformed: 'take the access_token of supabase.auth.getSession(), whole',
  token_expired: 'sign in again, or refresh, and try the new token',
  token_signature: 'use the secret or the keys of the very project that signed it',
  token_wrong_kind: 'take the access_token of supabase.auth.getSession(), not a key',
  token_not_yet_valid: "compare this machine's clock with the server's",
  tenant_missing:
    "write the tenant into the user's app_metadata, or set TENANT_CLAIM to where it is",
  session_revoked: 'sign in again',
}

/** Never shows the token, only what it says. */
export async function checkToken(text: string, verifier: Verifier): Promise<readonly Finding[]> {
  const token = text.trim().replace(/^Bearer\s+/i, '')
  const said = describe(token)
  try {
    const verdict = await verifier.verify(token)
    if (verdict.ok) {
      const tenants = verdict.claims.tenants.map(({ id }) => id).join(', ')
      return [pass('token', `is good; ${said}; tenants ${tenants}`)]
    }
    const { refusal, message } = verdict
    const step = next[refusal]
    const words = `${refusal}: ${message}${said === '' ? '' : ` (${said})`}`
    return [{ ...fail('token', ''), detail: words, next: step ?? '' }]
  } catch {
    return [
      fail('token', 'cannot be judged while keys or database cannot be reached: mend those first'),
    ]
  }
}

/** Whatever it says, believed or not. */
function describe(token: string): string {
  try {
    const { sub, role, exp } = decodeJwt(token)
    const until = typeof exp === 'number' ? new Date(exp * 1_000).toISOString() : 'never'
    return `sub ${show(sub)}, role ${show(role)}, expires ${until}`
  } catch {
    return ''
  }
}

const show = (claim: unknown): string =>
  typeof claim === 'string' ? claim.slice(0, 64).replaceAll(/[^\w.@:-]/g, '?') : 'none'
