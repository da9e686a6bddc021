import type { Limit } from './request-query.ts'
import { refusals } from './rest-error.ts'

/** `Range: 0-9`, beside `limit` and `offset`: the narrower of both. @throws RestError PGRST103 */
export function narrow(limit: Limit, header: string | undefined): Limit {
  const found = /^(?:items=)?([0-9]{1,15})-([0-9]{0,15})$/.exec(header ?? '')
  if (found === null) return limit
  const from = Number(found[1])
  const to = found[2] === '' ? Infinity : Number(found[2])
  if (from > to) {
    throw refusals.range(
      'The lower boundary must be lower than or equal to the upper boundary in the Range header.',
    )
  }
  const first = Math.max(from, limit.offset)
  const last = Math.min(to, limit.limit === null ? Infinity : limit.offset + limit.limit - 1)
  return { offset: first, limit: last === Infinity ? null : Math.max(0, last - first + 1) }
}

export interface Page {
  readonly status: 200 | 206
  readonly contentRange: string
}

/** @throws RestError PGRST103 for an offset beyond the total */
export function pageOf(offset: number, rows: number, total: number | null): Page {
  if (total !== null && offset > total) {
    throw refusals.range(`An offset of ${offset} was requested, but there are only ${total} rows.`)
  }
  const status = total !== null && rows < total ? 206 : 200
  return { status, contentRange: `${span(offset, rows)}/${total ?? '*'}` }
}

/** How many rows were changed; never a part of something. */
export function wholePage(rows: number, total: number | null): string {
  return `${span(0, rows)}/${total ?? '*'}`
}

function span(offset: number, rows: number): string {
  return rows === 0 ? '*' : `${offset}-${offset + rows - 1}`
}
