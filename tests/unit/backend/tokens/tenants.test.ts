import { describe, expect, it } from 'vitest'
import { readTenants } from '../../../../src/backend/tokens/tenants.ts'

const path = 'app_metadata.tenant_id'

describe('the tenants of a token', () => {
  it.each([
    ['one id', { tenant_id: 'acme' }, ['acme']],
    ['a number', { tenant_id: 42 }, ['42']],
    ['a list of tenants', { tenants: [{ id: 'a' }, { id: 7 }] }, ['a', '7']],
    ['the same one twice', { tenant_id: 'a', tenants: [{ id: 'a' }, { id: 'a' }] }, ['a']],
    ['both', { tenant_id: 'b', tenants: [{ id: 'a' }] }, ['a', 'b']],
    ['nothing', {}, []],
    ['an empty id', { tenant_id: '' }, []],
    ['things that are no id', { tenant_id: { id: 1 }, tenants: [null, 'x', { id: 1.5 }] }, []],
  ])('%s', (_what, appMetadata, ids) => {
    const tenants = readTenants({ app_metadata: appMetadata }, path)
    expect(tenants.map(({ id }) => id)).toEqual(ids)
  })

  it('keep name and role where the token has them', () => {
    const claims = {
      app_metadata: { tenants: [{ id: 1, name: 'One', role: 'viewer' }, { id: 2 }] },
    }
    expect(readTenants(claims, path)).toEqual([
      { id: '1', name: 'One', role: 'viewer' },
      { id: '2', name: null, role: null },
    ])
  })

  it('are found at any path, and never on the prototype', () => {
    expect(readTenants({ org: { ids: ['a', 'b'] } }, 'org.ids').map(({ id }) => id)).toEqual([
      'a',
      'b',
    ])
    expect(readTenants({}, 'constructor.name')).toEqual([])
  })

  it('are not taken from what the user may write', () => {
    expect(readTenants({ user_metadata: { tenants: [{ id: 'a' }] } }, path)).toEqual([])
  })
})
