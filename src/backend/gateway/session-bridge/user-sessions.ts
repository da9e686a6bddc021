import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Database, Queryable } from '../../database/database.ts'
import type { Claims } from '../../tokens/claims.ts'
import type { Sessions } from '../../tokens/sessions.ts'
import { digestOf, isToken, newToken } from './bridge-token.ts'
import { refused, type BridgeRefused, type BridgeSettings, type Grant } from './grant.ts'

export interface UserSessionsOptions {
  readonly database: Database
  /** Of the project beside this gateway; another project's cannot be asked for. */
  readonly sessions: Sessions
  readonly settings: BridgeSettings
}

/** From where a session is bridged. */
export interface Origin {
  readonly userAgent: string | null
  readonly address: string | null
}

/** A bridged session that is good, as its cookie or its Supabase session names it. */
export interface UserSession {
  readonly ok: true
  readonly id: string
  /** `expiresAtMs` is the cookie's. */
  readonly claims: Claims
}

interface Row {
  readonly id: string
  readonly userId: string
  readonly supabaseSessionId: string
  readonly known: boolean
  readonly revoked: boolean
  readonly expiresAtMs: number
  readonly claims: unknown
  readonly stale: boolean
}

const columns = `id, user_id as "userId", supabase_session_id as "supabaseSessionId",
  supabase_session_known as known, revoked_at is not null as revoked, claims,
  (extract(epoch from expires_at) * 1000)::float8 as "expiresAtMs",
  last_seen_at < clock_timestamp() - interval '1 min' as stale`

const keptClaims = z.object({
  email: z.string(),
  tenants: z.array(
    z.object({ id: z.string(), name: z.string().nullable(), role: z.string().nullable() }),
  ),
})

/** Live sessions of one user; the oldest make room. */
const mostSessions = 50
/** Ended sessions stay so long for those who look at their own. */
const keptDays = 30

/** The sessions that cookies stand for. Each ends with the Supabase session it was bridged from. */
export class UserSessions {
  readonly #options: UserSessionsOptions

  constructor(options: UserSessionsOptions) {
    this.#options = options
  }

  /** For a caller whose token was just verified. */
  async open(claims: Claims, origin: Origin): Promise<Grant> {
    const { database, sessions, settings } = this.#options
    const known = await sessions.alive(claims.sessionId)
    const nowMs = Date.now()
    const refreshEndMs = nowMs + settings.refreshLifetimeSeconds * 1_000
    const endsAtMs = known ? nowMs + settings.longestSeconds * 1_000 : claims.expiresAtMs
    const grant: Grant = {
      ok: true,
      sessionId: randomUUID(),
      userId: claims.userId,
      session: newToken(),
      expiresAtMs: Math.min(endsAtMs, nowMs + settings.lifetimeSeconds * 1_000),
      refresh: newToken(),
      refreshExpiresAtMs: Math.min(endsAtMs, refreshEndMs),
    }
    await database.tx(async (inside) => {
      await insertSession(inside, grant, { claims, origin, known, endsAtMs })
      await makeRoom(inside, claims.userId)
    })
    return grant
  }

