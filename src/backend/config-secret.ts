import { decodeJwt } from 'jose'
import type { Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'

const variable = 'SUPABASE_JWT_SECRET'
const leastBytes = 32
const whereItIs = "copy the JWT secret from the project's API settings"

/** The project's JWT secret, or null where none was given. @throws ConfigError */
export function checkJwtSecret(fromFile: string | undefined, env: Environment): string | null {
  const name = env[variable] === undefined ? 'auth.jwt_secret' : variable
  const secret = env[variable] ?? fromFile
  if (secret === undefined) return null
  if (secret.trim() === '') throw new ConfigError(`${name} is set, but empty: ${whereItIs}`)
  const key = nameKey(secret)
  if (key !== null) {
    throw new ConfigError(`${name} holds ${key}, which signs nothing: ${whereItIs}`)
  }
  if (Buffer.byteLength(secret, 'utf8') < leastBytes) {
    throw new ConfigError(`${name} is shorter than ${leastBytes} bytes`)
  }
  return secret
}

/** Which of a project's keys a text is; the commonest mistake is to take one for the secret (seed 002). */
export function nameKey(text: string): string | null {
  if (text.startsWith('sb_publishable_')) return 'a publishable key'
  if (text.startsWith('sb_secret_')) return 'a secret API key'
  if (text.split('.').length !== 3) return null
  try {
    const { role } = decodeJwt(text)
    if (role === 'anon') return 'the anon key'
    return role === 'service_role' ? 'the service_role key' : 'a token'
  } catch {
    return null
  }
}
