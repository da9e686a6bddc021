import type { TokenRefusal } from '../../../shared/failure.ts'

/** How long bridged sessions last. */
export interface BridgeSettings {
  /** Of the session cookie; refreshing starts it anew. */
  readonly lifetimeSeconds: number
  /** Of a refresh token that is not used. */
  readonly refreshLifetimeSeconds: number
  /** Of the whole session, however often it is refreshed. */
  readonly longestSeconds: number
  /** A refresh token may come twice within this time: an answer was lost, or two windows asked. */
  readonly reuseSeconds: number
}

export const defaultBridge: BridgeSettings = {
  lifetimeSeconds: 3_600,
  refreshLifetimeSeconds: 7 * 86_400,
  longestSeconds: 30 * 86_400,
  reuseSeconds: 10,
}

/** What a browser is given; times are wall clock, milliseconds since the epoch. */
export interface Grant {
  readonly ok: true
  readonly sessionId: string
  readonly userId: string
  readonly session: string
  readonly expiresAtMs: number
  readonly refresh: string
  readonly refreshExpiresAtMs: number
}

export interface BridgeRefused {
  readonly ok: false
  readonly refusal: TokenRefusal
  readonly message: string
}

export const refused = (refusal: TokenRefusal, message: string): BridgeRefused => ({
  ok: false,
  refusal,
  message,
})
