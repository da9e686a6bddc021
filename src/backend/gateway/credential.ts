import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

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

/**
 * Who is at the other end. `X-Forwarded-For` counts only where a proxy of ours has written it, and
 * then its last entry: those before it are what the peer says.
 */
export function remoteAddress(message: IncomingMessage, behindProxy: boolean): string | null {
  const { 'x-forwarded-for': forwarded } = message.headers
  const last = behindProxy
    ? String(forwarded ?? '')
        .split(',')
        .at(-1)
        ?.trim()
    : undefined
  const address = last !== undefined && isIP(last) > 0 ? last : message.socket.remoteAddress
  return address?.replace(/^::ffff:(?=\d+\.)/, '') ?? null
}
