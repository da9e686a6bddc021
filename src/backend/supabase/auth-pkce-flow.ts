import { createHash, randomUUID } from 'node:crypto'
import type { Queryable } from '../database/database.ts'
import type { AuthMethod } from './auth-grant.ts'
import { invalid, refused, type AuthOutcome } from './auth-outcome.ts'

/** What a client keeps the answer to, so that a code is of use to nobody else (RFC 7636). */
export interface CodeChallenge {
  readonly challenge: string
  readonly method: 's256' | 'plain'
}

export interface Flow {
  readonly userId: string
  /** How the user will have been recognised: `magiclink`, `recovery`, `email/signup`, `oauth`, … */
  readonly method: AuthMethod
}

const inPairs = 'PKCE flow requires code_challenge_method and code_challenge'
const wrongLength = 'code challenge has to be between 43 and 128 characters'
const wrongLetters =
  'code challenge can only contain alphanumeric characters, hyphens, periods, underscores and tildes'

/** From `code_challenge` and `code_challenge_method`; null when the client wants no code. */
export function readChallenge(
  challenge: string,
  method: string,
): AuthOutcome<CodeChallenge | null> {
  if ((challenge === '') !== (method === '')) return refused(invalid(inPairs))
  if (challenge === '') return { ok: true, value: null }
  if (challenge.length < 43 || challenge.length > 128) return refused(invalid(wrongLength))
  if (!/^[a-zA-Z0-9._~-]+$/.test(challenge)) return refused(invalid(wrongLetters))
  const known = method.toLowerCase()
  if (known !== 's256' && known !== 'plain') {
    return refused(invalid(`unsupported code_challenge method "${method.slice(0, 32)}"`))
  }
  return { ok: true, value: { challenge, method: known } }
}

/** Remembers the challenge until the user has followed a link; then `issueCode`. */
export async function beginFlow(
  inside: Queryable,
  { userId, method }: Flow,
  { challenge, method: challengeMethod }: CodeChallenge,
): Promise<void> {
  await inside.query(`delete from auth.flow_state where created_at < now() - interval '1 day'`)
  await inside.query(
    `insert into auth.flow_state
       (user_id, authentication_method, provider_type, code_challenge, code_challenge_method)
     values ($1, $2, $2, $3, $4)`,
    [userId, method, challenge, challengeMethod],
  )
}

/** The code of the flow that the user began last, for `?code=`; it is good for five minutes. */
export async function issueCode(
  inside: Queryable,
  { userId, method }: Flow,
): Promise<AuthOutcome<string>> {
  const code = randomUUID()
  const rows = await inside.query(
    `update auth.flow_state set auth_code = $3, auth_code_issued_at = now(), updated_at = now()
     where id = (
       select id from auth.flow_state
       where user_id = $1 and authentication_method = $2 and auth_code is null
       order by created_at desc limit 1 for update
     ) returning id`,
    [userId, method, hashCode(code)],
  )
  if (rows.length === 0) return refused(invalid('No valid flow state found for user.'))
  return { ok: true, value: code }
}

/** As it is stored. */
export function hashCode(code: string): string {
  return createHash('sha256').update(code).digest('hex')
}
