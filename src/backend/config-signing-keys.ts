import type { JWK } from 'jose'
import { z } from 'zod'
import { ConfigError } from './config-error.ts'

const name = 'auth.signing_keys_path'
const text = z.string().min(1)
const shared = { kid: text, key_ops: z.array(z.string()).optional() }
const curve = z.looseObject({
  ...shared,
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  alg: z.literal('ES256'),
  x: text,
  y: text,
  d: text,
})
const rsa = z.looseObject({
  ...shared,
  kty: z.literal('RSA'),
  alg: z.literal('RS256'),
  n: text,
  e: text,
  d: text,
})
const symmetric = z.looseObject({
  ...shared,
  kty: z.literal('oct'),
  alg: z.literal('HS256'),
  k: text,
})
const schema = z.array(z.discriminatedUnion('kty', [curve, rsa, symmetric])).min(1)

/** 32 bytes as base64url writes them. */
const leastSymmetricLength = 43

/**
 * The file that `supabase gen signing-key` writes: a list of private JWKs.
 * @throws ConfigError, which never repeats a key
 */
export function parseSigningKeys(path: string, read: (path: string) => string): readonly JWK[] {
  const keys = readKeys(path, read)
  const parsed = schema.safeParse(keys)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const [index, field] = issue?.path ?? []
    const place = index === undefined ? '' : ` at key ${Number(index) + 1}`
    const what = field === undefined ? '' : `, "${String(field)}"`
    throw new ConfigError(
      `${name}: not a list of private JWKs with kid and alg (ES256, RS256 or HS256)${place}${what}`,
    )
  }
  const ids = parsed.data.map(({ kid }) => kid)
  if (new Set(ids).size < ids.length) throw new ConfigError(`${name}: two keys have the same kid`)
  if (parsed.data.some((key) => key.kty === 'oct' && key.k.length < leastSymmetricLength)) {
    throw new ConfigError(`${name}: an HS256 key is shorter than 32 bytes`)
  }
  return parsed.data as readonly JWK[]
}

function readKeys(path: string, read: (path: string) => string): unknown {
  let words: string
  try {
    words = read(path)
  } catch {
    throw new ConfigError(`${name}: the file ${path} cannot be read`)
  }
  try {
    return JSON.parse(words)
  } catch {
    throw new ConfigError(`${name}: the file ${path} is not JSON`)
  }
}
