import type { IncomingHttpHeaders } from 'node:http'

/** The bearer token of a request, or null. */
export function bearerToken(headers: IncomingHttpHeaders): string | null {
  const match = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')
  return match?.[1] ?? null
}

/**
 * The token of a socket: the header, or else `?token=` as the first such parameter
 * (gateway-protocol §1). `rawQuery` is what stands after the question mark.
 */
export function socketToken(headers: IncomingHttpHeaders, rawQuery: string): string | null {
  return bearerToken(headers) ?? new URLSearchParams(rawQuery).get('token')
}
