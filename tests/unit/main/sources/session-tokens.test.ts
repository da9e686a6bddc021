import { describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { sessionTokens } from '../../../../src/main/sources/session-tokens.ts'
import type { TokenSupply } from '../../../../src/main/sources/source.ts'
import { failed, succeeded } from '../../../../src/shared/failure.ts'
import { FakeTokens } from '../../../support/fake-tokens.ts'

const supplyOf = (text: string): TokenSupply => ({
  current: () => Promise.resolve(succeeded(new Secret(text))),
  renew: () => Promise.resolve(succeeded(new Secret(text))),
  onRenewed: () => () => undefined,
})

describe('sessionTokens', () => {
  it('passes a session token on', async () => {
    const tokens = sessionTokens(supplyOf('a.b.c'), 'sb_publishable_x')
    expect(await tokens.current()).toMatchObject({ ok: true })
    expect(await tokens.renew(new Secret('old'))).toMatchObject({ ok: true })
  })

  it.each([
    ['the publishable key', 'eyJ.anon.key', 'eyJ.anon.key'],
    ['another publishable key', 'sb_publishable_y', 'sb_publishable_x'],
    ['a secret key', 'sb_secret_y', 'sb_publishable_x'],
  ])('F34: gives out nothing where %s stands for one', async (_, token, key) => {
    const tokens = sessionTokens(supplyOf(token), key)
    const refusal = { ok: false, failure: { code: 'token_wrong_kind' } }
    expect(await tokens.current()).toMatchObject(refusal)
    expect(await tokens.renew(new Secret('old'))).toMatchObject(refusal)
  })

  it('passes on why there is no token, and what only looks like a key', async () => {
    const none: TokenSupply = {
      ...supplyOf(''),
      current: () => Promise.resolve(failed('session_ended', 'over')),
      renew: (refused) => Promise.resolve(succeeded(refused)),
    }
    const tokens = sessionTokens(none, 'sb_publishable_x')
    expect(await tokens.current()).toMatchObject({ failure: { code: 'session_ended' } })
    expect(await tokens.renew(new Secret('a.sb_b.c'))).toEqual(succeeded(new Secret('a.sb_b.c')))
  })

  it('tells of renewals until nobody listens', () => {
    const supply = new FakeTokens()
    const tokens = sessionTokens(supply, 'sb_publishable_x')
    let renewals = 0
    const off = tokens.onRenewed(() => (renewals += 1))
    void supply.renew(new Secret('token-1'))
    off()
    void supply.renew(new Secret('token-2'))
    expect([renewals, supply.renewals]).toEqual([1, 2])
  })
})
