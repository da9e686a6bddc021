import { randomInt } from 'node:crypto'
import type { AuthConfig } from '../config.ts'
import type { Queryable } from '../database/database.ts'
import type { Issuer } from '../tokens/issuer.ts'
import type { AuthHeaders } from './auth-outcome.ts'
import { findUser, userBody, type UserRow } from './auth-users.ts'

/** What a token call answers, body and headers. */
export interface Grant {
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: AuthHeaders
}

/** Who asks, kept with the session. */
export interface Asker {
  readonly userAgent: string | null
  readonly ip: string
}

/** How somebody proved who they are, as the claim `amr` names it (supabase.md §1). */
export type AuthMethod =
  | 'password'
  | 'otp'
  | 'magiclink'
  | 'recovery'
  | 'invite'
  | 'email/signup'
  | 'email_change'
  | 'oauth'
  | 'anonymous'
  | 'totp'

/** A session, and the refresh token that goes out with it. */
export interface Handle {
  readonly sessionId: string
  readonly refreshToken: string
}

export interface GranterContext {
  readonly issuer: Issuer
  readonly config: AuthConfig
  /** `iss` of the tokens: the auth server's own address. */
  readonly issuerUrl: () => string
}

/** Makes sessions and the tokens that stand for them. Every way of signing in ends here. */
export class Granter {
  readonly #context: GranterContext

  constructor(context: GranterContext) {
    this.#context = context
  }

  /** A new session for somebody who has just shown who they are. */
  async begin(
    inside: Queryable,
    user: UserRow,
    { method, asker }: { readonly method: AuthMethod; readonly asker: Asker },
  ): Promise<Grant> {
    const [session] = await inside.query<{ id: string }>(
      `insert into auth.sessions (user_id, user_agent, ip) values ($1, $2, $3) returning id`,
      [user.id, asker.userAgent, asker.ip],
    )
    if (session === undefined) throw new Error('the session was not made')
    await addMethod(inside, session.id, method)
    await inside.query('update auth.users set last_sign_in_at = now() where id = $1', [user.id])
    const refreshToken = newRefreshToken()
    await inside.query(
      `insert into auth.refresh_tokens (token, user_id, session_id) values ($1, $2, $3)`,
      [refreshToken, user.id, session.id],
    )
    const fresh = (await findUser(inside, user.id)) ?? user
    return this.grant(inside, fresh, { sessionId: session.id, refreshToken })
  }

  /** New tokens of a session that exists, at the level of assurance that it has. */
  async grant(inside: Queryable, user: UserRow, handle: Handle): Promise<Grant> {
    const { sessionId, refreshToken } = handle
    const { issuer, config, issuerUrl } = this.#context
    const [session] = await inside.query<{ aal: string }>(
      'select aal from auth.sessions where id = $1',
      [sessionId],
    )
    const amr = await inside.query<{ method: string; timestamp: number }>(
      `select authentication_method as method, floor(extract(epoch from updated_at))::int as timestamp
       from auth.mfa_amr_claims where session_id = $1 order by updated_at desc`,
      [sessionId],
    )
    const issuedAt = Math.floor(Date.now() / 1_000)
    const expiresAt = issuedAt + config.tokenLifetimeSeconds
    const accessToken = await issuer.sign({
      iss: issuerUrl(),
      sub: user.id,
      aud: user.aud,
      exp: expiresAt,
      iat: issuedAt,
      email: user.email ?? '',
      phone: user.phone ?? '',
      app_metadata: user.raw_app_meta_data,
      user_metadata: user.raw_user_meta_data,
      role: user.role,
      aal: session?.aal ?? 'aal1',
      amr,
      session_id: sessionId,
      is_anonymous: user.is_anonymous,
    })
    return {
      body: {
        access_token: accessToken,
        token_type: 'bearer',
        expires_in: config.tokenLifetimeSeconds,
        expires_at: expiresAt,
        refresh_token: refreshToken,
        user: userBody(user),
      },
      headers: {
        'sb-auth-user-id': user.id,
        'sb-auth-session-id': sessionId,
        'sb-auth-refresh-token-prefix': refreshToken.slice(0, 5),
      },
    }
  }
}

/** One more way, or the same way once more, in which the session's owner was recognised. */
export async function addMethod(
  inside: Queryable,
  sessionId: string,
  method: AuthMethod,
): Promise<void> {
  await inside.query(
    `insert into auth.mfa_amr_claims (session_id, authentication_method) values ($1, $2)
     on conflict (session_id, authentication_method) do update set updated_at = clock_timestamp()`,
    [sessionId, method],
  )
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** Twelve characters, as GoTrue's first kind of refresh token has. */
export function newRefreshToken(): string {
  return Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join('')
}
