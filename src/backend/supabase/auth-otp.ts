import type { Queryable } from '../database/database.ts'
import type { AuthContext } from './auth-context.ts'
import type { AuthMethod } from './auth-grant.ts'
import { createLink, type LinkKind } from './auth-links.ts'
import { mailLink, refuseTooSoon } from './auth-mail.ts'
import { refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { beginFlow, type CodeChallenge } from './auth-pkce-flow.ts'
import { addByMail, lockAddress, mailConfirmation } from './auth-sign-up.ts'
import { lockUserByEmail, type UserRow } from './auth-users.ts'
import { sendMail } from './outbox.ts'

export interface Wish {
  readonly email: string
  readonly redirectTo: string
  readonly challenge: CodeChallenge | null
}

const done = { ok: true, value: null } as const

/** A link to sign in with; whoever is new confirms the address by it. */
export function mailSignIn(
  context: AuthContext,
  wish: Wish & { readonly data: Readonly<Record<string, unknown>>; readonly createUser: boolean },
): Promise<AuthOutcome<null>> {
  const { database, config } = context
  return database.tx(async (inside) => {
    await lockAddress(inside, wish.email)
    const known = await lockUserByEmail(inside, wish.email)
    if (known === null) {
      if (!wish.createUser) return refused(refusals.otpDisabled)
      if (!config.allowSignUp) return refused(refusals.signUpDisabled)
    }
    const user = known ?? (await addByMail(inside, context, wish))
    if (user.email_confirmed_at === null && config.email.confirmations) {
      return mailConfirmation(inside, context, { ...wish, user })
    }
    return mailFor(inside, context, { ...wish, user, kind: 'magiclink' })
  })
}

/** A link to sign in with and choose a new password. Says nothing about who is unknown. */
export function mailRecovery(context: AuthContext, wish: Wish): Promise<AuthOutcome<null>> {
  return context.database.tx(async (inside) => {
    const user = await lockUserByEmail(inside, wish.email)
    return user === null ? done : mailFor(inside, context, { ...wish, user, kind: 'recovery' })
  })
}

/** The last mail once more, with a new link. Says nothing about who waits for none. */
export function mailAgain(
  context: AuthContext,
  { type, ...wish }: Wish & { readonly type: 'signup' | 'email_change' },
): Promise<AuthOutcome<null>> {
  return context.database.tx(async (inside) => {
    const user = await lockUserByEmail(inside, wish.email)
    if (user === null) return done
    if (type === 'email_change') {
      if (user.email_change === '') return done
      return mailEmailChange(inside, context, { ...wish, user, newEmail: user.email_change })
    }
    if (user.email_confirmed_at !== null) return done
    return mailConfirmation(inside, context, { ...wish, user })
  })
}

interface Target extends Wish {
  readonly user: UserRow
  readonly kind: LinkKind & AuthMethod
}

async function mailFor(
  inside: Queryable,
  context: AuthContext,
  { challenge, kind, ...target }: Target,
): Promise<AuthOutcome<null>> {
  const sent = await mailLink(inside, context, { ...target, kind, withCode: challenge !== null })
  if (sent.ok && challenge !== null) {
    await beginFlow(inside, { userId: target.user.id, method: kind }, challenge)
  }
  return sent
}

export interface EmailChange {
  readonly user: UserRow
  readonly newEmail: string
  readonly redirectTo: string
  readonly challenge: CodeChallenge | null
}

/** To the new address, and to the present one if both have to agree. */
export async function mailEmailChange(
  inside: Queryable,
  context: AuthContext,
  { user, newEmail, redirectTo, challenge }: EmailChange,
): Promise<AuthOutcome<null>> {
  const early = refuseTooSoon(user, 'email_change_new', context)
  if (early !== null) return refused(early)
  await inside.query(
    `update auth.users set email_change = $2, email_change_confirm_status = 0, updated_at = now()
     where id = $1`,
    [user.id, newEmail],
  )
  await inside.query(
    `delete from auth.one_time_tokens where user_id = $1 and token_type like 'email_change%'`,
    [user.id],
  )
  const both = context.config.email.doubleConfirmChanges && user.email !== null
  const mails: readonly { kind: LinkKind; email: string }[] = [
    ...(both ? [{ kind: 'email_change_current' as const, email: user.email }] : []),
    { kind: 'email_change_new', email: newEmail },
  ]
  const withCode = challenge !== null
  for (const mail of mails) {
    const link = await createLink(inside, context, {
      ...mail,
      userId: user.id,
      redirectTo,
      withCode,
    })
    await sendMail(inside, { kind: mail.kind, to: mail.email, link, newEmail })
  }
  if (challenge !== null) {
    await beginFlow(inside, { userId: user.id, method: 'email_change' }, challenge)
  }
  return done
}
