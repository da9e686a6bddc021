import type { Caller } from '../../database/database.ts'
import type { TokenCheck, TokenFault } from '../../tokens/token-check.ts'
import { RestError } from './rest-error.ts'

const leewaySeconds = 30

const faults: Readonly<Record<Exclude<TokenFault, 'segments'>, readonly [string, string]>> = {
  expired: ['PGRST303', 'JWT expired'],
  not_yet_valid: ['PGRST303', 'JWT not yet valid'],
  claim: ['PGRST303', 'Parsing claims failed'],
  signature: ['PGRST301', 'No suitable key or wrong key type'],
  key_unknown: ['PGRST301', 'No suitable key or wrong key type'],
  undecodable: ['PGRST301', "JWT couldn't be decoded"],
}

/** Whom a token makes the caller, in PostgREST's words if nobody. @throws RestError PGRST301, 303 */
export async function callerOf(token: string | null, check: TokenCheck): Promise<Caller> {
  if (token === null) throw refuse('PGRST301', 'Empty JWT is sent in Authorization header')
  const checked = await check.check(token, { leewaySeconds })
  if (!checked.ok) {
    if (checked.why === 'segments') {
      throw refuse('PGRST301', `Expected 3 parts in JWT; got ${checked.segments}`)
    }
    const [code, message] = faults[checked.why]
    throw refuse(code, message)
  }
  const { payload } = checked
  if (typeof payload.iat === 'number' && payload.iat > Date.now() / 1_000 + leewaySeconds) {
    throw refuse('PGRST303', 'JWT issued at future')
  }
  const role = payload.role ?? 'anon'
  if (role !== 'anon' && role !== 'authenticated' && role !== 'service_role') {
    throw new RestError(403, { code: '42501', message: 'permission denied to set role' })
  }
  return { role, claims: { ...payload, role } }
}

function refuse(code: string, message: string): RestError {
  const challenge = `Bearer error="invalid_token", error_description=${JSON.stringify(message)}`
  return new RestError(401, { code, message }, { 'www-authenticate': challenge })
}
