/** A new environment while it is typed, and what is wrong with it in the window's own words. */
import type { ProfileInput } from '../../shared/profile.ts'

export type ProfileMark = 'production' | 'staging' | 'development'

export interface ProfileDraft {
  readonly name: string
  readonly supabaseUrl: string
  readonly publishableKey: string
  readonly gatewayUrl: string
  readonly mark: ProfileMark
}

export type DraftField = keyof ProfileDraft
export type DraftErrors = Partial<Record<DraftField, string>>

const fields: readonly DraftField[] = [
  'name',
  'supabaseUrl',
  'publishableKey',
  'gatewayUrl',
  'mark',
]

function addressError(text: string): string | undefined {
  if (text.trim() === '') return 'An address is needed.'
  if (!URL.canParse(text.trim()))
    return 'This is not an address. It starts with https:// or http://.'
  const url = new URL(text.trim())
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return 'The address has to start with https:// or http://.'
  }
  if (url.username || url.password) return 'The address must not hold a user name or password.'
  if (url.search || url.hash) return 'The address must end before "?" and "#".'
  return undefined
}

const looksLikeSecretKey = (key: string): boolean => {
  if (key.startsWith('sb_secret_')) return true
  try {
    const payload = (key.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    return /"role"\s*:\s*"service_role"/.test(atob(payload))
  } catch {
    return false
  }
}

function keyError(key: string): string | undefined {
  if (key.trim() === '') return 'The publishable (or anon) key is needed.'
  if (looksLikeSecretKey(key.trim())) {
    return 'This is a secret (service) key. A console only ever takes the publishable key; do not paste secret keys anywhere else either.'
  }
  return undefined
}

/** Empty when nothing is wrong as far as the window can tell; main checks again. */
export function draftErrors(draft: ProfileDraft): DraftErrors {
  const found: [DraftField, string | undefined][] = [
    ['name', draft.name.trim() === '' ? 'A name is needed.' : undefined],
    ['supabaseUrl', addressError(draft.supabaseUrl)],
    ['publishableKey', keyError(draft.publishableKey)],
    ['gatewayUrl', addressError(draft.gatewayUrl)],
  ]
  return Object.fromEntries(found.filter(([, error]) => error !== undefined))
}

/** The draft field that main named, also as a path ("profile.gatewayUrl"). */
export const fieldNamed = (path: string | undefined): DraftField | null =>
  fields.find((field) => path?.split('.').includes(field)) ?? null

/** An id from the name: lower-case letters, digits and "-", not one of those taken. */
export function profileIdFor(name: string, taken: readonly string[]): string {
  const base =
    name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 56) || 'environment'
  if (!taken.includes(base)) return base
  for (let count = 2; ; count += 1) {
    if (!taken.includes(`${base}-${count}`)) return `${base}-${count}`
  }
}

export const profileFrom = (draft: ProfileDraft, taken: readonly string[]): ProfileInput => ({
  id: profileIdFor(draft.name, taken),
  name: draft.name.trim(),
  supabaseUrl: draft.supabaseUrl.trim(),
  publishableKey: draft.publishableKey.trim(),
  gatewayUrl: draft.gatewayUrl.trim(),
  mark: draft.mark,
})
