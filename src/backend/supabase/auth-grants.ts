import type { AuthContext } from './auth-context.ts'
import { newRefreshToken, type Asker, type Grant } from './auth-grant.ts'
import { refusals, refused, weakPassword, type AuthOutcome } from './auth-outcome.ts'
import { recognise } from './auth-recognise.ts'
import { rotate } from './auth-rotation.ts'
import { addUser, findUser } from './auth-users.ts'

export interface Newcomer {
  readonly email: string
  readonly password: string
  readonly data: Readonly<Record<string, unknown>>
}

type GrantsContext = Pick<
  AuthContext,
  'database' | 'config' | 'granter' | 'passwordCost' | 'wrongPasswords'
>

/** Signing up, signing in by password, and refreshing. */
export class Grants {
  readonly #context: GrantsContext

  constructor(context: GrantsContext) {
    this.#context = context
  }

  /** A new user, confirmed at once; no tenant is theirs until somebody gives them one. */
  async signUp(newcomer: Newcomer, asker: Asker): Promise<AuthOutcome<Grant>> {
    const { database, config, passwordCost } = this.#context
    const { email, password, data } = newcomer
    if (!config.allowSignUp) return refused(refusals.signUpDisabled)
    if (password.length < config.minimumPasswordLength) {
      return refused(weakPassword(config.minimumPasswordLength))
    }
    const added = await database.tx(async (inside) => {
      await inside.query('select pg_advisory_xact_lock(hashtext(lower($1)))', [email])
      const sql = 'select 1 from auth.users where email = lower($1)'
      if ((await inside.query(sql, [email])).length > 0) return false
      const user = { email, password, appMetadata: {}, userMetadata: data, passwordCost }
      await addUser(inside, user)
      return true
    })
    return added ? this.signIn(email, password, asker) : refused(refusals.userExists)
  }

  /** The password grant: a new session. */
  async signIn(email: string, password: string, asker: Asker): Promise<AuthOutcome<Grant>> {
    const { database, granter } = this.#context
    const recognised = await recognise(this.#context, email, password)
    if (!recognised.ok) return recognised
    const user = recognised.value
    const value = await database.tx((inside) =>
      granter.begin(inside, user, { method: 'password', asker }),
    )
    return { ok: true, value }
  }

  /** The refresh-token grant: the same session, new tokens. */
  refresh(refreshToken: string): Promise<AuthOutcome<Grant>> {
    const { database, config, granter } = this.#context
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
      const value = await granter.grant(inside, user, { sessionId, refreshToken: token })
      return { ok: true, value }
    })
  }
}
