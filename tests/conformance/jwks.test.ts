import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type JWK,
} from 'jose'
import { describe, expect, it } from 'vitest'
import type { BackendConfig } from '../../src/backend/config.ts'
import { AuthCaller } from '../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../support/backend.ts'

/** A backend that signs in one way, for the length of one test. */
async function signing(
  auth: Partial<BackendConfig['auth']>,
  look: (backend: TestBackend) => Promise<void>,
): Promise<void> {
  const backend = await startTestBackend({ idle: true, auth })
  try {
    await look(backend)
  } finally {
    await backend.stop()
  }
}

const jwksOf = ({ supabaseUrl }: TestBackend) =>
  createRemoteJWKSet(new URL(`${supabaseUrl}/auth/v1/.well-known/jwks.json`))

const listedBy = async ({ supabaseUrl }: TestBackend): Promise<JWK[]> => {
  const response = await fetch(`${supabaseUrl}/auth/v1/.well-known/jwks.json`)
  expect(response.headers.get('cache-control')).toBe('public, max-age=600')
  return ((await response.json()) as { keys: JWK[] }).keys
}

const expected = ({ supabaseUrl }: TestBackend) => ({
  issuer: `${supabaseUrl}/auth/v1`,
  audience: 'authenticated',
})

async function sessionToken(backend: TestBackend): Promise<string> {
  return (await new AuthCaller(backend).signIn()).access_token
}

async function privateKey(alg: 'ES256' | 'RS256', kid: string, uses: string[]): Promise<JWK> {
  const { privateKey: key } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(key)), kid, alg, key_ops: uses }
}

const secretFields = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']

describe('jose, with the public keys of the project', () => {
  it('verifies a session token of a key pair that was drawn (ES256)', () =>
    signing({}, async (backend) => {
      const token = await sessionToken(backend)
      const { payload, protectedHeader, key } = {
        ...(await jwtVerify(token, jwksOf(backend), {
          ...expected(backend),
          algorithms: ['ES256'],
        })),
      }
      expect(key.type).toBe('public')
      expect(payload).toMatchObject({ role: 'authenticated', aal: 'aal1' })
      const listed = await listedBy(backend)
      expect(listed.map(({ kid }) => kid)).toEqual([protectedHeader.kid])
      expect(Object.keys(listed[0]!)).not.toEqual(expect.arrayContaining(['d']))
    }))

  it.each(['ES256', 'RS256'] as const)(
    'verifies by the one of several keys that signs (%s)',
    async (alg) => {
      const other = alg === 'ES256' ? 'RS256' : 'ES256'
      const old = await privateKey(other, 'last-year', ['verify'])
      const now = await privateKey(alg, 'this-year', ['sign', 'verify'])
      const shared = {
        kty: 'oct',
        kid: 'shared',
        alg: 'HS256',
        k: 'a'.repeat(43),
        key_ops: ['verify'],
      }
      await signing({ signingKeys: [old, now, shared] }, async (backend) => {
        const token = await sessionToken(backend)
        const { protectedHeader } = await jwtVerify(token, jwksOf(backend), expected(backend))
        expect(protectedHeader).toMatchObject({ alg, kid: 'this-year' })
        const listed = await listedBy(backend)
        expect(listed.map(({ kid }) => kid)).toEqual(['last-year', 'this-year'])
        for (const key of listed) {
          expect(Object.keys(key).filter((name) => secretFields.includes(name))).toEqual([])
        }
      })
    },
  )

  it('refuses a token whose kid is not listed, and so does the server', () =>
    signing({}, async (backend) => {
      const claims = { role: 'authenticated', sub: crypto.randomUUID() }
      const { privateKey: key } = await generateKeyPair('ES256')
      const signed = (kid: string): Promise<string> =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'ES256', kid })
          .setAudience('authenticated')
          .setIssuer(expected(backend).issuer)
          .setExpirationTime('5m')
          .sign(key)
      const stranger = await signed('nobody')
      const verify = (token: string) => jwtVerify(token, jwksOf(backend), expected(backend))
      await expect(verify(stranger)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey)
      const { kid } = decodeProtectedHeader(await sessionToken(backend))
      const forged = await signed(kid!)
      await expect(verify(forged)).rejects.toBeInstanceOf(errors.JWSSignatureVerificationFailed)
      for (const token of [stranger, forged]) {
        const { status, body } = await new AuthCaller(backend).call('/user', { token })
        expect([status, body.code]).toEqual([403, 'bad_jwt'])
      }
    }))
})

describe('jose, with the secret of the project (HS256)', () => {
  const jwtSecret = 'a secret of the tests alone, 32 bytes long'

  it('finds no public key, and verifies by the secret alone', () =>
    signing({ jwtSecret }, async (backend) => {
      expect(await listedBy(backend)).toEqual([])
      const token = await sessionToken(backend)
      await expect(jwtVerify(token, jwksOf(backend))).rejects.toBeInstanceOf(
        errors.JOSENotSupported,
      )
      const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
      const ways = { ...expected(backend), algorithms: ['HS256'] }
      const { payload } = await jwtVerify(token, bytes(jwtSecret), ways)
      expect(payload.role).toBe('authenticated')
      const wrong = jwtVerify(token, bytes(jwtSecret.toUpperCase()), ways)
      await expect(wrong).rejects.toBeInstanceOf(errors.JWSSignatureVerificationFailed)
    }))
})
