import type { Queryable } from '../database/database.ts'
import type { Access } from './auth-access.ts'
import { changeEmail, isTaken } from './auth-confirmations.ts'
import type { AuthContext } from './auth-context.ts'
import { refuseTooSoon } from './auth-mail.ts'
import { takeToken } from './auth-one-time-tokens.ts'
import { mailEmailChange } from './auth-otp.ts'
import { refusals, refused, type AuthOutcome, type AuthRefusal } from './auth-outcome.ts'
import type { CodeChallenge } from './auth-pkce-flow.ts'
import { findUser, lockUser, type UserRow } from './auth-users.ts'

/** What a user changes of themselves; null stays as it is. */
export interface OwnChange {
  readonly email: string | null
  readonly password: string | null
  /** From `reauthenticate`; empty when there is none. */
  readonly nonce: string
  readonly data: Readonly<Record<string, unknown>> | null
  readonly redirectTo: string
  readonly challenge: CodeChallenge | null
}

interface SessionFacts {
  readonly aal: string
  readonly recent: boolean
}

/** All or nothing: everything that refuses comes before the first change. */
export function updateUser(
  context: AuthContext,
  { user: { id }, sessionId }: Access,
  change: OwnChange,
): Promise<AuthOutcome<UserRow>> {
  return context.database.tx(async (inside) => {
    const user = await lockUser(inside, id)
    if (user === null) return refused(refusals.userGone)
    const newEmail = change.email === user.email ? null : change.email
    const asked = { ...change, email: newEmail }
    const [session] = await inside.query<SessionFacts>(
      `select aal, created_at > now() - interval '24 hours' as recent from auth.sessions where id = $1`,
      [sessionId],
    )
    if (session === undefined) return refused(refusals.sessionGone)
    const refusal =
      refuseByState(user, session, asked) ??
      (await refuseEmail(inside, context, { user, newEmail })) ??
      (await refusePasswordChange(inside, context, { user, session, asked }))
    if (refusal !== null) return refused(refusal)
    if (change.password !== null) {
      await setPassword(inside, { id, sessionId, password: change.password }, context.passwordCost)
    }
    if (change.data !== null) await mergeData(inside, id, change.data)
    if (newEmail !== null) {
      const moved = await move(inside, context, { ...asked, user, newEmail })
      if (!moved.ok) return moved
    }
    return { ok: true, value: (await findUser(inside, id)) ?? user }
  })
}

function refuseByState(
  user: UserRow,
  { aal }: SessionFacts,
  { email, password }: OwnChange,
): AuthRefusal | null {
  const hasFactor = user.factors.some(({ status }) => status === 'verified')
  if (hasFactor && aal !== 'aal2' && (password !== null || email !== null)) {
    return refusals.lowAssurance
  }
  return user.is_anonymous && password !== null && email === null
    ? refusals.anonymousPassword
    : null
}

interface EmailWish {
  readonly user: UserRow
  readonly newEmail: string | null
}

async function refuseEmail(
  inside: Queryable,
  context: AuthContext,
  { user, newEmail }: EmailWish,
): Promise<AuthRefusal | null> {
  if (newEmail === null) return null
  if (await isTaken(inside, newEmail, user.id)) return refusals.emailExists
  return becomesSomebody(user, context) ? null : refuseTooSoon(user, 'email_change_new', context)
}

/** The address of somebody anonymous needs no mail where sign-up needs none. */
const becomesSomebody = (user: UserRow, { config }: AuthContext): boolean =>
  user.is_anonymous && !config.email.confirmations

interface PasswordWish {
  readonly user: UserRow
  readonly session: SessionFacts
  readonly asked: OwnChange
}

async function refusePasswordChange(
  inside: Queryable,
  { config, wrongCodes }: AuthContext,
  { user, session, asked: { password, nonce } }: PasswordWish,
): Promise<AuthRefusal | null> {
  if (password === null) return null
  if (config.email.securePasswordChange && !session.recent) {
    if (nonce === '') return refusals.reauthenticationNeeded
    const email = user.email ?? ''
    if (wrongCodes.tooMany(email)) return refusals.tooMany
    const proof = { email, code: nonce }
    const taken = await takeToken(inside, proof, {
      types: ['reauthentication_token'],
      lifetimeSeconds: config.email.codeLifetimeSeconds,
    })
    if (taken?.userId !== user.id) {
      wrongCodes.add(email)
      return refusals.nonceWrong
    }
  }
  const same = await inside.query(
    `select 1 from auth.users
     where id = $1 and encrypted_password = extensions.crypt($2, encrypted_password)`,
    [user.id, password],
  )
  return same.length > 0 ? refusals.samePassword : null
}

interface NewPassword {
  readonly id: string
  readonly sessionId: string
  readonly password: string
}

/** Every other session ends, and codes and links that are on their way are void, as in GoTrue. */
async function setPassword(
  inside: Queryable,
  { id, sessionId, password }: NewPassword,
  cost: number,
): Promise<void> {
  await inside.query(
    `update auth.users set updated_at = now(),
       encrypted_password = extensions.crypt($2, extensions.gen_salt('bf', $3))
     where id = $1`,
    [id, password, cost],
  )
  await inside.query('delete from auth.sessions where user_id = $1 and id <> $2', [id, sessionId])
  await inside.query('delete from auth.one_time_tokens where user_id = $1', [id])
}

/** Keys that are null go. */
async function mergeData(
  inside: Queryable,
  id: string,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  await inside.query(
    `update auth.users set updated_at = now(), raw_user_meta_data = (raw_user_meta_data || $2::jsonb)
       - array(select key from jsonb_each($2::jsonb) where value = 'null')
     where id = $1`,
    [id, data],
  )
}

async function move(
  inside: Queryable,
  context: AuthContext,
  change: OwnChange & { readonly user: UserRow; readonly newEmail: string },
): Promise<AuthOutcome<null>> {
  const { user, newEmail } = change
  if (!becomesSomebody(user, context)) return mailEmailChange(inside, context, change)
  await changeEmail(inside, user, newEmail)
  return { ok: true, value: null }
}
