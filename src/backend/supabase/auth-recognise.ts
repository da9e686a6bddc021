import type { AuthContext } from './auth-context.ts'
import { refusals, refused, type AuthOutcome } from './auth-outcome.ts'
import { findUserByPassword, type UserRow } from './auth-users.ts'

export interface Credentials {
  readonly email: string
  readonly password: string
  /** Where they come from. */
  readonly ip: string
}

/**
 * By e-mail and password; wrong ones are counted, wherever they are typed. Not for the address
 * alone: else anybody could keep its owner out by guessing.
 */
export async function recognise(
  { database, wrongPasswords }: Pick<AuthContext, 'database' | 'wrongPasswords'>,
  { email, password, ip }: Credentials,
): Promise<AuthOutcome<UserRow>> {
  const guesser = `${ip} ${email}`
  if (wrongPasswords.tooMany(guesser)) return refused(refusals.tooMany)
  const user = await findUserByPassword(database, email, password)
  // Those who guessed at the same time may have used up what there was.
  if (wrongPasswords.tooMany(guesser)) return refused(refusals.tooMany)
  if (user === null) {
    wrongPasswords.add(guesser)
    return refused(refusals.wrongCredentials)
  }
  wrongPasswords.forget(guesser)
  if (user.banned) return refused(refusals.banned)
  if (user.email_confirmed_at === null) return refused(refusals.notConfirmed)
  return { ok: true, value: user }
}
