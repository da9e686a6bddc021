import { decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { createIssuer } from '../../../../src/backend/tokens/issuer.ts'
import { createTokenCheck } from '../../../../src/backend/tokens/token-check.ts'
import { createVerifier } from '../../../../src/backend/tokens/verifier.ts'

const secret = 'a-secret-of-at-least-thirty-two-bytes'
const bytes = Buffer.alloc(32, 7)

async function key(kid: string, alg: string, more: Partial<JWK> = {}): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), kid, alg, ...more }
}

const symmetric: JWK = { kty: 'oct', kid: 'old', alg: 'HS256', k: bytes.toString('base64url') }
const claims = () => ({
  sub: 'user',
  aud: 'authenticated',
  role: 'authenticated',
  session_id: 'session',
  app_metadata: { tenant_id: 'acme' },
  iat: Math.floor(Date.now() / 1_000),
  exp: Math.floor(Date.now() / 1_000) + 60,
})

let elliptic: JWK
let rsa: JWK

beforeAll(async () => {
  elliptic = await key('new', 'ES256', { key_ops: ['sign', 'verify'] })
  rsa = await key('older', 'RS256', { key_ops: ['verify'] })
})

/** The same project with another of its keys in front. */
const issuerOf = (...keys: JWK[]) => createIssuer({ algorithm: 'listed', privateKeys: keys })

async function judges(keys: readonly JWK[]) {
  const issuer = await issuerOf(...keys)
  const { jwks, keyring, verifierKeys } = issuer
  const verifier = createVerifier({
    keys: verifierKeys,
    tenantClaim: 'app_metadata.tenant_id',
    leewaySeconds: 0,
    sessionAlive: () => Promise.resolve(true),
  })
  return { issuer, verifier, check: createTokenCheck({ jwks, secret, keyring }) }
}

describe('a list of signing keys', () => {
  it('signs with the one that may, and lists no symmetric or private part', async () => {
    const { issuer } = await judges([rsa, elliptic, symmetric])
    const header = decodeProtectedHeader(await issuer.sign(claims()))
    expect(header).toEqual({ typ: 'JWT', alg: 'ES256', kid: 'new' })
    expect(issuer.jwks.keys.map(({ kid }) => kid)).toEqual(['older', 'new'])
    for (const each of issuer.jwks.keys) {
      expect(each).not.toHaveProperty('d')
      expect(each).not.toHaveProperty('k')
      expect(each).not.toHaveProperty('p')
    }
  })

  it('signs with the first where several may', async () => {
    const issuer = await issuerOf({ ...rsa, key_ops: ['sign'] }, elliptic)
    expect(decodeProtectedHeader(await issuer.sign(claims())).kid).toBe('older')
  })

  it('believes every key of the list, before and after a rotation', async () => {
    const { verifier, check } = await judges([elliptic, rsa, symmetric])
    for (const one of [elliptic, { ...rsa, key_ops: ['sign'] }, symmetric]) {
      const token = await (await issuerOf(one)).sign(claims())
      expect(await verifier.verify(token)).toMatchObject({ ok: true })
      expect(await check.check(token)).toMatchObject({ ok: true })
    }
  })

  it('believes a key under its own algorithm only, and none that is not listed', async () => {
    const { verifier, check } = await judges([elliptic, symmetric])
    const sign = (alg: string, kid: string, with_: Uint8Array) =>
      new SignJWT(claims()).setProtectedHeader({ alg, kid }).sign(with_)
    const posed = await sign('HS256', 'new', bytes)
    expect(await verifier.verify(posed)).toMatchObject({ refusal: 'token_signature' })
    expect(await check.check(posed)).toMatchObject({ ok: false })
    const stranger = await (await issuerOf(await key('strange', 'ES256'))).sign(claims())
    expect(await verifier.verify(stranger)).toMatchObject({ refusal: 'token_signature' })
    expect(await check.check(stranger)).toMatchObject({ why: 'key_unknown' })
  })

  it('still believes legacy keys, which name no key', async () => {
    const { check } = await judges([elliptic, symmetric])
    const legacy = await new SignJWT({ role: 'anon' })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .sign(new TextEncoder().encode(secret))
    expect(await check.check(legacy)).toMatchObject({ ok: true })
  })
})
