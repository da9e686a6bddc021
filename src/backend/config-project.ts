import type { Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'
import { toHttpUrl } from './config-places.ts'
import { checkJwtSecret, nameKey } from './config-secret.ts'
import type { VerifierKeys } from './tokens/verifier.ts'

/** Somebody else's Supabase, of which this process is only the gateway. */
export interface Project {
  /** Without a slash at the end; null where it was not named. */
  readonly url: string | null
  /** Passes by row level security; null where none was given. */
  readonly serviceKey: string | null
  readonly keys: VerifierKeys
}

const algorithms = ['ES256', 'RS256'] as const
const modes = ['whole', 'gateway'] as const

/** By variables only. Null: the backend serves a Supabase of its own. @throws ConfigError */
export function readProject(env: Environment): Project | null {
  const mode = modes.find((each) => each === (given(env, 'SIGNALBOX_MODE') ?? each))
  if (mode === undefined) throw new ConfigError(`SIGNALBOX_MODE is neither ${modes.join(' nor ')}`)
  const named = given(env, 'SIGNALBOX_MODE') !== null
  const url = given(env, 'SUPABASE_URL')
  if (named ? mode === 'whole' : url === null) return null
  const origin = url === null ? null : trim(toHttpUrl(url, 'SUPABASE_URL'))
  return { url: origin, serviceKey: readServiceKey(env), keys: chooseKeys(env, origin) }
}

function given(env: Environment, name: string): string | null {
  const text = env[name] ?? ''
  return text === '' ? null : text
}

function trim(url: URL): string {
  if (/\/(?:auth|rest|realtime)\/v1/.test(url.pathname)) {
    throw new ConfigError('SUPABASE_URL names one service: leave out /auth/v1 and what follows')
  }
  if (url.username !== '' || url.search !== '') {
    throw new ConfigError('SUPABASE_URL holds more than an address: leave out user and query')
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** @throws ConfigError naming what was given instead, never repeating it */
function readServiceKey(env: Environment): string | null {
  const names = ['SUPABASE_SECRET_KEY', 'SUPABASE_SERVICE_ROLE_KEY']
  const name = names.find((each) => given(env, each) !== null) ?? ''
  const key = given(env, name)
  if (key === null) return null
  const kind = nameKey(key)
  if (kind === 'a secret API key' || kind === 'the service_role key') return key
  throw new ConfigError(
    `${name} holds ${kind ?? 'no API key'}: copy the secret or service_role key from the project's API settings`,
  )
}

/** The secret where one is given, otherwise the project's listed keys. */
function chooseKeys(env: Environment, origin: string | null): VerifierKeys {
  const secret = checkJwtSecret(undefined, env)
  const listed = given(env, 'SUPABASE_JWKS_URL')
  if (secret !== null) {
    if (listed === null) return { algorithm: 'HS256', secret }
    throw new ConfigError(
      'SUPABASE_JWT_SECRET and SUPABASE_JWKS_URL are both set: tokens are signed one way; leave one of them out',
    )
  }
  if (listed === null && origin === null) {
    throw new ConfigError(
      'there is nothing to check tokens with: set SUPABASE_URL or SUPABASE_JWKS_URL (signing keys), or SUPABASE_JWT_SECRET (the legacy secret)',
    )
  }
  const word = given(env, 'SUPABASE_JWT_ALGORITHM') ?? 'ES256'
  const algorithm = algorithms.find((each) => each === word)
  if (algorithm === undefined) {
    throw new ConfigError(
      `SUPABASE_JWT_ALGORITHM is neither ${algorithms.join(' nor ')}; HS256 is chosen by setting SUPABASE_JWT_SECRET`,
    )
  }
  const jwks = listed ?? `${origin ?? ''}/auth/v1/.well-known/jwks.json`
  return { algorithm, jwks: toHttpUrl(jwks, 'SUPABASE_JWKS_URL') }
}
