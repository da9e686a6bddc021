import type { Queryable } from '../database/database.ts'
import type { UserRow } from './auth-users.ts'

/** The address is theirs: they have followed a link, or typed a code, that went to it. */
export async function confirmUser(inside: Queryable, user: UserRow): Promise<void> {
  await inside.query('delete from auth.one_time_tokens where user_id = $1', [user.id])
  if (user.email_confirmed_at !== null) return
  const verified = { email_verified: true }
  await inside.query(
    `update auth.users set email_confirmed_at = now(), updated_at = now(),
       raw_user_meta_data = raw_user_meta_data || $2
     where id = $1`,
    [user.id, verified],
  )
  await inside.query(
    `update auth.identities set identity_data = identity_data || $3, updated_at = now()
     where user_id = $1 and provider = 'email' and email = $2`,
    [user.id, user.email, verified],
  )
}

/** The user moves to `email`; somebody anonymous becomes somebody. Nobody else has the address. */
export async function changeEmail(inside: Queryable, user: UserRow, email: string): Promise<void> {
  const facts = { sub: user.id, email, email_verified: true }
  await inside.query('delete from auth.one_time_tokens where user_id = $1', [user.id])
  await inside.query(
    `insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at)
     values ($1::uuid::text, $1::uuid, $2::jsonb || '{"phone_verified": false}', 'email', now())
     on conflict (provider_id, provider) do update set
       identity_data = auth.identities.identity_data || $2::jsonb, updated_at = now()`,
    [user.id, facts],
  )
  await inside.query(
    `with theirs as (
       select jsonb_agg(provider order by created_at) as providers
       from auth.identities where user_id = $1
     )
     update auth.users set
       email = $2, email_confirmed_at = now(), is_anonymous = false, updated_at = now(),
       email_change = '', email_change_confirm_status = 0,
       raw_user_meta_data = raw_user_meta_data || $3::jsonb,
       raw_app_meta_data = '{"provider": "email"}'::jsonb || raw_app_meta_data
         || jsonb_build_object('providers', (select providers from theirs))
     where id = $1`,
    [user.id, email, facts],
  )
}

/** Whether the address is another user's. Locks it until the transaction ends. */
export async function isTaken(inside: Queryable, email: string, userId: string): Promise<boolean> {
  await inside.query('select pg_advisory_xact_lock(hashtext(lower($1)))', [email])
  const rows = await inside.query(
    'select 1 from auth.users where email = lower($1) and id <> $2 and not is_sso_user',
    [email, userId],
  )
  return rows.length > 0
}
