import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  createIssuer,
  generateSigningKey,
  type Issuer,
} from '../../../../src/backend/tokens/issuer.ts'
import {
  createVerifier,
  type Verdict,
  type VerifierConfig,
} from '../../../../src/backend/tokens/verifier.ts'

const secret = 'a-secret-of-at-least-thirty-two-bytes'
const nowMs = Date.UTC(2026, 10, 20, 14, 0, 0)
const nowSeconds = nowMs / 1_000

const session: JWTPayload = {
  sub: 'user-1',
  aud: 'authenticated',
  role: 'authenticated',
  email: 'alice@acme.test',
  session_id: 'session-1',
  iat: nowSeconds - 10,
  exp: nowSeconds + 3_590,
  app_metadata: { tenant_id: 'acme', tenants: [{ id: 'acme', name: 'Acme', role: 'admin' }] },
}

const without = (claim: string): JWTPayload =>
  Object.fromEntries(Object.entries(session).filter(([name]) => name !== claim))

function hs256(claims: JWTPayload, key = secret): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(key))
}

function verifier(more: Partial<VerifierConfig> = {}) {
  return createVerifier({
    keys: { algorithm: 'HS256', secret },
    tenantClaim: 'app_metadata.tenant_id',
    leewaySeconds: 30,
    sessionAlive: async () => true,
    now: () => nowMs,
    ...more,
  })
}

const reason = (verdict: Verdict): string => (verdict.ok ? 'accepted' : verdict.refusal)

describe('a session token', () => {
  it('is accepted, and its claims are read', async () => {
    expect(await verifier().verify(await hs256(session))).toEqual({
      ok: true,
      claims: {
        userId: 'user-1',
        email: 'alice@acme.test',
        role: 'authenticated',
        sessionId: 'session-1',
        tenants: [{ id: 'acme', name: 'Acme', role: 'admin' }],
        expiresAtMs: nowMs + 3_590_000,
        raw: session,
      },
    })
  })

  it('is good for the leeway after its end, and not longer', async () => {
    const at = async (agoSeconds: number) =>
      reason(await verifier().verify(await hs256({ ...session, exp: nowSeconds - agoSeconds })))
    expect(await at(29)).toBe('accepted')
    expect(await at(31)).toBe('token_expired')
  })

  it('may come from a clock that is a little ahead', async () => {
    const ahead = { ...session, iat: nowSeconds + 29, nbf: nowSeconds + 29 }
    expect(reason(await verifier().verify(await hs256(ahead)))).toBe('accepted')
  })
})

