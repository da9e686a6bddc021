import type { AuthContext } from './auth-context.ts'
import { refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { findUserByPassword, type UserRow } from './auth-users.ts'

/** By e-mail and password; wrong ones are counted, wherever they are typed. */
export async function recognise(
  { database, wrongPasswords }: Pick<AuthContext, 'database' | 'wrongPasswords'>,
  email: string,
  password: string,
): Promise<AuthOutcome<UserRow>> {
  if (wrongPasswords.tooMany(email)) return refused(refusals.tooMany)
  const user = await findUserByPassword(database, email, password)
  if (user === null) {
    wrongPasswords.add(email)
    return refused(refusals.wrongCredentials)
  }
  wrongPasswords.forget(email)
  if (user.banned) return refused(refusals.banned)
  if (user.email_confirmed_at === null) return refused(refusals.notConfirmed)
  return { ok: true, value: user }
}
