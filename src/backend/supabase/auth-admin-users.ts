import { randomBytes } from 'node:crypto'
import type { Queryable } from '../database/database.ts'
import type { UserChange } from './auth-admin-body.ts'
import { invalid, refused, type AuthOutcome, type AuthRefusal } from './auth-outcome.ts'
import { userColumns, type UserRow } from './auth-users.ts'

const unprocessable = (code: string, message: string): AuthRefusal => ({
  status: 422,
  code,
  message,
})
const nobody = invalid('Cannot create a user without either an email or phone')
export const emailTaken = unprocessable(
  'email_exists',
  'A user with this email address has already been registered',
)
const phoneTaken = unprocessable('phone_exists', 'Phone number already registered by another user')
const idTaken = unprocessable('user_already_exists', 'A user with this ID already exists')

export interface Maker {
  /** A transaction. */
  readonly inside: Queryable
  /** bcrypt's cost. */
  readonly passwordCost: number
}

/** Also one that was deleted softly. */
export async function findAnyUser(queryable: Queryable, id: string): Promise<UserRow | null> {
  const sql = `select ${userColumns} from auth.users u where u.id = $1`
  return (await queryable.query<UserRow>(sql, [id]))[0] ?? null
}

/** The id. Without a password of its own the user gets one that nobody knows. */
export async function createUser(maker: Maker, change: UserChange): Promise<AuthOutcome<string>> {
  const { inside } = maker
  const { id = null, email, phone, passwordHash } = change
  if (email === undefined && phone === undefined) return refused(nobody)
  const taken = await findTaken(inside, change, null)
  if (taken !== null) return refused(taken)
  const [row] = await inside.query<{ id: string }>(
    'insert into auth.users (id) values (coalesce($1::uuid, gen_random_uuid())) returning id',
    [id],
  )
  if (row === undefined) throw new Error('the user was not added')
  const kinds = { email, phone }
  const providers = Object.entries(kinds).flatMap(([kind, value]) => (value ? [kind] : []))
  const drawn = { password: change.password ?? randomBytes(32).toString('base64url') }
  await apply(maker, row.id, {
    ...change,
    ...(passwordHash === undefined ? drawn : {}),
    appMetadata: { provider: providers[0], providers, ...change.appMetadata },
  })
  return { ok: true, value: row.id }
}

export async function changeUser(
  maker: Maker,
  id: string,
  change: UserChange,
): Promise<AuthOutcome<string>> {
  const taken = await findTaken(maker.inside, { ...change, id: undefined }, id)
  if (taken !== null) return refused(taken)
  await apply(maker, id, change)
  await endWhatWasProven(maker.inside, id, change)
  return { ok: true, value: id }
}

/**
 * As GoTrue: another password ends every session. And what went to an address by mail is void when
 * the account has left that address, or got a password that whoever reads the mail does not know.
 */
async function endWhatWasProven(
  inside: Queryable,
  id: string,
  { email, password, passwordHash }: UserChange,
): Promise<void> {
  const newPassword = password !== undefined || passwordHash !== undefined
  if (!newPassword && email === undefined) return
  await inside.query('delete from auth.one_time_tokens where user_id = $1', [id])
  if (newPassword) await inside.query('delete from auth.sessions where user_id = $1', [id])
}

interface Wanted {
  readonly id?: string | undefined
  readonly email?: string | undefined
  readonly phone?: string | undefined
}

/** One who makes or renames users at a time, so that what is free stays free. */
async function findTaken(
  inside: Queryable,
  { id = null, email = null, phone = null }: { [Name in keyof Wanted]: Wanted[Name] | null },
  except: string | null,
): Promise<AuthRefusal | null> {
  if (email !== null) {
    await inside.query('select pg_advisory_xact_lock(hashtext(lower($1)))', [email])
  }
  const [taken] = await inside.query<{ email: boolean; phone: boolean; id: boolean }>(
    `select coalesce(bool_or(email = $1 and not is_sso_user), false) as email,
       coalesce(bool_or(phone = $2), false) as phone, coalesce(bool_or(id = $3), false) as id
     from auth.users where id is distinct from $4 and (email = $1 or phone = $2 or id = $3)`,
    [email, phone, id, except],
  )
  if (taken?.email) return emailTaken
  if (taken?.phone) return phoneTaken
  return taken?.id ? idTaken : null
}

