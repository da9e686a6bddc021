import type { Database, Queryable } from '../database/database.ts'
import type { Access } from './auth-access.ts'
import { addMethod, newRefreshToken, type Grant, type Granter } from './auth-grant.ts'
import { challengeSeconds, findFactor, type Factor } from './auth-mfa-factors.ts'
import { challengeExpired, mfaRefusals } from './auth-mfa-refusals.ts'
import type { FactorSecrets } from './auth-mfa-secret.ts'
import { stepOf } from './auth-mfa-totp.ts'
import { refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { findUser } from './auth-users.ts'

export interface CodeEntry {
  readonly factorId: string
  readonly challengeId: string
  readonly code: string
  readonly ip: string
}

export interface VerifyContext {
  readonly database: Database
  readonly granter: Granter
  readonly secrets: FactorSecrets
}

/** Takes the code of a second factor: the same session goes on at aal2, with new tokens. */
export function verifyFactor(
  { database, granter, secrets }: VerifyContext,
  { user, sessionId }: Access,
  entry: CodeEntry,
): Promise<AuthOutcome<Grant>> {
  return database.tx(async (inside) => {
    // One at a time, and not while another factor is enrolled: a code that comes twice at once is
    // taken once only, and no unfinished factor outlasts the first that is finished.
    await inside.query('select 1 from auth.users where id = $1 for update', [user.id])
    const factor = await findFactor(inside, user.id, entry.factorId)
    if (factor === null) return refused(mfaRefusals.unknown)
    const challenge = await findChallenge(inside, entry)
    if (!challenge.ok) return challenge
    const step = stepOf(entry.code, secrets.open(factor.secret ?? '', factor.id))
    if (step === null || step <= Number(factor.last_used_step ?? -1)) {
      return refused(mfaRefusals.wrongCode)
    }
    await settle(inside, entry, step)
    const refreshToken = await raise(inside, sessionId, { userId: user.id, factor })
    if (refreshToken === null) return refused(refusals.sessionGone)
    const fresh = (await findUser(inside, user.id)) ?? user
    return { ok: true, value: await granter.grant(inside, fresh, { sessionId, refreshToken }) }
  })
}

async function findChallenge(inside: Queryable, entry: CodeEntry): Promise<AuthOutcome<null>> {
  const [challenge] = await inside.query<{ used: boolean; elsewhere: boolean; expired: boolean }>(
    `select verified_at is not null as used, ip_address <> $3::inet as elsewhere,
       created_at <= clock_timestamp() - make_interval(secs => $4) as expired
     from auth.mfa_challenges where id = $1 and factor_id = $2`,
    [entry.challengeId, entry.factorId, entry.ip, challengeSeconds],
  )
  if (challenge === undefined) return refused(mfaRefusals.challengeUnknown)
  if (challenge.used || challenge.elsewhere) return refused(mfaRefusals.elsewhere)
  if (challenge.expired) return refused(challengeExpired(entry.challengeId))
  return { ok: true, value: null }
}

async function settle(inside: Queryable, entry: CodeEntry, step: number): Promise<void> {
  await inside.query('update auth.mfa_challenges set verified_at = now() where id = $1', [
    entry.challengeId,
  ])
  await inside.query(
    `update auth.mfa_factors set status = 'verified', last_used_step = $2, updated_at = now()
     where id = $1`,
    [entry.factorId, step],
  )
}

/** As GoTrue: other sessions of the user that show no second factor end, and so do half-made factors. */
async function raise(
  inside: Queryable,
  sessionId: string,
  { userId, factor }: { readonly userId: string; readonly factor: Factor },
): Promise<string | null> {
  const raised = await inside.query(
    `update auth.sessions set aal = 'aal2', factor_id = $2, updated_at = now()
     where id = $1 returning id`,
    [sessionId, factor.id],
  )
  if (raised.length === 0) return null
  await addMethod(inside, sessionId, 'totp')
  await inside.query(`delete from auth.sessions where user_id = $1 and aal < 'aal2'`, [userId])
  await inside.query(
    `delete from auth.mfa_factors
     where user_id = $1 and status = 'unverified' and factor_type = $2`,
    [userId, factor.factor_type],
  )
  return swapRefreshToken(inside, userId, sessionId)
}

async function swapRefreshToken(
  inside: Queryable,
  userId: string,
  sessionId: string,
): Promise<string> {
  const token = newRefreshToken()
  await inside.query(
    `with old as (
       update auth.refresh_tokens set revoked = true, updated_at = clock_timestamp()
       where session_id = $3 and not revoked returning id, token
     )
     insert into auth.refresh_tokens (token, user_id, session_id, parent)
     values ($1, $2, $3, (select token from old order by id desc limit 1))`,
    [token, userId, sessionId],
  )
  return token
}
