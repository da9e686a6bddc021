import { z } from 'zod'
import type { Queryable } from '../database/database.ts'
import { invalid, refused, type AuthOutcome } from './auth-outcome.ts'
import { userColumns, type UserRow } from './auth-users.ts'

const text = z.string().catch('')
const query = z.object({ page: text, per_page: text, sort: text, filter: text })

/** A page is read whole: this many users at most. */
const mostPerPage = 1_000
const usualPerPage = 50

export interface Listing {
  readonly page: number
  readonly perPage: number
  readonly direction: 'asc' | 'desc'
  /** Part of an e-mail address or a full name. */
  readonly filter: string
}

export function readListing(sent: unknown): AuthOutcome<Listing> {
  const { page, per_page: perPage, sort, filter } = query.parse(sent)
  const wrong = [page, perPage].find((count) => !/^\d{0,9}$/.test(count))
  if (wrong !== undefined) {
    const why = `strconv.ParseUint: parsing ${JSON.stringify(wrong.slice(0, 32))}: invalid syntax`
    return refused(invalid(`Bad Pagination Parameters: ${why}`))
  }
  const sorted = /^(?:created_at(?: (asc|desc))?)?$/i.exec(sort)
  if (sorted === null) {
    const field = JSON.stringify(sort.slice(0, 32))
    return refused(invalid(`Bad Sort Parameters: bad field for sort ${field}`))
  }
  const value: Listing = {
    page: Math.max(1, Number(page)),
    perPage: Math.min(mostPerPage, Number(perPage) || usualPerPage),
    direction: sorted[1]?.toLowerCase() === 'asc' ? 'asc' : 'desc',
    filter: filter.slice(0, 256),
  }
  return { ok: true, value }
}

export async function listUsers(
  queryable: Queryable,
  { page, perPage, direction, filter }: Listing,
): Promise<{ users: readonly UserRow[]; total: number }> {
  const which = `where $1 = '' or strpos(lower(u.email), lower($1)) > 0
    or strpos(lower(u.raw_user_meta_data ->> 'full_name'), lower($1)) > 0`
  const [counted] = await queryable.query<{ total: number }>(
    `select count(*)::int as total from auth.users u ${which}`,
    [filter],
  )
  const users = await queryable.query<UserRow>(
    `select ${userColumns} from auth.users u ${which}
     order by u.created_at ${direction}, u.id limit $2 offset $3`,
    [filter, perPage, (page - 1) * perPage],
  )
  return { users, total: counted?.total ?? 0 }
}

/** `Link` as auth-js cuts it up: `page` comes first. */
export function linkHeader({ page, perPage }: Listing, total: number): string {
  const last = Math.max(1, Math.ceil(total / perPage))
  const link = (to: number, rel: string): string =>
    `</admin/users?page=${to}&per_page=${perPage}>; rel="${rel}"`
  return [...(last > page ? [link(page + 1, 'next')] : []), link(last, 'last')].join(', ')
}
