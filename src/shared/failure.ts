/**
 * Everything that can go wrong and is expected to, as data. The renderer owns the wording
 * (`satisfies Record<FailureCode, …>`); main and the backend own the codes.
 */
export const tokenRefusals = [
  'token_missing',
  'token_malformed',
  'token_expired',
  'token_signature',
  'token_wrong_kind',
  'token_not_yet_valid',
  'tenant_missing',
  'session_revoked',
  'forbidden',
] as const

/** Why a credential was refused: the one word in logs, close reasons and the window (gateway-protocol §1). */
export type TokenRefusal = (typeof tokenRefusals)[number]

export const failureCodes = [
  ...tokenRefusals,
  // signing in
  'credentials_wrong',
  'email_not_confirmed',
  'user_banned',
  'key_wrong',
  'session_ended',
  'session_used_elsewhere',
  'cancelled',
  // the way to the server
  'offline',
  'unreachable',
  'name_not_found',
  'timed_out',
  'tls_untrusted',
  'clock_wrong',
  'captive_portal',
  'rate_limited',
  'server_error',
  'protocol_error',
  'signed_in_elsewhere',
  'too_many_sockets',
  'not_served',
  'bridge_failed',
  'bridge_refused',
  // the table of jobs, and Realtime
  'permission_denied',
  'table_unknown',
  'realtime_not_enabled',
  'realtime_unavailable',
  'channel_duplicate',
  // this computer
  'keychain_locked',
  'keychain_unavailable',
  'keychain_write_failed',
  // the last known state, kept on disk: why it was not used, not written, or not removed
  'snapshot_damaged',
  'snapshot_foreign',
  'snapshot_outdated',
  'snapshot_unwritten',
  'snapshot_cut',
  'snapshot_left',
  'profile_invalid',
  'profile_unknown',
  // the wall
  'channel_unknown',
  'argument_invalid',
  'sender_refused',
  'workspace_unknown',
  'job_unknown',
  'internal',
] as const

export type FailureCode = (typeof failureCodes)[number]

export interface Failure {
  readonly code: FailureCode
  /** For a developer's eye and the log; never shown as the only text, never holds a secret. */
  readonly message: string
  /** The field or variable at fault, where there is one. */
  readonly field?: string
  /** How long to wait before a retry makes sense, in milliseconds. */
  readonly retryAfterMs?: number
  /** Points to the redacted log entry, for `internal`. */
  readonly ref?: string
}

/** An expected result, good or bad, as a value. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure }

export const succeeded = <T>(value: T): Outcome<T> => ({ ok: true, value })

export const failed = (
  code: FailureCode,
  message: string,
  more: Omit<Failure, 'code' | 'message'> = {},
): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message, ...more },
})
