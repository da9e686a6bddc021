import { randomInt } from 'node:crypto'
import type { AuthConfig } from '../config.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { Issuer } from '../tokens/issuer.ts'
import {
  refusals,
  refused,
  weakPassword,
  type AuthHeaders,
  type AuthOutcome,
} from './auth-outcome.ts'
import { rotate } from './auth-rotation.ts'
import { addUser, findUser, findUserByPassword, userBody, type UserRow } from './auth-users.ts'
import { WrongPasswords } from './wrong-passwords.ts'

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

export interface Newcomer {
  readonly email: string
  readonly password: string
  readonly data: Readonly<Record<string, unknown>>
}

interface Handle {
  readonly sessionId: string
  readonly refreshToken: string
}

export interface GrantsContext {
  readonly database: Database
  readonly issuer: Issuer
  readonly config: AuthConfig
  /** `iss` of the tokens: the auth server's own address. */
  readonly issuerUrl: () => string
}

export class Grants {
  readonly #context: GrantsContext
  readonly #wrong = new WrongPasswords()

  constructor(context: GrantsContext) {
    this.#context = context
  }

  /** A new user, confirmed at once; no tenant is theirs until somebody gives them one. */
  async signUp(newcomer: Newcomer, asker: Asker): Promise<AuthOutcome<Grant>> {
    const { database, config } = this.#context
    const { email, password, data } = newcomer
    if (!config.allowSignUp) return refused(refusals.signUpDisabled)
    if (password.length < config.minimumPasswordLength) {
      return refused(weakPassword(config.minimumPasswordLength))
    }
    const added = await database.tx(async (inside) => {
      await inside.query('select pg_advisory_xact_lock(hashtext(lower($1)))', [email])
      const sql = 'select 1 from auth.users where email = lower($1)'
      if ((await inside.query(sql, [email])).length > 0) return false
      const user = { email, password, appMetadata: {}, userMetadata: data, passwordCost: 10 }
      await addUser(inside, user)
      return true
    })
    return added ? this.signIn(email, password, asker) : refused(refusals.userExists)
  }

  /** The password grant: a new session. */
  async signIn(email: string, password: string, asker: Asker): Promise<AuthOutcome<Grant>> {
    if (this.#wrong.tooMany(email)) return refused(refusals.tooMany)
    const user = await findUserByPassword(this.#context.database, email, password)
    if (user === null) {
      this.#wrong.add(email)
      return refused(refusals.wrongCredentials)
    }
    this.#wrong.forget(email)
    if (user.banned) return refused(refusals.banned)
    if (user.email_confirmed_at === null) return refused(refusals.notConfirmed)
    return this.#context.database.tx(async (inside) => {
      const [session] = await inside.query<{ id: string }>(
        `insert into auth.sessions (user_id, user_agent, ip) values ($1, $2, $3) returning id`,
        [user.id, asker.userAgent, asker.ip],
      )
      if (session === undefined) throw new Error('the session was not made')
      await inside.query(
        `insert into auth.mfa_amr_claims (session_id, authentication_method)
         values ($1, 'password')`,
        [session.id],
      )
      await inside.query('update auth.users set last_sign_in_at = now() where id = $1', [user.id])
      const refreshToken = newRefreshToken()
      await inside.query(
        `insert into auth.refresh_tokens (token, user_id, session_id) values ($1, $2, $3)`,
        [refreshToken, user.id, session.id],
      )
      const fresh = (await findUser(inside, user.id)) ?? user
      return {
        ok: true,
        value: await this.#grant(inside, fresh, { sessionId: session.id, refreshToken }),
      }
    })
  }

  /** The refresh-token grant: the same session, new tokens. */
  refresh(refreshToken: string): Promise<AuthOutcome<Grant>> {
    const { database, config } = this.#context
    return database.tx(async (inside) => {
      const rotation = await rotate(inside, refreshToken, {
        rotates: config.rotateRefreshTokens,
        reuseIntervalSeconds: config.reuseIntervalSeconds,
        draw: newRefreshToken,
      })
      if (!rotation.ok) return rotation
      const { userId, sessionId, token } = rotation.value
      const user = await findUser(inside, userId)
      if (user === null) return refused(refusals.refreshTokenUnknown)
      return {
        ok: true,
        value: await this.#grant(inside, user, { sessionId, refreshToken: token }),
      }
    })
  }

  async #grant(inside: Queryable, user: UserRow, handle: Handle): Promise<Grant> {
    const { sessionId, refreshToken } = handle
    const { issuer, config, issuerUrl } = this.#context
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
      aal: 'aal1',
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

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** Twelve characters, as GoTrue's first kind of refresh token has. */
function newRefreshToken(): string {
  return Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join('')
}
