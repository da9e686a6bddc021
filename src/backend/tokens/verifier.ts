import type { JSONWebKeySet } from 'jose'
import type { TokenRefusal } from '../../shared/failure.ts'
import type { Claims } from './claims.ts'

/** How signatures are checked: one algorithm, chosen here and never by the token. */
export type VerifierKeys =
  | { readonly algorithm: 'HS256'; readonly secret: string }
  | { readonly algorithm: 'ES256' | 'RS256'; readonly jwks: URL | JSONWebKeySet }

export interface VerifierConfig {
  readonly keys: VerifierKeys
  /** Dotted path to the tenant's id; `app_metadata.tenants[]` is always read as well. */
  readonly tenantClaim: string
  /** How far clocks may differ, for `exp`, `nbf` and `iat`. */
  readonly leewaySeconds: number
  /** False once the token's session was ended. */
  readonly sessionAlive: (sessionId: string) => Promise<boolean>
  /** Wall clock, milliseconds since the epoch. */
  readonly now?: () => number
}

export type Verdict =
  | { readonly ok: true; readonly claims: Claims }
  | { readonly ok: false; readonly refusal: TokenRefusal; readonly message: string }

/** Says whether a text is a session access token of this project, and if not, why not. */
export interface Verifier {
  verify: (token: string | null | undefined) => Promise<Verdict>
}
