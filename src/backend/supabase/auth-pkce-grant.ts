import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Database } from '../database/database.ts'
import type { Asker, AuthMethod, Grant, Granter } from './auth-grant.ts'
import { refusal, refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { hashCode } from './auth-pkce-flow.ts'
import { findUser } from './auth-users.ts'

const body = z.object({
  auth_code: z.string().min(1).max(256),
  code_verifier: z.string().min(1).max(256),
})

const incomplete = refusal(
  400,
  'validation_failed',
  'invalid request: both auth code and code verifier should be non-empty',
)
const unknown = refusal(
  404,
  'flow_state_not_found',
  'invalid flow state, no valid flow state found',
)
const expired = refusal(422, 'flow_state_expired', 'invalid flow state, flow state has expired')
const wrongVerifier = refusal(
  400,
  'bad_code_verifier',
  'code challenge does not match previously saved code verifier',
)

const lifetimeSeconds = 300

interface FlowRow {
  readonly id: string
  readonly user_id: string
  readonly authentication_method: AuthMethod
  readonly code_challenge: string
  readonly code_challenge_method: string
  readonly expired: boolean
}

export interface PkceContext {
  readonly database: Database
  readonly granter: Granter
}

/** The pkce grant: a code, and the text whose hash was the flow's challenge, for a session. */
export function redeemCode(
  { database, granter }: PkceContext,
  sent: unknown,
  asker: Asker,
): Promise<AuthOutcome<Grant>> {
  const parsed = body.safeParse(sent)
  if (!parsed.success) return Promise.resolve(refused(incomplete))
  const { auth_code: code, code_verifier: verifier } = parsed.data
  return database.tx(async (inside) => {
    const [flow] = await inside.query<FlowRow>(
      `select id, user_id, authentication_method, code_challenge, code_challenge_method,
         auth_code_issued_at <= clock_timestamp() - make_interval(secs => $2) as expired
       from auth.flow_state where auth_code = $1 for update`,
      [hashCode(code), lifetimeSeconds],
    )
    if (flow === undefined) return refused(unknown)
    if (flow.expired) return refused(expired)
    const user = await findUser(inside, flow.user_id)
    if (user === null) return refused(unknown)
    if (!fits(verifier, flow)) return refused(wrongVerifier)
    await inside.query('delete from auth.flow_state where id = $1', [flow.id])
    if (user.banned) return refused(refusals.banned)
    const method = flow.authentication_method
    return { ok: true, value: await granter.begin(inside, user, { method, asker }) }
  })
}

function fits(verifier: string, flow: FlowRow): boolean {
  const answer =
    flow.code_challenge_method === 'plain'
      ? verifier
      : createHash('sha256').update(verifier).digest('base64url')
  const [given, wanted] = [Buffer.from(answer), Buffer.from(flow.code_challenge)]
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
