import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { readClaims, tokenMaxLength } from '../../../../src/main/session/claims.ts'
import { makeToken } from '../../../support/fake-auth-server.ts'

const path = 'app_metadata.tenant_id'
const payload = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  sub: 'user-1',
  exp: 2_000_000_000,
  iat: 1_999_996_400,
  role: 'authenticated',
  email: 'ada@example.com',
  app_metadata: { tenant_id: 'tenant-1' },
  ...more,
})
const read = (claims: Record<string, unknown>, tenantClaim = path) =>
  readClaims(new Secret(makeToken(claims)), tenantClaim)
const tenantsOf = (metadata: unknown, tenantClaim = path) => {
  const claims = read(payload({ app_metadata: metadata }), tenantClaim)
  return claims.ok ? claims.value.tenants : claims.failure.code
}

describe('the claims of a session token', () => {
  it('name the operator, the tenants and the end', () => {
    expect(read(payload())).toEqual({
      ok: true,
      value: {
        userId: 'user-1',
        email: 'ada@example.com',
        tenants: [{ id: 'tenant-1', name: null, role: null }],
        expiresAtS: 2_000_000_000,
        issuedAtS: 1_999_996_400,
      },
    })
  })

  it('name an operator without e-mail by telephone, or by id', () => {
    expect(read(payload({ email: undefined, phone: '+4312' }))).toMatchObject({
      value: { email: '+4312' },
    })
    expect(read(payload({ email: undefined, phone: '' }))).toMatchObject({
      value: { email: 'user-1' },
    })
  })

  it.each<[string, unknown, string[] | string]>([
    ['a string', { tenant_id: 'a' }, ['a']],
    ['an integer, as a string', { tenant_id: 42 }, ['42']],
    ['a list', { tenant_id: ['a', 7] }, ['a', '7']],
    ['tenants[]', { tenants: [{ id: 'a' }, { id: 3 }, 'c'] }, ['a', '3', 'c']],
    ['both, once each', { tenant_id: 'b', tenants: [{ id: 'a' }, { id: 'b' }] }, ['a', 'b']],
    ['nothing', {}, 'tenant_missing'],
    ['an empty string', { tenant_id: '' }, 'tenant_missing'],
    ['a fraction', { tenant_id: 1.5 }, 'tenant_missing'],
    ['a number too large to be exact', { tenant_id: 2 ** 53 }, 'tenant_missing'],
    ['an object', { tenant_id: { id: 'a' } }, 'tenant_missing'],
    ['an inherited name', { tenants: [{ name: 'x' }] }, 'tenant_missing'],
    ['no metadata at all', null, 'tenant_missing'],
  ])('take the tenant from %s', (_, metadata, expected) => {
    const tenants = tenantsOf(metadata)
    expect(typeof tenants === 'string' ? tenants : tenants.map(({ id }) => id)).toEqual(expected)
  })

  it('carry names and roles of tenants where the token has them', () => {
    const tenants = [{ id: 'a', name: 'Acme', role: 'admin' }]
    expect(tenantsOf({ tenant_id: 'a', tenants })).toEqual(tenants)
    expect(tenantsOf({ tenant_id: 'a', role: 'viewer' })).toEqual([
      { id: 'a', name: null, role: 'viewer' },
    ])
  })

  it('follow the path of the profile, also one whose own name has dots', () => {
    expect(read(payload({ org: { unit: 'deep' } }), 'org.unit')).toMatchObject({
      value: { tenants: [{ id: 'deep' }] },
    })
    const url = 'https://acme.example/tenant'
    expect(read(payload({ [url]: 'dotted' }), url)).toMatchObject({
      value: { tenants: [{ id: 'dotted' }] },
    })
    expect(tenantsOf({}, 'constructor.name')).toBe('tenant_missing')
    expect(tenantsOf({}, '__proto__.x')).toBe('tenant_missing')
  })

  it.each(['anon', 'service_role', 'supabase_admin'])('refuse a key of role %s', (role) => {
    // A key has neither sub nor tenant; it is named for what it is before those are missed.
    const key = { iss: 'supabase', ref: 'x', role, iat: 1, exp: 2_000_000_000 }
    expect(read(key)).toMatchObject({ failure: { code: 'token_wrong_kind' } })
    expect(read(payload({ role }))).toMatchObject({ failure: { code: 'token_wrong_kind' } })
  })

  const good = makeToken(payload())
  it.each<[string, string]>([
    ['a secret key', 'sb_secret_abcdefghijklmnop'],
    ['two segments', good.split('.').slice(0, 2).join('.')],
    ['four segments', `${good}.x`],
    ['nothing', ''],
    ['CR and LF (F49)', `${good}\r\nx-injected: 1`],
    ['LF alone', `${good}\n`],
    ['a space', `${good} `],
    ['more than 16 KB (F49)', makeToken(payload({ pad: 'x'.repeat(tokenMaxLength) }))],
    ['a payload that is no JSON', `e30.${Buffer.from('{').toString('base64url')}.x`],
    ['a payload that is a list', `e30.${Buffer.from('[]').toString('base64url')}.x`],
    ['no sub', makeToken(payload({ sub: undefined }))],
    ['no exp', makeToken(payload({ exp: undefined }))],
    ['an exp that is a word', makeToken(payload({ exp: 'soon' }))],
  ])('refuse %s as malformed, before it is used', (_, token) => {
    expect(readClaims(new Secret(token), path)).toMatchObject({
      failure: { code: 'token_malformed' },
    })
  })

  it.each<[string, string, string]>([
    ['no token', 'x', 'not a JSON Web Token'],
    [
      'a key',
      makeToken(payload({ role: 'anon' })),
      'an API key stands where a session token belongs',
    ],
    ['no end', makeToken(payload({ exp: undefined })), 'the token lacks sub or exp'],
    [
      'no tenant',
      makeToken(payload({ app_metadata: {} })),
      'the token names no tenant at app_metadata.tenant_id',
    ],
  ])('say what is wrong with %s', (_, token, message) => {
    expect(readClaims(new Secret(token), path)).toMatchObject({ failure: { message } })
  })

  it('take names of up to 128 characters, and shorten what is only shown', () => {
    const [longest, longer] = ['t'.repeat(128), 't'.repeat(129)]
    expect(tenantsOf({ tenant_id: longest })).toMatchObject([{ id: longest }])
    expect(tenantsOf({ tenant_id: longer })).toBe('tenant_missing')
    const tenants = [{ id: 'a', name: longer, role: '' }]
    expect(tenantsOf({ tenants })).toEqual([{ id: 'a', name: longest, role: null }])
  })

  it('take a token of 16 KB, and a role that is no text for none', () => {
    const made = (length: number): string => makeToken(payload({ pad: 'x'.repeat(length) }))
    const rest = tokenMaxLength - made(0).length
    const pad = Math.floor((rest * 3) / 4)
    const fits = [pad - 2, pad - 1, pad, pad + 1].map(made)
    const exact = fits.find((token) => token.length === tokenMaxLength)
    expect(readClaims(new Secret(exact ?? 'none fits'), path).ok).toBe(true)
    expect(read(payload({ role: ['anon'] }))).toMatchObject({
      failure: { code: 'token_malformed' },
    })
  })

  it('never throw, never print the token, and never answer without a tenant', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()).map(makeToken)),
        fc.string({ minLength: 1 }),
        (token, tenantClaim) => {
          const claims = readClaims(new Secret(token), tenantClaim)
          if (claims.ok) return claims.value.tenants.length > 0
          return token.length < 8 || !claims.failure.message.includes(token)
        },
      ),
    )
  })

  it('compare tenants as strings whatever the tokens call them', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (id) => {
        expect(tenantsOf({ tenant_id: id })).toEqual(tenantsOf({ tenant_id: String(id) }))
      }),
    )
  })
})
