import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Queryable } from '../database/database.ts'
import { isEmail } from './auth-admin-body.ts'
import { emailTaken } from './auth-admin-users.ts'
import type { AuthContext } from './auth-context.ts'
import { createLink } from './auth-links.ts'
import { mailLink } from './auth-mail.ts'
import { invalid, refusals, refused, weakPassword, type AuthOutcome } from './auth-outcome.ts'
import { chooseRedirect } from './auth-redirects.ts'
import { addUser, lockUser, lockUserByEmail, userBody, type UserRow } from './auth-users.ts'

type Body = Readonly<Record<string, unknown>>

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const data = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? {})
const linkBody = z.object({
  type: text,
  email: text,
  new_email: text,
  password: text,
  data,
  redirect_to: text,
})
const inviteBody = z.object({ email: text, data })
type LinkBody = z.infer<typeof linkBody>

const kinds = [
  'signup',
  'invite',
  'magiclink',
  'recovery',
  'email_change_current',
  'email_change_new',
] as const
type Kind = (typeof kinds)[number]

const wrongBody = invalid('Could not parse request body as JSON')
const wrongEmail = invalid('Unable to validate email address: invalid format')
const currentOff = invalid('Enable secure email change to generate link for current email')
const passwordMissing = invalid('Signup requires a valid password')
const unknownEmail = {
  status: 404,
  code: 'user_not_found',
  message: 'User with this email not found',
}

/** `/admin/generate_link`: what a mail would have said, for the server that asks. Nothing is mailed. */
export async function generateLink(
  context: AuthContext,
  sent: unknown,
  elsewhere: string,
): Promise<AuthOutcome<Body>> {
  const parsed = linkBody.safeParse(sent)
  if (!parsed.success) return refused(wrongBody)
  const asked = { ...parsed.data, email: parsed.data.email.toLowerCase() }
  if (!isEmail(asked.email)) return refused(wrongEmail)
  const kind = kinds.find((one) => one === asked.type)
  if (kind === undefined) {
    const type = asked.type.slice(0, 64)
    return refused(invalid(`Invalid email action link type requested: ${type}`))
  }
  // auth-js says it in the query, GoTrue's documentation in the body.
  const redirectTo = chooseRedirect(context.config, asked.redirect_to || elsewhere)
  return context.database.tx(async (inside) => {
    await inside.query('select pg_advisory_xact_lock(hashtext(lower($1)))', [asked.email])
    const known = await lockUserByEmail(inside, asked.email)
    // Whoever is not there yet signs up by their first magic link.
    const actual = known === null && kind === 'magiclink' ? 'signup' : kind
    const prepared = await prepare({ inside, context, asked, known, kind: actual, first: kind })
    if (!prepared.ok) return prepared
    const { user, email } = prepared.value
    const request = { kind: actual, userId: user.id, email, redirectTo }
    const link = await createLink(inside, context, request)
    const value = {
      ...userBody((await lockUser(inside, user.id)) ?? user),
      action_link: link.url,
      email_otp: link.code,
      hashed_token: link.token,
      verification_type: actual,
      redirect_to: redirectTo,
    }
    return { ok: true, value }
  })
}

interface Preparation {
  readonly inside: Queryable
  readonly context: AuthContext
  readonly asked: LinkBody
  readonly known: UserRow | null
  readonly kind: Kind
  /** What was asked for, before anything was known of the user. */
  readonly first: Kind
}

interface Addressee {
  readonly user: UserRow
  readonly email: string
}

/** The user whom the link is for, made if need be, and the address that it proves. */
async function prepare(preparation: Preparation): Promise<AuthOutcome<Addressee>> {
  const { inside, context, asked, known, kind, first } = preparation
  const { email } = asked
  if (kind === 'signup' || kind === 'invite') {
    if (known !== null && known.confirmed_at !== null) return refused(emailTaken)
    if (known !== null) return { ok: true, value: { user: known, email } }
    const password = choosePassword(asked.password, kind === 'invite' || first === 'magiclink')
    const weak = password === null ? null : judgePassword(password, context)
    if (weak !== null) return refused(weak)
    return { ok: true, value: { user: await add(inside, context, { asked, password }), email } }
  }
  if (known === null) return refused(unknownEmail)
  if (kind === 'magiclink' || kind === 'recovery')
    return { ok: true, value: { user: known, email } }
  return prepareChange(preparation, known)
}

/** Null is none at all, for an invitation; a magic link gets one that nobody knows. */
function choosePassword(given: string, mayLack: boolean): string | null {
  if (!mayLack) return given
  return given === '' ? randomBytes(32).toString('base64url') : given
}

function judgePassword(password: string, { config }: AuthContext) {
  if (password === '') return passwordMissing
  const least = config.minimumPasswordLength
  return password.length < least ? weakPassword(least) : null
}

async function add(
  inside: Queryable,
  { passwordCost }: AuthContext,
  {
    asked,
    password,
  }: { readonly asked: Pick<LinkBody, 'email' | 'data'>; readonly password: string | null },
): Promise<UserRow> {
  const { email, data: userMetadata } = asked
  const stranger = {
    email,
    password,
    confirmed: false,
    appMetadata: {},
    userMetadata,
    passwordCost,
  }
  const user = await lockUser(inside, await addUser(inside, stranger))
  if (user === null) throw new Error('the user was not added')
  return user
}

async function prepareChange(
  { inside, context, asked, kind }: Preparation,
  user: UserRow,
): Promise<AuthOutcome<Addressee>> {
  if (kind === 'email_change_current' && !context.config.email.doubleConfirmChanges) {
    return refused(currentOff)
  }
  const newEmail = asked.new_email.toLowerCase()
  if (!isEmail(newEmail)) return refused(wrongEmail)
  if ((await lockUserByEmail(inside, newEmail)) !== null) return refused(emailTaken)
  await inside.query(
    `update auth.users set email_change = $2, email_change_confirm_status = 0 where id = $1`,
    [user.id, newEmail],
  )
  const email = kind === 'email_change_current' ? asked.email : newEmail
  return { ok: true, value: { user, email } }
}

/** `/invite`: the same by mail. */
export async function invite(
  context: AuthContext,
  sent: unknown,
  redirectTo: string,
): Promise<AuthOutcome<Body>> {
  const parsed = inviteBody.safeParse(sent)
  if (!parsed.success) return refused(wrongBody)
  const asked = { ...parsed.data, email: parsed.data.email.toLowerCase() }
  if (!isEmail(asked.email)) return refused(wrongEmail)
  return context.database.tx(async (inside) => {
    await inside.query('select pg_advisory_xact_lock(hashtext(lower($1)))', [asked.email])
    const known = await lockUserByEmail(inside, asked.email)
    if (known !== null && known.confirmed_at !== null) return refused(emailTaken)
    const user = known ?? (await add(inside, context, { asked, password: null }))
    const letter = { kind: 'invite', user, email: asked.email } as const
    const mailed = await mailLink(inside, context, {
      ...letter,
      redirectTo: chooseRedirect(context.config, redirectTo),
    })
    if (!mailed.ok) return mailed
    const fresh = await lockUser(inside, user.id)
    return fresh === null ? refused(refusals.userGone) : { ok: true, value: userBody(fresh) }
  })
}
