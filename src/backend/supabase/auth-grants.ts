import type { AuthContext } from './auth-context.ts'
import { newRefreshToken, type Asker, type Grant } from './auth-grant.ts'
import { refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { recognise } from './auth-recognise.ts'
import { rotate } from './auth-rotation.ts'
import { findUser } from './auth-users.ts'

type GrantsContext = Pick<AuthContext, 'database' | 'config' | 'granter' | 'wrongPasswords'>

/** Signing in by password, and refreshing. */
export class Grants {
  readonly #context: GrantsContext

  constructor(context: GrantsContext) {
    this.#context = context
  }

  /** The password grant: a new session. */
  async signIn(email: string, password: string, asker: Asker): Promise<AuthOutcome<Grant>> {
    const { database, granter } = this.#context
    const recognised = await recognise(this.#context, { email, password, ip: asker.ip })
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
      const { userId, sessionId, token, headers } = rotation.value
      const user = await findUser(inside, userId)
      if (user === null) return refused(refusals.refreshTokenUnknown)
      const grant = await granter.grant(inside, user, { sessionId, refreshToken: token })
      return { ok: true, value: { ...grant, headers: { ...grant.headers, ...headers } } }
    })
  }
}
