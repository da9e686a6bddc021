import { createLocalJWKSet, errors, jwtVerify, type JWTPayload } from 'jose'
import type { Database } from '../database/database.ts'
import type { VerifierKeys } from '../tokens/verifier.ts'
import { badJwt, refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { findUser, type UserRow } from './auth-users.ts'

/** Who calls a route of the auth server that wants a signed-in user. */
export interface Access {
  readonly user: UserRow
  readonly sessionId: string
}

export type Authenticate = (authorization: string | undefined) => Promise<AuthOutcome<Access>>

/** Unlike the gateway, GoTrue looks up session and user at every call, and has its own words. */
export function createAuthenticate(database: Database, keys: VerifierKeys): Authenticate {
  const check = checkSignature(keys)
  return async (authorization) => {
    const token = /^bearer (\S+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return refused(refusals.noBearer)
    const claims = await check(token)
    if (typeof claims === 'string') return refused(badJwt(claims))
    const { sub, session_id: sessionId } = claims
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

/** The claims, or why not, in the words of GoTrue's JWT library. */
function checkSignature(keys: VerifierKeys): (token: string) => Promise<JWTPayload | string> {
  const options = { algorithms: [keys.algorithm], requiredClaims: ['exp'] }
  const verify = chooseKey(keys, options)
  return async (token) => {
    const segments = token.split('.').length
    if (segments !== 3) {
      return 'token is malformed: token contains an invalid number of segments'
    }
    try {
      return (await verify(token)).payload
    } catch (error) {
      if (error instanceof errors.JWTExpired) {
        return 'token has invalid claims: token is expired'
      }
      return error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid
        ? 'token is malformed: could not decode'
        : 'token signature is invalid'
    }
  }
}

function chooseKey(
  keys: VerifierKeys,
  options: { algorithms: string[]; requiredClaims: string[] },
) {
  if (keys.algorithm === 'HS256') {
    const secret = new TextEncoder().encode(keys.secret)
    return (token: string) => jwtVerify(token, secret, options)
  }
  if (keys.jwks instanceof URL) throw new Error('the auth server signs with its own keys')
  const find = createLocalJWKSet(keys.jwks)
  return (token: string) => jwtVerify(token, find, options)
}
