import type { Queryable } from '../database/database.ts'

/** A row of `auth.users` with its identities, as the auth routes need it. */
export interface UserRow {
  readonly id: string
  readonly aud: string
  readonly role: string
  readonly email: string | null
  readonly phone: string | null
  readonly email_confirmed_at: Date | null
  readonly confirmed_at: Date | null
  readonly last_sign_in_at: Date | null
  readonly raw_app_meta_data: Record<string, unknown>
  readonly raw_user_meta_data: Record<string, unknown>
  readonly banned: boolean
  readonly banned_until: Date | null
  readonly deleted_at: Date | null
  readonly is_anonymous: boolean
  readonly created_at: Date
  readonly updated_at: Date
  readonly identities: readonly IdentityRow[]
  readonly factors: readonly FactorRow[]
  readonly invited_at: Date | null
  readonly confirmation_sent_at: Date | null
  readonly recovery_sent_at: Date | null
  readonly reauthentication_sent_at: Date | null
  /** The address that is to replace the present one; empty when none is. */
  readonly email_change: string
  readonly email_change_sent_at: Date | null
  /** 1 when one of two addresses has confirmed the change. */
  readonly email_change_confirm_status: number
}

type IdentityRow = Readonly<Record<string, unknown>>
type FactorRow = Readonly<Record<string, unknown>>

/** Of `auth.users u`, what `UserRow` has. */
export const userColumns = `
  u.id, u.aud, u.role, u.email, u.phone, u.email_confirmed_at, u.confirmed_at, u.last_sign_in_at,
  u.raw_app_meta_data, u.raw_user_meta_data, u.is_anonymous, u.created_at, u.updated_at,
  coalesce(u.banned_until > now(), false) as banned, u.banned_until, u.deleted_at,
  u.invited_at, u.confirmation_sent_at, u.recovery_sent_at, u.reauthentication_sent_at,
  u.email_change, u.email_change_sent_at, u.email_change_confirm_status,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id,
      'identity_data', i.identity_data, 'provider', i.provider,
      'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
      'updated_at', i.updated_at, 'email', i.email) order by i.created_at)
    from auth.identities i where i.user_id = u.id
  ), '[]') as identities,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'id', f.id, 'status', f.status, 'friendly_name', coalesce(f.friendly_name, ''),
      'factor_type', f.factor_type, 'phone', coalesce(f.phone, ''),
      'last_challenged_at', f.last_challenged_at, 'created_at', f.created_at,
      'updated_at', f.updated_at) order by f.created_at)
    from auth.mfa_factors f where f.user_id = u.id
  ), '[]') as factors`

export async function findUser(queryable: Queryable, id: string): Promise<UserRow | null> {
  const sql = `select ${userColumns} from auth.users u where u.id = $1 and u.deleted_at is null`
  return (await queryable.query<UserRow>(sql, [id]))[0] ?? null
}

/** Nobody else changes, or mails, this user until the transaction ends. */
export async function lockUserByEmail(inside: Queryable, email: string): Promise<UserRow | null> {
  const [row] = await inside.query<{ id: string }>(
    `select id from auth.users
     where email = lower($1) and not is_sso_user and deleted_at is null for update`,
    [email],
  )
  return row === undefined ? null : findUser(inside, row.id)
}

/** As `lockUserByEmail`, for somebody already known. */
export async function lockUser(inside: Queryable, id: string): Promise<UserRow | null> {
  await inside.query('select 1 from auth.users where id = $1 for update', [id])
  return findUser(inside, id)
}

/** Verifies in PostgreSQL (bcrypt), so that a slow hash never holds up the event loop. */
export async function findUserByPassword(
  queryable: Queryable,
  email: string,
  password: string,
): Promise<UserRow | null> {
  const sql = `
    select ${userColumns}, u.encrypted_password = extensions.crypt($2, u.encrypted_password) as matches
    from auth.users u
    where u.email = lower($1) and not u.is_sso_user and u.deleted_at is null
      and u.encrypted_password is not null`
  const [user] = await queryable.query<UserRow & { matches: boolean }>(sql, [email, password])
  if (user === undefined) {
    // An unknown address takes as long as a wrong password.
    await queryable.query(`select extensions.crypt($1, extensions.gen_salt('bf', 10))`, [password])
    return null
  }
  return user.matches ? user : null
}

export interface NewUser {
  readonly email: string
  /** Null is none: the user signs in by mail, or sets one later. */
  readonly password: string | null
  /** Whether the address counts as theirs at once; it does unless this says otherwise. */
  readonly confirmed?: boolean
  readonly appMetadata: Readonly<Record<string, unknown>>
  readonly userMetadata: Readonly<Record<string, unknown>>
  /** bcrypt's cost; 10 is Supabase's. */
  readonly passwordCost: number
}

/** A user with an e-mail identity; the id. */
export async function addUser(queryable: Queryable, user: NewUser): Promise<string> {
  const { email, password, confirmed = true, passwordCost, userMetadata } = user
  const app = { provider: 'email', providers: ['email'], ...user.appMetadata }
  const [row] = await queryable.query<{ id: string }>(
    `insert into auth.users
       (email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data)
     values (lower($1), extensions.crypt($2, extensions.gen_salt('bf', $3)),
       case when $6 then now() end, $4, $5)
     returning id`,
    [email, password, passwordCost, app, userMetadata, confirmed],
  )
  if (row === undefined) throw new Error('the user was not added')
  const facts = { sub: row.id, email, email_verified: confirmed, phone_verified: false }
  await queryable.query(
    `with data as (select $2::jsonb || $3::jsonb as facts)
     , kept as (
       update auth.users set raw_user_meta_data = (select facts from data) where id = $1::uuid
     )
     insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at)
     select $1, $1::uuid, facts, 'email', now() from data`,
    [row.id, userMetadata, facts],
  )
  return row.id
}

/** The user as GoTrue writes it (supabase.md §1). */
export function userBody(user: UserRow): Readonly<Record<string, unknown>> {
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? '',
    ...moment('email_confirmed_at', user.email_confirmed_at),
    ...moment('invited_at', user.invited_at),
    phone: user.phone ?? '',
    ...moment('confirmation_sent_at', user.confirmation_sent_at),
    ...moment('confirmed_at', user.confirmed_at),
    ...moment('recovery_sent_at', user.recovery_sent_at),
    ...(user.email_change === '' ? {} : { new_email: user.email_change }),
    ...moment('email_change_sent_at', user.email_change_sent_at),
    ...moment('reauthentication_sent_at', user.reauthentication_sent_at),
    ...moment('last_sign_in_at', user.last_sign_in_at),
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    ...(user.factors.length === 0 ? {} : { factors: user.factors }),
    identities: user.identities,
    created_at: user.created_at.toISOString(),
    updated_at: user.updated_at.toISOString(),
    ...moment('banned_until', user.banned_until),
    ...moment('deleted_at', user.deleted_at),
    is_anonymous: user.is_anonymous,
  }
}

/** GoTrue leaves out a moment that has not come. */
function moment(name: string, at: Date | null): Record<string, string> {
  return at === null ? {} : { [name]: at.toISOString() }
}
