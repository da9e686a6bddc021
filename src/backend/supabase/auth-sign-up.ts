import { randomUUID } from 'node:crypto'
import type { Queryable } from '../database/database.ts'
import type { AuthContext } from './auth-context.ts'
import type { Asker, Grant } from './auth-grant.ts'
import { mailLink } from './auth-mail.ts'
import { refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { beginFlow, type CodeChallenge } from './auth-pkce-flow.ts'
import { addUser, findUser, lockUserByEmail, userBody, type UserRow } from './auth-users.ts'

type Metadata = Readonly<Record<string, unknown>>

export interface Newcomer {
  readonly email: string
  readonly password: string
  readonly data: Metadata
  readonly redirectTo: string
  readonly challenge: CodeChallenge | null
}

/** A session, or only the user who has to confirm the address first. */
export type SignedUp =
  | { readonly grant: Grant }
  | { readonly grant: null; readonly user: Readonly<Record<string, unknown>> }

/** A new user without any tenant; somebody has to give them one. */
export function signUp(
  context: AuthContext,
  newcomer: Newcomer,
  asker: Asker,
): Promise<AuthOutcome<SignedUp>> {
  const { database, config, granter, passwordCost } = context
  const { email, password, data } = newcomer
  return database.tx(async (inside) => {
    await lockAddress(inside, email)
    const known = await lockUserByEmail(inside, email)
    if (!config.email.confirmations) {
      // GoTrue would confirm an invited user here, for whoever types the address.
      if (known !== null) return refused(refusals.userExists)
      const user = await add(inside, { email, password, data, confirmed: true, passwordCost })
      const grant = await granter.begin(inside, user, { method: 'password', asker })
      return { ok: true, value: { grant } }
    }
    if (known !== null && known.email_confirmed_at !== null) {
      await spendTime(inside, password, passwordCost)
      return { ok: true, value: { grant: null, user: pretend(newcomer) } }
    }
    const user =
      known ?? (await add(inside, { email, password, data, confirmed: false, passwordCost }))
    const sent = await mailConfirmation(inside, context, { ...newcomer, user })
    if (!sent.ok) return sent
    const fresh = (await findUser(inside, user.id)) ?? user
    return { ok: true, value: { grant: null, user: userBody(fresh) } }
  })
}

/** Two who sign up with one address at the same time come one after the other. */
export async function lockAddress(inside: Queryable, email: string): Promise<void> {
  await inside.query('select pg_advisory_xact_lock(hashtext(lower($1)))', [email])
}

interface Addition {
  readonly email: string
  readonly password: string | null
  readonly data: Metadata
  readonly confirmed: boolean
  readonly passwordCost: number
}

async function add(inside: Queryable, { data, ...user }: Addition): Promise<UserRow> {
  const id = await addUser(inside, { ...user, appMetadata: {}, userMetadata: data })
  const added = await findUser(inside, id)
  if (added === null) throw new Error('the user was not added')
  return added
}

/** Somebody who signs in by mail; the mail confirms the address. */
export function addByMail(
  inside: Queryable,
  context: Pick<AuthContext, 'passwordCost'>,
  { email, data }: { readonly email: string; readonly data: Metadata },
): Promise<UserRow> {
  const { passwordCost } = context
  return add(inside, { email, password: null, data, confirmed: false, passwordCost })
}

export interface Confirmation {
  readonly user: UserRow
  readonly email: string
  readonly redirectTo: string
  readonly challenge: CodeChallenge | null
}

export async function mailConfirmation(
  inside: Queryable,
  context: AuthContext,
  { user, email, redirectTo, challenge }: Confirmation,
): Promise<AuthOutcome<null>> {
  const withCode = challenge !== null
  const sent = await mailLink(inside, context, {
    kind: 'signup',
    user,
    email,
    redirectTo,
    withCode,
  })
  if (sent.ok && challenge !== null) {
    await beginFlow(inside, { userId: user.id, method: 'email/signup' }, challenge)
  }
  return sent
}

/** Somebody without address or password: as real as others, until they are forgotten. */
export function signUpAnonymously(
  { database, granter }: AuthContext,
  data: Metadata,
  asker: Asker,
): Promise<Grant> {
  return database.tx(async (inside) => {
    const [row] = await inside.query<{ id: string }>(
      'insert into auth.users (is_anonymous, raw_user_meta_data) values (true, $1) returning id',
      [data],
    )
    const user = row === undefined ? null : await findUser(inside, row.id)
    if (user === null) throw new Error('the user was not added')
    return granter.begin(inside, user, { method: 'anonymous', asker })
  })
}

/** What a stranger sees of an address that is taken: as good as new, but without identities. */
function pretend({ email, data }: Newcomer): Readonly<Record<string, unknown>> {
  const now = new Date().toISOString()
  return {
    id: randomUUID(),
    aud: 'authenticated',
    role: '',
    email,
    phone: '',
    confirmation_sent_at: now,
    app_metadata: { provider: 'email', providers: ['email'] },
    user_metadata: data,
    identities: [],
    created_at: now,
    updated_at: now,
    is_anonymous: false,
  }
}

async function spendTime(inside: Queryable, password: string, cost: number): Promise<void> {
  await inside.query(`select extensions.crypt($1, extensions.gen_salt('bf', $2))`, [password, cost])
}
