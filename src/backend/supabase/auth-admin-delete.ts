import { createHash } from 'node:crypto'
import type { Queryable } from '../database/database.ts'
import type { UserRow } from './auth-users.ts'

/** Everything of the user's in `auth` goes; the end of each session is heard from its trigger. */
export async function deleteUser(inside: Queryable, id: string): Promise<void> {
  await inside.query('delete from auth.users where id = $1', [id])
}

/** As GoTrue: the row stays for what refers to it, and nothing in it names a person any more. */
export async function deleteUserSoftly(inside: Queryable, user: UserRow): Promise<void> {
  if (user.deleted_at !== null) return
  const hide = (text: string | null): string | null => (text ? obfuscate(user.id, text) : null)
  await inside.query(
    `update auth.users set deleted_at = now(), updated_at = now(), email = $2, phone = $3,
       email_change = '', encrypted_password = null, raw_app_meta_data = '{}', raw_user_meta_data = '{}'
     where id = $1`,
    [user.id, hide(user.email), hide(user.phone)?.slice(0, 15) ?? null],
  )
  for (const { identity_id: identityId, id: providerId } of user.identities) {
    await inside.query(
      `update auth.identities set provider_id = $2, identity_data = '{}', updated_at = now()
       where id = $1`,
      [identityId, obfuscate(user.id, String(providerId))],
    )
  }
  for (const table of ['mfa_factors', 'one_time_tokens', 'flow_state', 'sessions']) {
    await inside.query(`delete from auth.${table} where user_id = $1`, [user.id])
  }
}

function obfuscate(id: string, text: string): string {
  return createHash('sha256').update(`${id}${text}`).digest('base64url')
}
