import { createHmac } from 'node:crypto'

/** How a gateway checks a token: with which secret, by which clock, and with how much patience. */
export interface TokenCheck {
  readonly secret: Buffer
  readonly now: () => number
  readonly leewayS?: number
}

/** Why a token is refused (gateway-protocol §1), or null. HS256 alone, whatever the token says. */
export function refusalOf(
  token: string | null,
  { secret, now, leewayS = 0 }: TokenCheck,
): string | null {
  if (token === null) return 'token_missing'
  const [head = '', body = '', signature = '', ...more] = token.split('.')
  const claims = decode(body)
  if (claims === null || signature === '' || more.length > 0) return 'token_malformed'
  const proper = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')
  if (decode(head)?.alg !== 'HS256' || signature !== proper) return 'token_signature'
  if (claims.role !== 'authenticated') return 'token_wrong_kind'
  const nowS = now() / 1_000
  if (Number(claims.exp) + leewayS <= nowS) return 'token_expired'
  return Number(claims.nbf ?? 0) - leewayS > nowS ? 'token_not_yet_valid' : null
}

function decode(part: string): Record<string, unknown> | null {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  } catch {
    return null
  }
}
