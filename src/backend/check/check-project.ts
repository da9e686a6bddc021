import { createClient } from 'redis'
import { explainKeys } from '../alone.ts'
import type { VerifierKeys } from '../tokens/verifier.ts'
import { fail, pass, skip, type Finding } from './finding.ts'

const withinMs = 10_000

export async function checkKeys(keys: VerifierKeys): Promise<Finding> {
  const what = 'signing keys'
  if (keys.algorithm === 'HS256')
    return pass(what, 'HS256 by the JWT secret; whether it is the right one, a token shows')
  if (keys.algorithm === 'listed')
    return pass(what, `${keys.keyring.algorithms.join(', ')} by the list of keys`)
  const why = await explainKeys(keys)
  if (why !== null) return fail(what, why)
  return pass(
    what,
    keys.jwks instanceof URL ? `${keys.algorithm} by ${keys.jwks.origin}` : keys.algorithm,
  )
}

/** Whether the auth server of a project answers at all. */
export async function checkAuthServer(url: string, key: string | null): Promise<Finding> {
  const what = 'auth server'
  const answer = await ask(`${url}/auth/v1/health`, key === null ? {} : headersFor(key))
  if (typeof answer === 'string') {
    return fail(what, `${url} cannot be reached (${answer}): check SUPABASE_URL and the network`)
  }
  // Without a key a hosted project refuses, which only what is there can do.
  if (answer === 200 || (key === null && answer === 401)) return pass(what, `${url} answers`)
  return fail(what, `${url}/auth/v1/health answers ${answer}: check SUPABASE_URL`)
}

/** Asks for what only a service key is given. */
export async function checkServiceKey(url: string, key: string | null): Promise<Finding> {
  const what = 'service key'
  if (key === null) return skip(what, 'none was given')
  const answer = await ask(`${url}/auth/v1/admin/users?page=1&per_page=1`, headersFor(key))
  if (answer === 200) return pass(what, 'is taken as one')
  if (typeof answer === 'string') return skip(what, 'the auth server cannot be reached')
  return fail(
    what,
    `the project refuses it (${answer}): copy the secret key from the API settings of this very project`,
  )
}

/** As supabase-js sends it. */
function headersFor(key: string): Record<string, string> {
  return { apikey: key, authorization: `Bearer ${key}` }
}

/** The status, or a word for why there is none. */
async function ask(url: string, headers: Record<string, string>): Promise<number | string> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(withinMs) })
    await response.body?.cancel()
    return response.status
  } catch (error) {
    if (!(error instanceof Error)) return 'no answer'
    if (error.name === 'TimeoutError') return 'no answer in time'
    return error.cause instanceof Error && 'code' in error.cause
      ? String(error.cause.code)
      : 'no answer'
  }
}

export async function checkRedis(url: string | null): Promise<Finding> {
  const what = 'Redis'
  if (url === null) return skip(what, 'REDIS_URL is not set: this gateway is the only one')
  const client = createClient({
    url,
    socket: { reconnectStrategy: false, connectTimeout: withinMs },
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.ping()
    await client.close()
    return pass(what, 'answers')
  } catch (error) {
    client.destroy()
    const words = error instanceof Error ? error.message.replaceAll(url, 'it') : 'no answer'
    const wrong = /WRONGPASS|NOAUTH/.test(words)
    return fail(
      what,
      wrong
        ? 'it refuses the password: check REDIS_URL'
        : `it cannot be reached (${words}): check REDIS_URL, and that it runs`,
    )
  }
}
