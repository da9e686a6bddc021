import type { Failure, Outcome } from '../../shared/failure.ts'
import type { Keeping, SessionView, Tenant } from '../../shared/workspace.ts'
import type { Off } from '../lib/emitter.ts'
import type { Secret } from '../lib/secret.ts'

/** Who the operator is, read from the session token and from nowhere else. */
export interface Operator {
  readonly userId: string
  readonly email: string
  /** Never empty: a token without a tenant is refused as `tenant_missing`. */
  readonly tenants: readonly Tenant[]
}

/** What sign-out did, in the session's own domain. */
export interface SessionEnding {
  readonly server:
    | { readonly kind: 'revoked' | 'already-ended' | 'not-asked' }
    | { readonly kind: 'not-reached'; readonly expiresAtMs: number | null }
  readonly keychainErased: number
  /** Entries that the keychain refused to delete: tombstoned and retried at the next start. */
  readonly keychainLeft: number
  readonly requestsEnded: number
  readonly notes: readonly Failure['code'][]
}

/**
 * One operator's Supabase session in one workspace. It knows no socket and no job.
 * It ends with its scope; once its scope is silent it writes nothing and emits nothing.
 */
export interface OperatorSession {
  readonly view: SessionView
  readonly operator: Operator | null
  readonly keeping: Keeping
  onChanged: (listener: () => void) => Off
  /** The session ended by itself: revoked, used elsewhere, refused. */
  onEnded: (listener: (reason: Failure['code']) => void) => Off

  /** Looks into the keychain. `value: false` means that nothing was kept there. */
  restore: () => Promise<Outcome<boolean>>
  signIn: (email: string, password: Secret) => Promise<Outcome<Operator>>
  /** Tries a locked keychain again. */
  unlock: () => Promise<Outcome<boolean>>

  /** After sleep, a network change or the operator's wish: asks again now, if anything waits. */
  wake: () => void

  current: () => Promise<Outcome<Secret>>
  renew: (refused: Secret) => Promise<Outcome<Secret>>
  onRenewed: (listener: () => void) => Off

  /**
   * Ends the session for good: seals the vault, erases the keychain entries, and revokes at the
   * server in a race of 700 ms. Never throws, never takes longer than 1 s; idempotent. The caller has
   * silenced the scope in the same turn or before. `askServer: false` is for a session that the
   * server has ended already. Closing the app is not this: then only the scope closes, and the
   * keychain keeps the session for the next start.
   */
  signOut: (how: {
    readonly everywhere: boolean
    readonly askServer: boolean
  }) => Promise<SessionEnding>
}
