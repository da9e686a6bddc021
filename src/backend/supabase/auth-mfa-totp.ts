import { generate } from 'lean-qr'
import { toSvgSource } from 'lean-qr/extras/svg'
import { Secret, TOTP } from 'otpauth'

/** What an authenticator app is given once. */
export interface TotpSetup {
  readonly secret: string
  readonly uri: string
  /** SVG, without an XML declaration: auth-js makes a `data:` URI of it. */
  readonly qrCode: string
}

const secretBytes = 20
/** As every authenticator app assumes: SHA-1, six digits, thirty seconds. */
const common = { algorithm: 'SHA1', digits: 6, period: 30 }

export function drawTotp(issuer: string, account: string): TotpSetup {
  const secret = new Secret({ size: secretBytes })
  const uri = new TOTP({ ...common, issuer, label: account, secret }).toString()
  const qrCode = toSvgSource(generate(uri), { on: 'black', off: 'white', pad: 4, scale: 3 })
  return { secret: secret.base32, uri, qrCode }
}

/** The time step whose code this is, at most one away from now; null for no such step. */
export function stepOf(code: string, secret: string, nowMs: number = Date.now()): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const totp = new TOTP({ ...common, secret: Secret.fromBase32(secret) })
  const delta = totp.validate({ token: code, timestamp: nowMs, window: 1 })
  return delta === null ? null : TOTP.counter({ period: common.period, timestamp: nowMs }) + delta
}