describe('a token is refused for one named reason', () => {
  it.each([undefined, null, ''])('token_missing: %j', async (token) => {
    expect(reason(await verifier().verify(token))).toBe('token_missing')
  })

  it.each(['sb_secret_0123456789', 'one.two', 'a.b.c.d', 'not.a.jwt', '..', 'e30.e30.'])(
    'token_malformed: %s',
    async (token) => {
      expect(reason(await verifier().verify(token))).toBe('token_malformed')
    },
  )

  it('token_malformed: its header demands what nobody knows', async () => {
    const header = Buffer.from('{"alg":"HS256","crit":["x"],"x":1}').toString('base64url')
    const [, claims, signature] = (await hs256(session)).split('.')
    const token = [header, claims, signature].join('.')
    expect(reason(await verifier().verify(token))).toBe('token_malformed')
  })

  it('token_signature: it names no key, and several could be meant', async () => {
    const pair = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(pair.publicKey)), alg: 'ES256' }
    const jwks = {
      keys: [
        { ...jwk, kid: 'one' },
        { ...jwk, kid: 'two' },
      ],
    }
    const token = await new SignJWT(session)
      .setProtectedHeader({ alg: 'ES256' })
      .sign(pair.privateKey)
    const verdict = await verifier({ keys: { algorithm: 'ES256', jwks } }).verify(token)
    expect(reason(verdict)).toBe('token_signature')
  })

  it('token_malformed: it never ends', async () => {
    const endless = await hs256(without('exp'))
    expect(reason(await verifier().verify(endless))).toBe('token_malformed')
  })

  it('token_wrong_kind: a publishable key', async () => {
    expect(reason(await verifier().verify('sb_publishable_abc'))).toBe('token_wrong_kind')
  })

  it.each(['anon', 'service_role'])(
    'token_wrong_kind: the %s key, also one of another project',
    async (role) => {
      const key = { iss: 'supabase', role, iat: nowSeconds, exp: nowSeconds + 1_000 }
      const other = await hs256(key, `${secret}-of-another-project`)
      expect(reason(await verifier().verify(await hs256(key)))).toBe('token_wrong_kind')
      expect(reason(await verifier().verify(other))).toBe('token_wrong_kind')
    },
  )

  it.each([
    ['another audience', { ...session, aud: 'somebody' }],
    ['another role', { ...session, role: 'supabase_admin' }],
    ['no session', without('session_id')],
    ['no user', without('sub')],
  ])('token_wrong_kind: %s', async (_what, claims) => {
    expect(reason(await verifier().verify(await hs256(claims)))).toBe('token_wrong_kind')
  })

  it('token_signature: signed with another secret, even when it is expired as well', async () => {
    const token = await hs256({ ...session, exp: nowSeconds - 999 }, `${secret}!`)
    expect(reason(await verifier().verify(token))).toBe('token_signature')
  })

  it('token_signature: changed after it was signed', async () => {
    const [header, , signature] = (await hs256(session)).split('.')
    const forged = Buffer.from(JSON.stringify({ ...session, sub: 'user-2' })).toString('base64url')
    const token = `${header}.${forged}.${signature}`
    expect(reason(await verifier().verify(token))).toBe('token_signature')
  })

  it('token_signature: unsigned', async () => {
    const token = new UnsecuredJWT(session).encode()
    expect(reason(await verifier().verify(token))).toBe('token_signature')
  })

  it('token_not_yet_valid: nbf or iat beyond the leeway', async () => {
    for (const claim of ['nbf', 'iat']) {
      const token = await hs256({ ...session, [claim]: nowSeconds + 31 })
      expect(reason(await verifier().verify(token))).toBe('token_not_yet_valid')
    }
  })

  it('tenant_missing: no tenant where it is looked for', async () => {
    const token = await hs256({ ...session, app_metadata: { tenants: [] } })
    expect(reason(await verifier().verify(token))).toBe('tenant_missing')
  })

  it('session_revoked: the session was ended', async () => {
    const asked: string[] = []
    const strict = verifier({
      sessionAlive: async (id) => {
        asked.push(id)
        return false
      },
    })
    expect(reason(await strict.verify(await hs256(session)))).toBe('session_revoked')
    expect(asked).toEqual(['session-1'])
  })

  it('and never repeats the token in the message', async () => {
    const token = await hs256(session, `${secret}!`)
    const verdict = await verifier().verify(token)
    expect(JSON.stringify(verdict)).not.toContain(token.split('.')[2])
  })
})

describe('the algorithm is the configured one', () => {
  let issuer: Issuer

  beforeAll(async () => {
    issuer = await createIssuer({ algorithm: 'ES256', privateKey: await generateSigningKey() })
  })

  it('ES256 by the project’s own key', async () => {
    const strict = verifier({ keys: issuer.verifierKeys })
    expect(reason(await strict.verify(await issuer.sign(session)))).toBe('accepted')
  })

  it('not by another project’s', async () => {
    const other = await createIssuer({ algorithm: 'ES256', privateKey: await generateSigningKey() })
    const strict = verifier({ keys: issuer.verifierKeys })
    expect(reason(await strict.verify(await other.sign(session)))).toBe('token_signature')
  })

  it('and not by HS256 over the public key', async () => {
    const [publicKey] = issuer.jwks.keys
    const strict = verifier({ keys: issuer.verifierKeys })
    const forged = await hs256(session, JSON.stringify(publicKey))
    expect(reason(await strict.verify(forged))).toBe('token_signature')
  })

  it('lists nothing private', () => {
    expect(Object.keys(issuer.jwks.keys[0] ?? {})).not.toContain('d')
  })
})

describe('a JWKS that is fetched', () => {
  const ends: (() => void)[] = []
  afterEach(() => {
    for (const end of ends.splice(0)) end()
  })

  async function serve(body: () => object | null): Promise<URL> {
    const server = createServer((_request, response) => {
      const answer = body()
      response.writeHead(answer === null ? 503 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ends.push(() => void server.close())
    return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`)
  }

  it('verifies RS256 by the key that the token names', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const key = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }
    const jwks = await serve(() => ({ keys: [key] }))
    const token = await new SignJWT(session)
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(privateKey)
    const strict = verifier({ keys: { algorithm: 'RS256', jwks } })
    expect(reason(await strict.verify(token))).toBe('accepted')
  })

  it('that cannot be had is nobody’s refusal', async () => {
    const jwks = await serve(() => null)
    const { privateKey } = await generateKeyPair('RS256')
    const token = await new SignJWT(session)
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(privateKey)
    const strict = verifier({ keys: { algorithm: 'RS256', jwks } })
    await expect(strict.verify(token)).rejects.toThrow()
  })
})
