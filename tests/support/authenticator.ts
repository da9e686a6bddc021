import { Secret, TOTP } from 'otpauth'

/** The code that an authenticator app shows now, or so many steps of thirty seconds from now. */
export function codeNow(secret: string, steps = 0): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), digits: 6, period: 30 })
  return totp.generate({ timestamp: Date.now() + steps * 30_000 })
}
