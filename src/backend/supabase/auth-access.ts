import type { Database } from '../database/database.ts'
import type { TokenCheck, TokenFault } from '../tokens/token-check.ts'
import { badJwt, refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { findUser, type UserRow } from './auth-users.ts'

/** Who calls a route of the auth server that wants a signed-in user. */
export interface Access {
  readonly user: UserRow
  readonly sessionId: string
}

export type Authenticate = (authorization: string | undefined) => Promise<AuthOutcome<Access>>

/** Unlike the gateway, GoTrue looks up session and user at every call, and has its own words. */
export function createAuthenticate(database: Database, tokens: TokenCheck): Authenticate {
  return async (authorization) => {
    const token = /^bearer (\S+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return refused(refusals.noBearer)
    const checked = await tokens.check(token)
    if (!checked.ok) return refused(badJwt(faults[checked.why]))
    const { sub, session_id: sessionId } = checked.payload
    if (sub === undefined || typeof sessionId !== 'string') {
      return refused(badJwt('missing sub claim'))
    }
    const user = await findUser(database, sub)
    if (user === null) return refused(refusals.userGone)
    const rows = await database.query(
      'select 1 from auth.sessions where id = $1 and user_id = $2',
      [sessionId, sub],
    )
    if (rows.length === 0) return refused(refusals.sessionGone)
    if (user.banned) return refused(refusals.bannedToken)
    return { ok: true, value: { user, sessionId } }
  }
}

/** In the words of GoTrue's JWT library. */
const faults: Record<TokenFault, string> = {
  segments: 'token is malformed: token contains an invalid number of segments',
  undecodable: 'token is malformed: could not decode',
  expired: 'token has invalid claims: token is expired',
  not_yet_valid: 'token has invalid claims: token is not valid yet',
  claim: 'token has invalid claims',
  signature: 'token signature is invalid',
  key_unknown: 'token signature is invalid',
}
