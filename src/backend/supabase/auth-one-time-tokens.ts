import type { Queryable } from '../database/database.ts'
import { hashOfCode, hashOfLink, type TokenType } from './auth-links.ts'

/** What somebody brings to show that a mail reached them. */
export type Proof = { readonly link: string } | { readonly email: string; readonly code: string }

export interface TakenToken {
  readonly userId: string
  readonly type: TokenType
}

interface TokenRow {
  readonly id: string
  readonly user_id: string
  readonly token_type: TokenType
  readonly token_hash: string
  readonly fresh: boolean
}

/** After so many wrong codes only the link is left. */
const mostWrongTries = 10

/**
 * The one-time token that the proof is good for; it is gone afterwards. Wrong codes are counted, so
 * the caller commits the transaction also when there is none.
 */
export async function takeToken(
  inside: Queryable,
  proof: Proof,
  {
    types,
    lifetimeSeconds,
  }: { readonly types: readonly TokenType[]; readonly lifetimeSeconds: number },
): Promise<TakenToken | null> {
  const byLink = 'link' in proof
  const rows = await inside.query<TokenRow>(
    `select id, user_id, token_type, token_hash,
       created_at > clock_timestamp() - make_interval(secs => $3)
         and ($4 or wrong_tries < $5) as fresh
     from auth.one_time_tokens
     where token_type = any($2) and case when $4 then link_hash else relates_to end = $1
     for update`,
    [byLink ? hashOfLink(proof.link) : proof.email, types, lifetimeSeconds, byLink, mostWrongTries],
  )
  const fitting = rows.find(
    (row) => row.fresh && (byLink || row.token_hash === hashOfCode(proof.email, proof.code)),
  )
  if (fitting === undefined) {
    await inside.query(
      'update auth.one_time_tokens set wrong_tries = wrong_tries + 1 where id = any($1)',
      [byLink ? [] : rows.filter(({ fresh }) => fresh).map(({ id }) => id)],
    )
    return null
  }
  await inside.query('delete from auth.one_time_tokens where id = $1', [fitting.id])
  return { userId: fitting.user_id, type: fitting.token_type }
}
