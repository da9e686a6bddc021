import type { Queryable } from '../database/database.ts'
import { refusals, refused, type AuthHeaders, type AuthOutcome } from './auth-outcome.ts'

export interface RotationRules {
  readonly rotates: boolean
  readonly reuseIntervalSeconds: number
  readonly draw: () => string
}

export interface Rotation {
  readonly userId: string
  readonly sessionId: string
  /** The refresh token to hand out. */
  readonly token: string
  /** Whether the token that was brought had been used before, and why that is no theft. */
  readonly headers: AuthHeaders
}

interface TokenRow {
  readonly id: string
  readonly token: string
  readonly user_id: string
  readonly session_id: string
  readonly revoked: boolean
  readonly fresh: boolean
  readonly expired: boolean
  readonly banned: boolean
}

const reuse = 'sb-auth-refresh-token-reuse'

/**
 * One refresh, after GoTrue's rules for its first kind of token (supabase.md §1). The caller
 * commits the transaction also when this refuses: a detected reuse has revoked the family.
 */
export async function rotate(
  inside: Queryable,
  token: string,
  rules: RotationRules,
): Promise<AuthOutcome<Rotation>> {
  const row = await lock(inside, token, rules.reuseIntervalSeconds)
  if (row === null) return refused(refusals.refreshTokenUnknown)
  const ids = { userId: row.user_id, sessionId: row.session_id }
  const headers = { 'sb-auth-user-id': ids.userId, 'sb-auth-session-id': ids.sessionId }
  if (row.banned) return refused(refusals.bannedRefresh, headers)
  if (row.expired) return refused(refusals.sessionExpired, headers)
  if (row.revoked) {
    const active = await activeToken(inside, row.session_id)
    // The client never received, or never stored, what it was answered: it gets the same again.
    if (active?.parent === row.token) {
      const lost = { [`${reuse}-cause`]: 'fail-to-save' }
      return { ok: true, value: { ...ids, token: active.token, headers: lost } }
    }
    if (!row.fresh) {
      if (rules.rotates) await endSession(inside, row.session_id)
      return refused(refusals.refreshTokenUsed, headers)
    }
  }
  const seen = row.revoked ? { [`${reuse}-cause`]: 'concurrent-refresh' } : { [reuse]: 'false' }
  const value = { ...ids, token: await swap(inside, row, rules.draw()), headers: seen }
  return { ok: true, value }
}

/** Locks the session first: refreshes of one session come one after the other. */
async function lock(
  inside: Queryable,
  token: string,
  reuseIntervalSeconds: number,
): Promise<TokenRow | null> {
  await inside.query(
    `select 1 from auth.sessions
     where id = (select session_id from auth.refresh_tokens where token = $1) for update`,
    [token],
  )
  const [row] = await inside.query<TokenRow>(
    `select t.id::text, t.token, t.user_id, t.session_id, t.revoked,
       t.updated_at + make_interval(secs => $2) >= clock_timestamp() as fresh,
       coalesce(s.not_after <= clock_timestamp(), false) as expired,
       coalesce(u.banned_until > clock_timestamp(), false) as banned
     from auth.refresh_tokens t
     join auth.sessions s on s.id = t.session_id
     join auth.users u on u.id = s.user_id
     where t.token = $1`,
    [token, reuseIntervalSeconds],
  )
  return row ?? null
}

async function activeToken(
  inside: Queryable,
  sessionId: string,
): Promise<{ token: string; parent: string | null } | null> {
  const [row] = await inside.query<{ token: string; parent: string | null }>(
    `select token, parent from auth.refresh_tokens
     where session_id = $1 and not revoked order by id desc limit 1`,
    [sessionId],
  )
  return row ?? null
}

/**
 * Ends the session with all of its tokens, as GoTrue does for its second kind of token. For its
 * first kind it leaves the row, and with it every open socket to whoever holds a stolen token.
 */
async function endSession(inside: Queryable, sessionId: string): Promise<void> {
  await inside.query('delete from auth.sessions where id = $1', [sessionId])
}

async function swap(inside: Queryable, old: TokenRow, token: string): Promise<string> {
  await inside.query(
    `update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp()
     where id = $1 and not revoked`,
    [old.id],
  )
  await inside.query(
    `insert into auth.refresh_tokens (token, user_id, session_id, parent) values ($1, $2, $3, $4)`,
    [token, old.user_id, old.session_id, old.token],
  )
  await inside.query(
    'update auth.sessions set refreshed_at = now(), updated_at = now() where id = $1',
    [old.session_id],
  )
  return token
}
