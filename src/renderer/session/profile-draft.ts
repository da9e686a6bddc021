/** A new environment while it is typed, and what is wrong with it in the window's own words. */
import type { Failure } from '../../shared/failure.ts'
import type { ProfileInput, SourceKind } from '../../shared/profile.ts'
import { nameOfSource, readsTable, sourcesError } from './source-choices.ts'
import { columnNames, tableErrors, tableFrom, usualTable } from './table-draft.ts'
import type { TableDraft, TableField } from './table-draft.ts'

export type ProfileMark = 'production' | 'staging' | 'development'

export interface ProfileDraft {
  readonly name: string
  readonly supabaseUrl: string
  readonly publishableKey: string
  readonly gatewayUrl: string
  readonly mark: ProfileMark
  readonly sources: readonly SourceKind[]
  readonly jobTable: TableDraft
}

/** Fields that are one line of text. */
export type TextDraftField = 'name' | 'supabaseUrl' | 'publishableKey' | 'gatewayUrl'
export type DraftField = TextDraftField | 'mark' | 'sources' | TableField
export type DraftErrors = Partial<Record<DraftField, string>>

const plainFields = [
  'name',
  'supabaseUrl',
  'publishableKey',
  'gatewayUrl',
  'mark',
  'sources',
] as const

export const emptyDraft: ProfileDraft = {
  name: '',
  supabaseUrl: '',
  publishableKey: '',
  gatewayUrl: '',
  mark: 'production',
  sources: ['progress'],
  jobTable: usualTable,
}

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
    ['sources', sourcesError(draft.sources)],
  ]
  const told = Object.fromEntries(found.filter(([, error]) => error !== undefined))
  return readsTable(draft.sources) ? { ...told, ...tableErrors(draft.jobTable) } : told
}

/** The draft field that main named, also as a path ("profile.jobTable.columns.status"). */
export function fieldNamed(path: string | undefined): DraftField | null {
  const parts = path?.split('.') ?? []
  const at = parts.indexOf('jobTable')
  if (at < 0) return plainFields.find((field) => parts.includes(field)) ?? null
  const [group, name] = parts.slice(at + 1)
  if (group === 'schema' || group === undefined) return 'table.schema'
  const column = columnNames.find((known) => group === 'columns' && known === name)
  return column === undefined ? 'table.table' : `column.${column}`
}

/** A refusal of main at the field that it named, with what to do. */
export function refusalWords(draft: ProfileDraft, { message, field }: Failure): string {
  const place = field?.split('.') ?? []
  const index = place[place.indexOf('sources') + 1]
  const kind = place.includes('sources') ? draft.sources[Number(index)] : undefined
  if (kind !== undefined) {
    return `${nameOfSource(kind)} is not known to this version of Signalbox. Leave it out, or install a newer version.`
  }
  return `Not accepted: ${message}.`
}

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

/** The contract decides which kinds this version knows; main refuses the others by name. */
const sourcesFrom = (kinds: readonly unknown[]) => [...kinds] as ProfileInput['sources']

export const profileFrom = (draft: ProfileDraft, taken: readonly string[]): ProfileInput => ({
  id: profileIdFor(draft.name, taken),
  name: draft.name.trim(),
  supabaseUrl: draft.supabaseUrl.trim(),
  publishableKey: draft.publishableKey.trim(),
  gatewayUrl: draft.gatewayUrl.trim(),
  mark: draft.mark,
  sources: sourcesFrom(draft.sources),
  ...(readsTable(draft.sources) && { jobTable: tableFrom(draft.jobTable) }),
})
