import { createHash, randomBytes, randomInt } from 'node:crypto'
import type { Queryable } from '../database/database.ts'
import type { AuthContext } from './auth-context.ts'

/** What a mail is for. */
export type LinkKind =
  | 'signup'
  | 'invite'
  | 'magiclink'
  | 'recovery'
  | 'email_change_current'
  | 'email_change_new'
  | 'reauthentication'

export interface LinkRequest {
  readonly kind: LinkKind
  readonly userId: string
  /** The address that proves itself by following the link. */
  readonly email: string
  /** Where the link leads in the end: chosen by `chooseRedirect`. */
  readonly redirectTo: string
  /** Whether it leads back with a code (PKCE) and not with a session. */
  readonly withCode?: boolean
}

/** A code to type and a link to follow; either is good once, and takes the other with it. */
export interface Link {
  readonly code: string
  /** What the link carries; `verifyOtp` takes it as `token_hash`. */
  readonly token: string
  readonly url: string
}

export type TokenType =
  | 'confirmation_token'
  | 'recovery_token'
  | 'reauthentication_token'
  | 'email_change_token_new'
  | 'email_change_token_current'

interface KindFacts {
  readonly token: TokenType
  /** The columns that remember when it went out. */
  readonly sentAt: readonly string[]
  /** `type` in the link. */
  readonly verifies: string
}

const kinds: Readonly<Record<LinkKind, KindFacts>> = {
  signup: { token: 'confirmation_token', sentAt: ['confirmation_sent_at'], verifies: 'signup' },
  invite: {
    token: 'confirmation_token',
    sentAt: ['confirmation_sent_at', 'invited_at'],
    verifies: 'invite',
  },
  magiclink: { token: 'recovery_token', sentAt: ['recovery_sent_at'], verifies: 'magiclink' },
  recovery: { token: 'recovery_token', sentAt: ['recovery_sent_at'], verifies: 'recovery' },
  email_change_current: {
    token: 'email_change_token_current',
    sentAt: ['email_change_sent_at'],
    verifies: 'email_change',
  },
  email_change_new: {
    token: 'email_change_token_new',
    sentAt: ['email_change_sent_at'],
    verifies: 'email_change',
  },
  reauthentication: {
    token: 'reauthentication_token',
    sentAt: ['reauthentication_sent_at'],
    verifies: 'reauthentication',
  },
}

/** In a link of the PKCE flow (GoTrue). */
const codePrefix = 'pkce_'

export const leadsBackWithCode = (token: string): boolean => token.startsWith(codePrefix)

/** A new code and link; an earlier one of the same purpose is void from now on. */
export async function createLink(
  inside: Queryable,
  { config, issuerUrl }: Pick<AuthContext, 'config' | 'issuerUrl'>,
  { kind, userId, email, redirectTo, withCode = false }: LinkRequest,
): Promise<Link> {
  const { token: tokenType, sentAt, verifies } = kinds[kind]
  const { codeLength } = config.email
  const code = String(randomInt(10 ** codeLength)).padStart(codeLength, '0')
  const token = `${withCode ? codePrefix : ''}${randomBytes(28).toString('hex')}`
  await inside.query(
    `insert into auth.one_time_tokens (user_id, token_type, token_hash, link_hash, relates_to)
     values ($1, $2, $3, $4, $5)
     on conflict (user_id, token_type) do update set
       token_hash = excluded.token_hash, link_hash = excluded.link_hash,
       relates_to = excluded.relates_to, wrong_tries = 0,
       created_at = excluded.created_at, updated_at = excluded.updated_at`,
    [userId, tokenType, hashOfCode(email, code), hashOfLink(token), email],
  )
  const columns = sentAt.map((column) => `${column} = clock_timestamp()`).join(', ')
  await inside.query(`update auth.users set ${columns} where id = $1`, [userId])
  const query = new URLSearchParams({ token, type: verifies, redirect_to: redirectTo })
  return { code, token, url: `${issuerUrl()}/verify?${query.toString()}` }
}

/** As GoTrue's `token_hash`. */
export function hashOfCode(email: string, code: string): string {
  return createHash('sha224').update(`${email}${code}`).digest('hex')
}

export function hashOfLink(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
