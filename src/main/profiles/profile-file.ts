// Reads profiles from JSON text. Its sentences name the field and the next step and never a value:
// what stands where it should not may be a secret.
import { profileSchema } from '../../shared/profile.ts'
import type { Profile } from '../../shared/profile.ts'
import { failed, succeeded } from '../../shared/failure.ts'
import type { Failure, Outcome } from '../../shared/failure.ts'

/** Most profiles that one file may hold, as in `profileFileSchema`. */
const mostProfiles = 100

/** A `--profile-file`: one profile or several. One that is wrong refuses the whole file. */
export function parseProfileFile(text: string, fileName: string): Outcome<readonly Profile[]> {
  const entries = parseEntries(text, fileName)
  if (!entries.ok) return entries
  if (entries.value.length === 0) {
    return invalid(`${fileName} holds no profile. Write at least one and start again.`)
  }
  const profiles: Profile[] = []
  for (const [index, entry] of entries.value.entries()) {
    const where = entries.value.length === 1 ? '' : `profile ${index + 1}, `
    const parsed = parseProfile(entry)
    if (!parsed.ok) {
      const { field = '', message } = parsed.failure
      return invalid(`${fileName}: ${where}${message} Correct it and start again.`, field)
    }
    if (profiles.some(({ id }) => id === parsed.value.id)) {
      return invalid(`${fileName}: ${where}the id stands there twice. Give each its own.`, 'id')
    }
    profiles.push(parsed.value)
  }
  return succeeded(profiles)
}

/** JSON to entries, without looking into them; a single object is a list of one. */
export function parseEntries(text: string, fileName: string): Outcome<readonly unknown[]> {
  try {
    // Editors on Windows put a byte order mark in front, which JSON does not allow.
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    const entries: readonly unknown[] = Array.isArray(json) ? json : [json]
    return entries.length <= mostProfiles
      ? succeeded(entries)
      : invalid(`${fileName} holds more than ${mostProfiles} profiles. Split it up.`)
  } catch {
    // Not the parser's own words: they quote the text.
    return invalid(`${fileName} is not valid JSON. Correct it and start again.`)
  }
}

/** One profile, or one sentence about the first thing wrong with it. */
export function parseProfile(entry: unknown): Outcome<Profile> {
  const parsed = profileSchema.safeParse(entry)
  if (parsed.success) return succeeded(parsed.data)
  const issue = parsed.error.issues[0]
  const field = issue?.path.map(String).join('.') ?? ''
  const [name, what] =
    issue?.code === 'unrecognized_keys'
      ? [issue.keys.join(', '), 'is not a field of a profile']
      : [field, issue?.message ?? 'is not valid']
  return invalid(`${name === '' ? 'the profile' : name}: ${sentence(what)}`, field || name)
}

const sentence = (what: string): string => `${what.charAt(0).toLowerCase()}${what.slice(1)}.`

function invalid(message: string, field = ''): { readonly ok: false; readonly failure: Failure } {
  return failed('profile_invalid', message, field === '' ? {} : { field })
}