async function apply({ inside, passwordCost }: Maker, id: string, change: UserChange) {
  const { email = null, phone = null, role = null, confirmEmail, confirmPhone } = change
  await inside.query(
    `update auth.users set updated_at = now(),
       email = coalesce($2, email), phone = coalesce($3, phone), role = coalesce($4, role),
       email_confirmed_at = case when $5 then coalesce(email_confirmed_at, now()) else email_confirmed_at end,
       phone_confirmed_at = case when $6 then coalesce(phone_confirmed_at, now()) else phone_confirmed_at end,
       is_anonymous = is_anonymous and not ($5 and $2 is not null) and not ($6 and $3 is not null)
     where id = $1`,
    [id, email, phone, role, confirmEmail, confirmPhone],
  )
  const facts = { email_verified: confirmEmail, phone_verified: confirmPhone }
  if (email !== null)
    await setIdentity(inside, { id, provider: 'email', facts: { email, ...facts } })
  if (phone !== null)
    await setIdentity(inside, { id, provider: 'phone', facts: { phone, ...facts } })
  const verified = confirmEmail ? { email_verified: true } : {}
  await merge(inside, id, ['raw_app_meta_data', change.appMetadata])
  await merge(inside, id, ['raw_user_meta_data', { ...change.userMetadata, ...verified }])
  await setPassword({ inside, passwordCost }, id, change)
  if (change.banMs !== undefined) await ban(inside, id, change.banMs)
}

interface Identity {
  readonly id: string
  readonly provider: 'email' | 'phone'
  readonly facts: Readonly<Record<string, unknown>>
}

async function setIdentity(inside: Queryable, { id, provider, facts }: Identity): Promise<void> {
  await inside.query(
    `insert into auth.identities (provider_id, user_id, identity_data, provider)
     values ($1::uuid, $1::uuid, $2::jsonb || jsonb_build_object('sub', $1::uuid), $3)
     on conflict (provider_id, provider) do update
       set identity_data = auth.identities.identity_data || excluded.identity_data, updated_at = now()`,
    [id, facts, provider],
  )
}

type Metadata = readonly [
  column: 'raw_app_meta_data' | 'raw_user_meta_data',
  data: Readonly<Record<string, unknown>>,
]

/** As GoTrue: key by key, and null takes a key away. */
async function merge(inside: Queryable, id: string, [column, data]: Metadata): Promise<void> {
  const entries = Object.entries(data)
  if (entries.length === 0) return
  const gone = entries.filter(([, value]) => value === null).map(([key]) => key)
  await inside.query(
    `update auth.users set ${column} = (${column} || $2::jsonb) - $3::text[] where id = $1`,
    [id, data, gone],
  )
}

async function setPassword(
  { inside, passwordCost }: Maker,
  id: string,
  { password, passwordHash }: UserChange,
): Promise<void> {
  if (passwordHash !== undefined) {
    const sql = 'update auth.users set encrypted_password = $2 where id = $1'
    await inside.query(sql, [id, passwordHash])
  } else if (password !== undefined) {
    const sql = `update auth.users
      set encrypted_password = extensions.crypt($2, extensions.gen_salt('bf', $3)) where id = $1`
    await inside.query(sql, [id, password, passwordCost])
  }
}

/** Whoever is banned is signed out at once. */
async function ban(inside: Queryable, id: string, banMs: number): Promise<void> {
  await inside.query(
    `update auth.users set banned_until =
       case when $2::float8 = 0 then null else now() + make_interval(secs => $2::float8 / 1000) end
     where id = $1`,
    [id, banMs],
  )
  if (banMs > 0) await inside.query('delete from auth.sessions where user_id = $1', [id])
}
