import { refusals } from './rest-error.ts'

/** What the `Prefer` headers of a request ask for (RFC 7240), as far as it is known. */
export interface Preferences {
  readonly returns: 'minimal' | 'representation' | 'headers-only' | null
  readonly count: 'exact' | 'planned' | 'estimated' | null
  readonly resolution: 'merge-duplicates' | 'ignore-duplicates' | null
  readonly missing: 'default' | 'null' | null
  readonly strict: boolean
  readonly maxAffected: number | null
  /** Every known one as it was written, for `Preference-Applied`. */
  readonly written: ReadonlyMap<string, string>
}

const known: Readonly<Record<string, readonly string[]>> = {
  return: ['minimal', 'representation', 'headers-only'],
  count: ['exact', 'planned', 'estimated'],
  resolution: ['merge-duplicates', 'ignore-duplicates'],
  missing: ['default', 'null'],
  handling: ['strict', 'lenient'],
}

/**
 * The first of each kind counts; `tx` is not ours to give, as on hosted projects.
 * @throws RestError PGRST122 for one that is unknown, with `handling=strict`
 */
export function parsePreferences(header: string | readonly string[] | undefined): Preferences {
  const all = [header ?? []].flat().flatMap((line) => line.split(','))
  const written = new Map<string, string>()
  const invalid: string[] = []
  for (const preference of all.map((text) => text.trim()).filter((text) => text !== '')) {
    const [name = '', value = ''] = preference.split('=', 2)
    if (!isKnown(name, value)) invalid.push(preference)
    else if (!written.has(name)) written.set(name, value)
  }
  const strict = written.get('handling') === 'strict'
  if (strict && invalid.length > 0) throw refusals.preferences(invalid)
  const maxAffected = written.get('max-affected')
  return {
    // Every value was held against the list above.
    returns: (written.get('return') as Preferences['returns'] | undefined) ?? null,
    count: (written.get('count') as Preferences['count'] | undefined) ?? null,
    resolution: (written.get('resolution') as Preferences['resolution'] | undefined) ?? null,
    missing: (written.get('missing') as Preferences['missing'] | undefined) ?? null,
    strict,
    maxAffected: strict && maxAffected !== undefined ? Number(maxAffected) : null,
    written,
  }
}

function isKnown(name: string, value: string): boolean {
  if (name === 'max-affected') return /^[0-9]{1,15}$/.test(value)
  return Object.hasOwn(known, name) && (known[name]?.includes(value) ?? false)
}

/** The value of `Preference-Applied` for those of these names that were asked for. */
export function appliedPreferences(
  { written }: Preferences,
  names: readonly string[],
): Record<string, string> {
  const applied = names.flatMap((name) => {
    const value = written.get(name)
    return value === undefined ? [] : [`${name}=${value}`]
  })
  return applied.length === 0 ? {} : { 'preference-applied': applied.join(', ') }
}
