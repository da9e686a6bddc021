import { parseCookie, stringifySetCookie } from 'cookie'
import type { IncomingHttpHeaders } from 'node:http'

const sessionCookie = 'sb_session'
const refreshCookie = 'sb_refresh'
/** The refresh token goes nowhere else. */
const refreshPath = '/api/auth/session'
/** Longer ones are nobody's honest work, and parsing takes time. */
const longestHeader = 16 * 1024

export interface SessionCookies {
  readonly session: string | null
  readonly refresh: string | null
}

/** Both as sent; null where there is none. */
export function readCookies({ cookie = '' }: IncomingHttpHeaders): SessionCookies {
  if (cookie.length > longestHeader) return { session: null, refresh: null }
  const found = parseCookie(cookie)
  return { session: found[sessionCookie] ?? null, refresh: found[refreshCookie] ?? null }
}

/** What a session is known by from here on; lifetimes in seconds. */
export interface CookieValues {
  readonly session: string
  readonly sessionSeconds: number
  readonly refresh: string
  readonly refreshSeconds: number
}

/** Two `Set-Cookie` headers. Null takes both back. */
export function writeCookies(values: CookieValues | null, secure: boolean): readonly string[] {
  const shared = { httpOnly: true, secure, sameSite: 'lax' } as const
  const { session = '', sessionSeconds = 0, refresh = '', refreshSeconds = 0 } = values ?? {}
  return [
    stringifySetCookie({
      ...shared,
      name: sessionCookie,
      value: session,
      path: '/',
      maxAge: sessionSeconds,
    }),
    stringifySetCookie({
      ...shared,
      name: refreshCookie,
      value: refresh,
      path: refreshPath,
      maxAge: refreshSeconds,
    }),
  ]
}
