import { describe, expect, it } from 'vitest'
import {
  draftErrors,
  emptyDraft,
  fieldNamed,
  profileFrom,
  profileIdFor,
  refusalWords,
} from '../../../../src/renderer/session/profile-draft.ts'
import type { ProfileDraft } from '../../../../src/renderer/session/profile-draft.ts'
import { usualTable } from '../../../../src/renderer/session/table-draft.ts'
import { profileSchema } from '../../../../src/shared/profile.ts'

const draft: ProfileDraft = {
  ...emptyDraft,
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
  expect(fieldNamed('profile.sources.1')).toBe('sources')
  expect(fieldNamed('profile.jobTable.table')).toBe('table.table')
  expect(fieldNamed('profile.jobTable.schema')).toBe('table.schema')
  expect(fieldNamed('profile.jobTable.columns.status')).toBe('column.status')
  expect(fieldNamed('profile.jobTable.columns.name')).toBe('column.name')
  expect(fieldNamed('argument')).toBeNull()
  expect(fieldNamed(undefined)).toBeNull()
})

describe('sources', () => {
  it('that cannot be are told at the sources', () => {
    expect(Object.keys(draftErrors({ ...draft, sources: [] }))).toEqual(['sources'])
  })

  it('bring their table along only when one of them reads it', () => {
    const wrong = { ...usualTable, table: 'Translation Jobs' }
    const without = { ...draft, jobTable: wrong }
    expect(draftErrors(without)).toEqual({})
    expect(profileFrom(without, [])).not.toHaveProperty('jobTable')
    const reading = { ...without, sources: ['progress', 'realtime'] } as const
    expect(Object.keys(draftErrors(reading))).toEqual(['table.table'])
    expect(profileFrom(reading, []).sources).toEqual(['progress', 'realtime'])
    expect(profileFrom(reading, []).jobTable).toMatchObject({ table: 'Translation Jobs' })
  })

  it('that main does not know are named, with what to do', () => {
    const two = { ...draft, sources: ['progress', 'stream'] } as const
    const refused = { code: 'argument_invalid', message: 'no', field: 'profile.sources.1' } as const
    expect(refusalWords(two, refused)).toBe(
      'Tenant stream is not known to this version of Signalbox. Leave it out, or install a newer version.',
    )
    expect(refusalWords(two, { ...refused, field: 'profile.name' })).toBe('Not accepted: no.')
  })
})
