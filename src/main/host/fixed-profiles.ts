import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { succeeded } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import type { Profile } from '../../shared/profile.ts'
import { invalid } from '../command-line.ts'
import type { CommandLine } from '../command-line.ts'
import { parseProfileFile } from '../profiles/profile-file.ts'

const flag = '--profile-file'

/** The profiles of `--profile-file`, or one sentence about why they cannot be used. */
export async function readFixedProfiles({
  profileFile,
  demo,
}: CommandLine): Promise<Outcome<readonly Profile[]>> {
  if (profileFile === null) return succeeded([])
  let text: string
  try {
    text = await readFile(profileFile, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    return invalid(flag, `names ${basename(profileFile)}, which cannot be read${code}`)
  }
  const profiles = parseProfileFile(text, basename(profileFile))
  if (!profiles.ok) {
    const sentence = profiles.failure.message.replace(/\.$/, '')
    return invalid(flag, `cannot be used: ${sentence}`)
  }
  return succeeded(profiles.value.filter(({ mark }) => demo || mark !== 'demo'))
}
