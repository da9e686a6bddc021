import { z } from 'zod'
import { failed, succeeded } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import { Secret } from '../lib/secret.ts'
import type { Clock } from '../ports.ts'
import { readClaims, tokenMaxLength } from './claims.ts'
import type { Claims } from './claims.ts'

/** Visible ASCII alone: nothing that a header would choke on (F49). */
const wireToken = z
  .string()
  .min(1)
  .max(tokenMaxLength)
  .regex(/^[\x21-\x7e]+$/)

/** What `POST /token` answers with; the user object is not kept (electron.md §2.4). */
export const tokenAnswerSchema = z.object({
  access_token: wireToken,
  refresh_token: wireToken,
  /** Seconds. */
  expires_in: z.number().positive().optional(),
  /** Seconds since the epoch, by the server's clock. */
  expires_at: z.number().positive().optional(),
  token_type: z.string().max(32).default('bearer'),
})
export type TokenAnswer = z.infer<typeof tokenAnswerSchema>

/** A pair of tokens in hand, and how long the access token lives by a clock that never jumps. */
export interface TokenSet {
  readonly access: Secret
  readonly refresh: Secret
  readonly claims: Claims
  readonly tokenType: string
  /** Whole life of the access token, as given by the server. */
  readonly lifetimeMs: number
  /** When the access token dies, by the monotonic clock. */
  readonly diesAtMs: number
  /** The same moment by the wall clock as it stood when the tokens came: for suspend (see `isDue`). */
  readonly diesAtWallMs: number
}

interface Moment {
  /** Monotonic; when the request left, or now for what the keychain held. */
  readonly atMs: number
  readonly clock: Clock
  readonly tenantClaim: string
}

/** Tokens fresh from the server: they live `expires_in`, counted from when they were asked for. */
export function tokensOfAnswer(
  answer: TokenAnswer,
  moment: Moment & { readonly serverNowMs: number | null },
): Outcome<TokenSet> {
  return build(answer, moment, ({ expiresAtS, issuedAtS }) => {
    if (answer.expires_in !== undefined) return answer.expires_in * 1_000
    const fromS = issuedAtS ?? (moment.serverNowMs ?? moment.clock.now()) / 1_000
    return (expiresAtS - fromS) * 1_000
  })
}

/**
 * Tokens from the keychain. Only the wall clock can tell how much of their life is left; if it says
 * more than a whole life, it is wrong, and they count as dead: refreshing is right either way (F38).
 */
export function tokensOfEntry(answer: TokenAnswer, moment: Moment): Outcome<TokenSet> {
  const built = tokensOfAnswer(answer, { ...moment, serverNowMs: null })
  if (!built.ok) return built
  const tokens = built.value
  const expiresAtMs = (answer.expires_at ?? tokens.claims.expiresAtS) * 1_000
  const leftMs = expiresAtMs - moment.clock.now()
  const plausible = leftMs <= tokens.lifetimeMs + clockSlackMs
  const left = plausible ? Math.min(leftMs, tokens.lifetimeMs) : 0
  return succeeded({
    ...tokens,
    diesAtMs: moment.atMs + left,
    diesAtWallMs: moment.clock.now() + left,
  })
}

const clockSlackMs = 60_000
const refreshAheadMs = 90_000
/** A server that gives out dead tokens would otherwise be asked in a tight loop. */
const shortestLifetimeMs = 2_000

function build(
  answer: TokenAnswer,
  { atMs, clock, tenantClaim }: Moment,
  lifetimeOf: (claims: Claims) => number,
): Outcome<TokenSet> {
  const access = new Secret(answer.access_token)
  const claims = readClaims(access, tenantClaim)
  if (!claims.ok) return claims
  const lifetimeMs = Math.max(shortestLifetimeMs, lifetimeOf(claims.value))
  if (!Number.isFinite(lifetimeMs)) return failed('token_malformed', 'the lifetime is no number')
  return succeeded({
    access,
    refresh: new Secret(answer.refresh_token),
    claims: claims.value,
    tokenType: answer.token_type,
    lifetimeMs,
    diesAtMs: atMs + lifetimeMs,
    diesAtWallMs: clock.now() - (clock.monotonic() - atMs) + lifetimeMs,
  })
}

/** Milliseconds until a refresh is due: 90 s before the end, or half-way for a short life. */
export function dueInMs(tokens: TokenSet, clock: Clock): number {
  const aheadMs = Math.min(refreshAheadMs, tokens.lifetimeMs / 2)
  // The monotonic clock stands still while the computer sleeps; the wall clock does not. Whichever
  // says "soon" may ask for a refresh: an early one does no harm. Only the monotonic clock may say
  // "dead", so a wall clock that jumps ahead ends nothing (F37).
  const left = Math.min(tokens.diesAtMs - clock.monotonic(), tokens.diesAtWallMs - clock.now())
  return Math.max(0, left - aheadMs)
}

/** Milliseconds the access token still lives; 0 once it is dead. */
export function livesForMs(tokens: TokenSet, clock: Clock): number {
  return Math.max(0, tokens.diesAtMs - clock.monotonic())
}
