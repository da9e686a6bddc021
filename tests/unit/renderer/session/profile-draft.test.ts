import { describe, expect, it } from 'vitest'
import {
  draftErrors,
  fieldNamed,
  profileFrom,
  profileIdFor,
} from '../../../../src/renderer/session/profile-draft.ts'
import type { ProfileDraft } from '../../../../src/renderer/session/profile-draft.ts'
import { profileSchema } from '../../../../src/shared/profile.ts'

const draft: ProfileDraft = {
  name: 'Northwind production',
  supabaseUrl: 'https://abc.supabase.co',
  publishableKey: 'sb_publishable_123',
  gatewayUrl: 'https://jobs.northwind.example',
  mark: 'production',
}
const jwt = (role: string): string => `e30.${btoa(JSON.stringify({ role }))}.c2ln`

describe('what the window lets through', () => {
  it.each([
    draft,
    { ...draft, publishableKey: jwt('anon') },
    { ...draft, gatewayUrl: ' http://127.0.0.1:8080 ' },
  ])('is accepted by the contract: %#', (good) => {
    expect(draftErrors(good)).toEqual({})
    expect(profileSchema.safeParse(profileFrom(good, [])).success).toBe(true)
  })
})

describe('what the contract refuses', () => {
  it.each([
    ['name', ''],
    ['name', '   '],
    ['supabaseUrl', ''],
    ['supabaseUrl', 'northwind'],
    ['supabaseUrl', 'ftp://northwind.example'],
    ['supabaseUrl', 'https://mara:secret@northwind.example'],
    ['gatewayUrl', 'https://northwind.example/?token=x'],
    ['gatewayUrl', 'https://northwind.example/#x'],
    ['publishableKey', ''],
    ['publishableKey', 'sb_secret_123'],
    ['publishableKey', jwt('service_role')],
  ] as const)('is told at its field: %s = %j', (field, value) => {
    const bad = { ...draft, [field]: value }
    expect(Object.keys(draftErrors(bad))).toEqual([field])
    expect(profileSchema.safeParse(profileFrom(bad, [])).success).toBe(false)
  })
})

it('makes an id from the name that is not taken', () => {
  expect(profileIdFor('Northwind (Žilina)', [])).toBe('northwind-z-ilina')
  expect(profileIdFor('Northwind', ['northwind', 'northwind-2'])).toBe('northwind-3')
  expect(profileIdFor('日本', [])).toBe('environment')
})

it('finds the field that main names as a path', () => {
  expect(fieldNamed('profile.gatewayUrl')).toBe('gatewayUrl')
  expect(fieldNamed('argument')).toBeNull()
  expect(fieldNamed(undefined)).toBeNull()
})
