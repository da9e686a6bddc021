import { randomUUID } from 'node:crypto'
import type { MfaConfig } from '../config.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { Access } from './auth-access.ts'
import { mfaRefusals, nameTaken } from './auth-mfa-refusals.ts'
import type { FactorSecrets } from './auth-mfa-secret.ts'
import { drawTotp } from './auth-mfa-totp.ts'
import { refused, type AuthOutcome } from './auth-outcome.ts'

/** A challenge, and a factor that nobody finished to enroll, are good for this long. */
export const challengeSeconds = 300

export interface Factor {
  readonly id: string
  readonly factor_type: string
  readonly status: 'unverified' | 'verified'
  /** Encrypted. */
  readonly secret: string | null
  readonly last_used_step: string | null
}

export interface EnrollRequest {
  readonly friendlyName: string
  readonly issuer: string
}

type Body = Readonly<Record<string, unknown>>

export interface FactorsContext {
  readonly database: Database
  readonly config: MfaConfig
  readonly secrets: FactorSecrets
}

/** Enrolling, challenging and removing second factors; `auth-mfa-verify.ts` takes their codes. */
export class Factors {
  readonly #context: FactorsContext

  constructor(context: FactorsContext) {
    this.#context = context
  }

  /** The answer is the only place where the secret is ever shown. */
  async enroll(access: Access, request: EnrollRequest): Promise<AuthOutcome<Body>> {
    const { database, config, secrets } = this.#context
    const { user, sessionId } = access
    return database.tx(async (inside) => {
      await inside.query('select 1 from auth.users where id = $1 for update', [user.id])
      await forgetUnfinished(inside, user.id)
      const factors = await listFactors(inside, user.id)
      if (factors.some(({ friendly_name: name }) => name === request.friendlyName)) {
        return refused(nameTaken(request.friendlyName))
      }
      if (factors.length >= config.mostFactors) return refused(mfaRefusals.tooMany)
      const guarded = factors.some(({ status }) => status === 'verified')
      if (guarded && !(await isAal2(inside, sessionId))) return refused(mfaRefusals.enrollNeedsAal2)
      const id = randomUUID()
      const { secret, uri, qrCode } = drawTotp(request.issuer, user.email ?? user.id)
      await inside.query(
        `insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, secret)
         values ($1, $2, $3, 'totp', $4)`,
        [id, user.id, request.friendlyName, secrets.seal(secret, id)],
      )
      const totp = { qr_code: qrCode, secret, uri }
      const value = { id, type: 'totp', friendly_name: request.friendlyName, totp }
      return { ok: true, value }
    })
  }

  async challenge(factor: Factor, ip: string): Promise<Body> {
    return this.#context.database.tx(async (inside) => {
      await inside.query(
        `delete from auth.mfa_challenges
         where factor_id = $1 and created_at < now() - make_interval(secs => $2)`,
        [factor.id, challengeSeconds],
      )
      await inside.query('update auth.mfa_factors set last_challenged_at = now() where id = $1', [
        factor.id,
      ])
      const [challenge] = await inside.query<{ id: string; expires_at: number }>(
        `insert into auth.mfa_challenges (factor_id, ip_address) values ($1, $2)
         returning id, floor(extract(epoch from created_at) + $3)::int as expires_at`,
        [factor.id, ip, challengeSeconds],
      )
      return { ...challenge, type: factor.factor_type }
    })
  }

  /** The sessions that this factor raised fall back to aal1. */
  async unenroll(access: Access, factor: Factor): Promise<AuthOutcome<Body>> {
    return this.#context.database.tx(async (inside) => {
      if (factor.status === 'verified' && !(await isAal2(inside, access.sessionId))) {
        return refused(mfaRefusals.unenrollNeedsAal2)
      }
      await removeFactor(inside, factor.id)
      return { ok: true, value: { id: factor.id } }
    })
  }
}

export async function findFactor(
  queryable: Queryable,
  userId: string,
  factorId: string,
): Promise<Factor | null> {
  const sql = `select id, factor_type, status, secret, last_used_step from auth.mfa_factors
    where id = $2 and user_id = $1`
  return (await queryable.query<Factor>(sql, [userId, factorId]))[0] ?? null
}

export async function removeFactor(inside: Queryable, factorId: string): Promise<void> {
  await inside.query(
    `delete from auth.mfa_amr_claims where authentication_method = 'totp'
       and session_id in (select id from auth.sessions where factor_id = $1)`,
    [factorId],
  )
  await inside.query(
    `update auth.sessions set aal = 'aal1', factor_id = null, updated_at = now()
     where factor_id = $1`,
    [factorId],
  )
  await inside.query('delete from auth.mfa_factors where id = $1', [factorId])
}

async function forgetUnfinished(inside: Queryable, userId: string): Promise<void> {
  await inside.query(
    `delete from auth.mfa_factors where user_id = $1 and status = 'unverified'
       and greatest(created_at, last_challenged_at) < now() - make_interval(secs => $2)`,
    [userId, challengeSeconds],
  )
}

function listFactors(
  inside: Queryable,
  userId: string,
): Promise<{ friendly_name: string; status: string }[]> {
  const sql = `select coalesce(friendly_name, '') as friendly_name, status
    from auth.mfa_factors where user_id = $1`
  return inside.query(sql, [userId])
}

export async function isAal2(inside: Queryable, sessionId: string): Promise<boolean> {
  const sql = `select 1 from auth.sessions where id = $1 and aal = 'aal2'`
  return (await inside.query(sql, [sessionId])).length > 0
}