  /** The session of a cookie, or why there is none. */
  async find(token: string | null): Promise<UserSession | BridgeRefused> {
    if (token === null || token === '') return refused('token_missing', 'no cookie was sent')
    if (!isToken(token)) return refused('token_malformed', 'the cookie is not one of this server')
    const [row] = await this.#options.database.query<Row>(
      `select ${columns} from public.user_sessions where token_hash = $1`,
      [digestOf(token)],
    )
    return row === undefined
      ? refused('token_signature', 'no session here has this cookie')
      : this.#judge(row)
  }

  /** The same session some time later, or why it is over. */
  async again(id: string): Promise<UserSession | BridgeRefused> {
    const [row] = await this.#options.database.query<Row>(
      `select ${columns} from public.user_sessions where id = $1`,
      [id],
    )
    return row === undefined ? refused('session_revoked', 'the session is gone') : this.#judge(row)
  }

  /** Null where no session that stands has ever had this refresh token. */
  async idByRefreshToken(token: string | null): Promise<string | null> {
    if (token === null || !isToken(token)) return null
    const [row] = await this.#options.database.query<{ id: string }>(
      `select s.id from public.refresh_tokens r join public.user_sessions s on s.id = r.session_id
       where r.token_hash = $1 and s.revoked_at is null`,
      [digestOf(token)],
    )
    return row?.id ?? null
  }

  /** The newest good session that was bridged from a Supabase session. */
  async bridgedFrom(claims: Claims): Promise<UserSession | null> {
    const [row] = await this.#options.database.query<Row>(
      `select ${columns} from public.user_sessions
       where supabase_session_id = $1 and user_id = $2 and revoked_at is null
         and ends_at > clock_timestamp()
       order by created_at desc limit 1`,
      [claims.sessionId, claims.userId],
    )
    if (row === undefined) return null
    // The token vouches for itself: that the cookie has run out meanwhile does not matter.
    return { ok: true, id: row.id, claims }
  }

  async revoke(id: string, because: string): Promise<void> {
    await this.#options.database.query(
      `update public.user_sessions set revoked_at = clock_timestamp(), revoked_because = $2
       where id = $1 and revoked_at is null`,
      [id, because],
    )
  }

  /** All that were bridged from one Supabase session; their ids. */
  async revokeBridgedFrom(supabaseSessionId: string, because: string): Promise<readonly string[]> {
    const rows = await this.#options.database.query<{ id: string }>(
      `update public.user_sessions set revoked_at = clock_timestamp(), revoked_because = $2
       where supabase_session_id = $1 and revoked_at is null returning id`,
      [supabaseSessionId, because],
    )
    return rows.map(({ id }) => id)
  }

  async #judge(row: Row): Promise<UserSession | BridgeRefused> {
    if (row.revoked) return refused('session_revoked', 'the session was ended')
    if (row.known && !(await this.#options.sessions.alive(row.supabaseSessionId))) {
      await this.revoke(row.id, 'supabase_session_ended')
      return refused('session_revoked', 'the Supabase session was ended')
    }
    if (row.expiresAtMs <= Date.now()) return refused('token_expired', 'the session has expired')
    const kept = keptClaims.safeParse(row.claims)
    if (!kept.success) return refused('token_malformed', 'the session was made by another server')
    if (row.stale) await this.#touch(row.id)
    const { email, tenants } = kept.data
    const { userId, supabaseSessionId: sessionId, expiresAtMs } = row
    const claims = { userId, email, role: 'authenticated', sessionId, tenants } as const
    return { ok: true, id: row.id, claims: { ...claims, expiresAtMs, raw: {} } }
  }

  /** At most once a minute, however often a session is used. */
  async #touch(id: string): Promise<void> {
    await this.#options.database.query(
      'update public.user_sessions set last_seen_at = clock_timestamp() where id = $1',
      [id],
    )
  }
}

interface Opening {
  readonly claims: Claims
  readonly origin: Origin
  readonly known: boolean
  readonly endsAtMs: number
}

async function insertSession(inside: Queryable, grant: Grant, opening: Opening): Promise<void> {
  const { claims, origin, known, endsAtMs } = opening
  await inside.query(
    `insert into public.user_sessions (id, user_id, user_agent, ip_address, supabase_session_id,
       supabase_session_known, token_hash, expires_at, ends_at, claims)
     values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8), to_timestamp($9), $10)`,
    [
      grant.sessionId,
      claims.userId,
      origin.userAgent?.slice(0, 500) ?? null,
      origin.address,
      claims.sessionId,
      known,
      digestOf(grant.session),
      grant.expiresAtMs / 1_000,
      endsAtMs / 1_000,
      JSON.stringify({ email: claims.email, tenants: claims.tenants }),
    ],
  )
  await insertRefreshToken(inside, grant, null)
}

export async function insertRefreshToken(
  inside: Queryable,
  grant: Grant,
  parentId: string | null,
): Promise<void> {
  await inside.query(
    `insert into public.refresh_tokens (id, session_id, user_id, token_hash, expires_at, parent_id)
     values ($1, $2, $3, $4, to_timestamp($5), $6)`,
    [
      randomUUID(),
      grant.sessionId,
      grant.userId,
      digestOf(grant.refresh),
      grant.refreshExpiresAtMs / 1_000,
      parentId,
    ],
  )
}

async function makeRoom(inside: Queryable, userId: string): Promise<void> {
  await inside.query(
    `update public.user_sessions set revoked_at = clock_timestamp(), revoked_because = 'too_many'
     where id = any (array(
       select id from public.user_sessions where user_id = $1 and revoked_at is null
       order by created_at desc offset ${mostSessions}
     ))`,
    [userId],
  )
  await inside.query(
    `delete from public.user_sessions where id = any (array(
       select id from public.user_sessions
       where user_id = $1
         and coalesce(revoked_at, ends_at) < clock_timestamp() - interval '${keptDays} days'
       order by created_at limit 100
     ))`,
    [userId],
  )
}
