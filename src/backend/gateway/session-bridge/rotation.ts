import type { Database, Queryable } from '../../database/database.ts'
import type { Claims } from '../../tokens/claims.ts'
import type { Sessions } from '../../tokens/sessions.ts'
import { digestOf, isToken, newToken, successorOf } from './bridge-token.ts'
import { refused, type BridgeRefused, type BridgeSettings, type Grant } from './grant.ts'
import { insertRefreshToken } from './user-sessions.ts'

export interface RotationOptions {
  readonly database: Database
  readonly sessions: Sessions
  readonly settings: BridgeSettings
}

interface Presented {
  readonly id: string
  readonly sessionId: string
  readonly userId: string
  readonly supabaseSessionId: string
  readonly known: boolean
  readonly revoked: boolean
  readonly expired: boolean
  readonly endsAtMs: number
  readonly parentId: string | null
  readonly rotated: boolean
  /** Null where it was not rotated, or its successor has been used. */
  readonly salt: string | null
  /** Whether it was rotated just now. */
  readonly recent: boolean
}

/**
 * A new pair of cookies for a refresh token, which is good once. Used again, it was copied: then
 * the whole session ends, unless that was so soon that an answer may have been lost, and nobody has
 * used its successor. `renewed` is the caller's Supabase token, if one was sent along.
 */
export async function rotate(
  options: RotationOptions,
  token: string | null,
  renewed: Claims | null,
): Promise<Grant | (BridgeRefused & { readonly sessionId?: string })> {
  if (token === null || token === '') return refused('token_missing', 'no refresh cookie was sent')
  if (!isToken(token)) return refused('token_malformed', 'the cookie is not one of this server')
  const ended = await hasEnded(options, token)
  return options.database.tx(async (inside) => {
    const presented = await lock(inside, options.settings, token)
    if (presented === null) return refused('token_signature', 'no session here has this cookie')
    const { sessionId } = presented
    const fault = await judge(inside, presented, ended)
    if (fault !== null) return { ...fault, sessionId }
    if (renewed !== null && !(await renew(inside, presented, renewed))) {
      return { ...refused('forbidden', 'the token is of another Supabase session'), sessionId }
    }
    return follow(inside, options.settings, { ...presented, token, renewed })
  })
}

/** Asked before the transaction: inside, it would take a second connection. */
async function hasEnded({ database, sessions }: RotationOptions, token: string): Promise<boolean> {
  const [row] = await database.query<{ id: string; known: boolean }>(
    `select s.supabase_session_id as id, s.supabase_session_known as known
     from public.refresh_tokens r join public.user_sessions s on s.id = r.session_id
     where r.token_hash = $1`,
    [digestOf(token)],
  )
  return row !== undefined && row.known && !(await sessions.alive(row.id))
}

/** The session first, then the token: who comes second sees what the first one did. */
async function lock(
  inside: Queryable,
  { reuseSeconds }: BridgeSettings,
  token: string,
): Promise<Presented | null> {
  const digest = digestOf(token)
  await inside.query(
    `select from public.user_sessions where id = (
       select session_id from public.refresh_tokens where token_hash = $1
     ) for update`,
    [digest],
  )
  const [presented] = await inside.query<Presented>(
    `select r.id, r.session_id as "sessionId", r.user_id as "userId", r.parent_id as "parentId",
       s.supabase_session_id as "supabaseSessionId", s.supabase_session_known as known,
       s.revoked_at is not null as revoked,
       least(r.expires_at, s.ends_at) <= clock_timestamp() as expired,
       (extract(epoch from s.ends_at) * 1000)::float8 as "endsAtMs",
       r.rotated_at is not null as rotated, r.next_salt as salt,
       coalesce(r.rotated_at > clock_timestamp() - make_interval(secs => $2), false) as recent
     from public.refresh_tokens r join public.user_sessions s on s.id = r.session_id
     where r.token_hash = $1`,
    [digest, reuseSeconds],
  )
  return presented ?? null
}

async function judge(
  inside: Queryable,
  { sessionId, revoked, expired, rotated, salt, recent }: Presented,
  ended: boolean,
): Promise<BridgeRefused | null> {
  if (revoked) return refused('session_revoked', 'the session was ended')
  if (ended) {
    await end(inside, sessionId, 'supabase_session_ended')
    return refused('session_revoked', 'the Supabase session was ended')
  }
  if (expired) return refused('token_expired', 'the session has expired')
  if (rotated && (salt === null || !recent)) {
    await end(inside, sessionId, 'refresh_token_reused')
    return refused('session_revoked', 'the refresh token was used before: the session is ended')
  }
  return null
}

async function end(inside: Queryable, sessionId: string, because: string): Promise<void> {
  await inside.query(
    `update public.user_sessions set revoked_at = clock_timestamp(), revoked_because = $2
     where id = $1`,
    [sessionId, because],
  )
}

/** Takes over what a newer token of the same Supabase session says. */
async function renew(inside: Queryable, session: Presented, renewed: Claims): Promise<boolean> {
  const { userId, sessionId, email, tenants, expiresAtMs } = renewed
  if (userId !== session.userId || sessionId !== session.supabaseSessionId) return false
  await inside.query(
    `update public.user_sessions set claims = $2,
       ends_at = case when supabase_session_known then ends_at else to_timestamp($3) end
     where id = $1`,
    [session.sessionId, JSON.stringify({ email, tenants }), expiresAtMs / 1_000],
  )
  return true
}

interface Following extends Presented {
  readonly token: string
  readonly renewed: Claims | null
}

async function follow(
  inside: Queryable,
  settings: BridgeSettings,
  following: Following,
): Promise<Grant> {
  const { id, sessionId, userId, token, renewed, known, rotated, parentId } = following
  const endsAtMs = known ? following.endsAtMs : (renewed?.expiresAtMs ?? following.endsAtMs)
  const salt = following.salt ?? newToken()
  const nowMs = Date.now()
  const grant: Grant = {
    ok: true,
    sessionId,
    userId,
    session: successorOf(token, salt, 'session'),
    expiresAtMs: Math.min(endsAtMs, nowMs + settings.lifetimeSeconds * 1_000),
    refresh: successorOf(token, salt, 'refresh'),
    refreshExpiresAtMs: Math.min(endsAtMs, nowMs + settings.refreshLifetimeSeconds * 1_000),
  }
  await inside.query(
    `update public.user_sessions set token_hash = $2, expires_at = to_timestamp($3),
       last_seen_at = clock_timestamp() where id = $1`,
    [sessionId, digestOf(grant.session), grant.expiresAtMs / 1_000],
  )
  if (rotated) return grant
  await inside.query(
    `update public.refresh_tokens set rotated_at = clock_timestamp(), next_salt = $2 where id = $1`,
    [id, salt],
  )
  // This one was used, so its parent's holder has got the answer: from here on that one is spent.
  await inside.query('update public.refresh_tokens set next_salt = null where id = $1', [parentId])
  await insertRefreshToken(inside, grant, id)
  return grant
}
