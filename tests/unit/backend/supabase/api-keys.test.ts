import { decodeJwt, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { createApiKeys } from '../../../../src/backend/supabase/api-keys.ts'

const source = {
  publishableKey: 'sb_publishable_one',
  secretKey: 'sb_secret_one',
  jwtSecret: 'a-secret-of-at-least-thirty-two-bytes',
  createdAt: '2026-11-20T14:00:00.000Z',
}

describe('the project’s keys', () => {
  it('say which role asks, in the new form and in the legacy one', async () => {
    const keys = await createApiKeys(source)
    expect(keys.roleOf('sb_publishable_one')).toBe('anon')
    expect(keys.roleOf(keys.anonJwt)).toBe('anon')
    expect(keys.roleOf('sb_secret_one')).toBe('service_role')
  })

  it('are these and no others', async () => {
    const keys = await createApiKeys(source)
    const other = await createApiKeys({ ...source, jwtSecret: `${source.jwtSecret}!` })
    for (const key of ['', 'sb_publishable_two', 'sb_publishable_one ', other.anonJwt]) {
      expect(keys.roleOf(key)).toBeNull()
    }
  })

  it('stay the same over restarts', async () => {
    expect((await createApiKeys(source)).anonJwt).toBe((await createApiKeys(source)).anonJwt)
  })

  it('carry a role and no user in the legacy form', async () => {
    const { anonJwt } = await createApiKeys(source)
    await jwtVerify(anonJwt, new TextEncoder().encode(source.jwtSecret))
    expect(decodeJwt(anonJwt)).toMatchObject({ role: 'anon', iss: 'supabase' })
    expect(decodeJwt(anonJwt).sub).toBeUndefined()
  })
})
