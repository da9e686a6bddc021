import type { Queryable } from '../database/database.ts'
import type { AuthContext } from './auth-context.ts'
import { createLink, type LinkKind, type LinkRequest } from './auth-links.ts'
import { refused, tooSoon, type AuthOutcome, type AuthRefusal } from './auth-outcome.ts'
import type { UserRow } from './auth-users.ts'
import { sendMail } from './outbox.ts'

export type MailContext = Pick<AuthContext, 'config' | 'issuerUrl'>

const lastMailOf: Readonly<Record<LinkKind, (user: UserRow) => Date | null>> = {
  signup: (user) => user.confirmation_sent_at,
  invite: () => null,
  magiclink: (user) => user.recovery_sent_at,
  recovery: (user) => user.recovery_sent_at,
  email_change_current: (user) => user.email_change_sent_at,
  email_change_new: (user) => user.email_change_sent_at,
  reauthentication: (user) => user.reauthentication_sent_at,
}

/** Why nothing is mailed now: the last mail of this kind is too recent. The user's row is locked. */
export function refuseTooSoon(
  user: UserRow,
  kind: LinkKind,
  { config }: Pick<AuthContext, 'config'>,
): AuthRefusal | null {
  const last = lastMailOf[kind](user)?.getTime() ?? Number.NEGATIVE_INFINITY
  const leftMs = last + config.email.leastIntervalMs - Date.now()
  return leftMs > 0 ? tooSoon(leftMs) : null
}

/** Mails a new link, unless the last one went out just now. */
export async function mailLink(
  inside: Queryable,
  context: MailContext,
  request: Omit<LinkRequest, 'userId'> & { readonly user: UserRow; readonly newEmail?: string },
): Promise<AuthOutcome<null>> {
  const { user, newEmail, ...rest } = request
  const early = refuseTooSoon(user, request.kind, context)
  if (early !== null) return refused(early)
  const link = await createLink(inside, context, { ...rest, userId: user.id })
  const change = newEmail === undefined ? {} : { newEmail }
  await sendMail(inside, { kind: request.kind, to: request.email, link, ...change })
  return { ok: true, value: null }
}
