import type { Grant } from './auth-grant.ts'
import type { AuthRefusal } from './auth-outcome.ts'

/** OAuth's word for a status, as GoTrue maps them. */
const words: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'unauthorized_client',
  403: 'access_denied',
  500: 'server_error',
  503: 'temporarily_unavailable',
}

/** With a session, in the fragment: no server sees it. */
export function backWithGrant(redirectTo: string, { body }: Grant, type: string): string {
  const names = ['access_token', 'expires_at', 'expires_in', 'refresh_token', 'token_type']
  const session = names.map((name): [string, string] => [name, String(body[name])])
  return withFragment(new URL(redirectTo), [...session, ['type', type]])
}

/** With a code, of use only to the client that began the flow. */
export function backWithCode(redirectTo: string, code: string): string {
  const url = new URL(redirectTo)
  url.searchParams.set('code', code)
  return url.href
}

export function backWithError(
  redirectTo: string,
  { status, code, message }: AuthRefusal,
  withCode: boolean,
): string {
  const word = words[status]
  const fields: [string, string][] = [
    ...(word === undefined ? [] : [['error', word] satisfies [string, string]]),
    ['error_code', code],
    ['error_description', message],
  ]
  return back(redirectTo, fields, withCode)
}

export function backWithMessage(redirectTo: string, message: string, withCode: boolean): string {
  return back(redirectTo, [['message', message]], withCode)
}

/** In the fragment, and for the PKCE flow in the query as well. */
function back(redirectTo: string, fields: [string, string][], withCode: boolean): string {
  const url = new URL(redirectTo)
  if (withCode) for (const [name, value] of fields) url.searchParams.set(name, value)
  return withFragment(url, fields)
}

/** `sb` tells a client that the fragment is meant for it. */
function withFragment(url: URL, fields: [string, string][]): string {
  url.hash = new URLSearchParams([...fields, ['sb', '']]).toString()
  return url.href
}
