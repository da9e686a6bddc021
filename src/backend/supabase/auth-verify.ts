import type { Queryable } from '../database/database.ts'
import { changeEmail, confirmUser, isTaken } from './auth-confirmations.ts'
import type { AuthContext } from './auth-context.ts'
import type { TokenType } from './auth-links.ts'
import { takeToken, type Proof, type TakenToken } from './auth-one-time-tokens.ts'
import { refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { findUser, lockUser, type UserRow } from './auth-users.ts'

/** `email` is whichever of sign-up and sign-in the code was for. */
export const verifyTypes = [
  'email',
  'signup',
  'invite',
  'magiclink',
  'recovery',
  'email_change',
] as const
export type VerifyType = (typeof verifyTypes)[number]

const tokensOf: Readonly<Record<VerifyType, readonly TokenType[]>> = {
  email: ['confirmation_token', 'recovery_token'],
  signup: ['confirmation_token'],
  invite: ['confirmation_token'],
  magiclink: ['recovery_token'],
  recovery: ['recovery_token'],
  email_change: ['email_change_token_current', 'email_change_token_new'],
}

/** Who it is; null while the other address has yet to confirm a change. */
export interface Verified {
  readonly user: UserRow | null
  readonly type: Exclude<VerifyType, 'email'>
}

/** Takes a code or a link; a refusal has counted the try, so the transaction is committed. */
export async function verify(
  inside: Queryable,
  { config }: Pick<AuthContext, 'config'>,
  { type: asked, proof }: { readonly type: VerifyType; readonly proof: Proof },
): Promise<AuthOutcome<Verified>> {
  const wrong = refused('link' in proof ? refusals.linkWrong : refusals.codeWrong)
  const { codeLifetimeSeconds: lifetimeSeconds, ...email } = config.email
  const taken = await takeToken(inside, proof, { types: tokensOf[asked], lifetimeSeconds })
  const user = taken === null ? null : await lockUser(inside, taken.userId)
  if (taken === null || user === null) return wrong
  if (user.banned) return refused(refusals.bannedToken)
  const type = asked === 'email' ? meant(taken) : asked
  if (type !== 'email_change') {
    await confirmUser(inside, user)
    return { ok: true, value: { user: await findUser(inside, user.id), type } }
  }
  const needsBoth = email.confirmations && email.doubleConfirmChanges && user.email !== null
  if (needsBoth && user.email_change_confirm_status === 0) {
    await inside.query('update auth.users set email_change_confirm_status = 1 where id = $1', [
      user.id,
    ])
    return { ok: true, value: { user: null, type } }
  }
  if (await isTaken(inside, user.email_change, user.id)) return refused(refusals.emailExists)
  await changeEmail(inside, user, user.email_change)
  return { ok: true, value: { user: await findUser(inside, user.id), type } }
}

const meant = ({ type }: TakenToken): 'signup' | 'magiclink' =>
  type === 'confirmation_token' ? 'signup' : 'magiclink'
