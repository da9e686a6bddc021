import { format, inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'

const canary = 'k3v9q2m7x1zt'

describe('Secret', () => {
  const secret = new Secret(canary)
  const spellings = {
    'a string': String(secret),
    'a template': `${secret.toString()}!`,
    JSON: JSON.stringify({ secret, list: [secret] }),
    inspect: inspect(secret, { showHidden: true, depth: 9 }),
    'nested inspect': inspect({ deep: { secret } }, { showHidden: true }),
    'console formatting': format('%s %j %o', secret, secret, secret),
    'an error message': inspect(new Error(`failed for ${secret.toString()}`)),
    'its enumerable parts': JSON.stringify(
      [Object.entries(secret), Reflect.ownKeys(secret)].flat().map(String),
    ),
    'a structured clone': inspect(structuredClone(secret), { showHidden: true }),
  }
  for (const [name, text] of Object.entries(spellings)) {
    it(`does not show in ${name}`, () => {
      expect(text).not.toContain(canary)
    })
  }

  it('gives its text only when asked, and compares by text', () => {
    expect(secret.reveal()).toBe(canary)
    expect(secret.equals(new Secret(canary))).toBe(true)
    expect(secret.equals(new Secret('other'))).toBe(false)
  })
})
