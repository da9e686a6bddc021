import type { Database, Queryable } from '../database/database.ts'
import type { AuthOutcome, AuthRefusal } from './auth-outcome.ts'
import { refused } from './auth-outcome.ts'
import type { UserRow } from './auth-users.ts'

const refusal = (code: string, message: string): AuthRefusal => ({ status: 422, code, message })

const lastOne = refusal(
  'single_identity_not_deletable',
  'User must have at least 1 identity after unlinking',
)
const notTheirs = refusal('identity_not_found', `Identity doesn't exist`)

/** Notes that somebody came in through a provider. */
export async function recordIdentity(
  inside: Queryable,
  user: UserRow,
  provider: string,
): Promise<void> {
  const verified = user.email_confirmed_at !== null
  const facts = { sub: user.id, email: user.email, email_verified: verified, phone_verified: false }
  await inside.query(
    `insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at)
     values ($1::uuid, $1::uuid, $2, $3, now())
     on conflict (provider_id, provider) do update
       set identity_data = excluded.identity_data, last_sign_in_at = now(), updated_at = now()`,
    [user.id, facts, provider],
  )
  await listProviders(inside, user.id)
}

export function unlinkIdentity(
  database: Database,
  user: UserRow,
  identityId: string,
): Promise<AuthOutcome<null>> {
  return database.tx(async (inside) => {
    await inside.query('select 1 from auth.users where id = $1 for update', [user.id])
    const identities = await inside.query<{ id: string }>(
      'select id from auth.identities where user_id = $1',
      [user.id],
    )
    if (identities.length <= 1) return refused(lastOne)
    if (!identities.some(({ id }) => id === identityId)) return refused(notTheirs)
    await inside.query('delete from auth.identities where id = $1', [identityId])
    await listProviders(inside, user.id)
    return { ok: true, value: null }
  })
}

async function listProviders(inside: Queryable, userId: string): Promise<void> {
  await inside.query(
    `with listed as (
       select jsonb_agg(provider order by created_at) as providers
       from auth.identities where user_id = $1
     )
     update auth.users u set updated_at = now(), raw_app_meta_data = u.raw_app_meta_data
       || jsonb_build_object('provider', providers -> 0, 'providers', providers)
     from listed where u.id = $1 and providers is not null`,
    [userId],
  )
}
