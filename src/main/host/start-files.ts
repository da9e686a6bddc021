// The files and folders that the command line names. What cannot be used is said in one sentence
// that names the flag, before anything is opened.
import { accessSync, constants, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { succeeded } from '../../shared/failure.ts'
import type { Outcome } from '../../shared/failure.ts'
import type { Profile } from '../../shared/profile.ts'
import { invalid } from '../command-line.ts'
import type { CommandLine } from '../command-line.ts'
import { parseProfileFile } from '../profiles/profile-file.ts'
import { openLineFile } from './line-file.ts'
import type { LineFile } from './line-file.ts'

/** The folder of `--user-data-dir`, made if it is not there; null for the usual one. */
export function useUserDataDir({ userDataDir }: CommandLine): Outcome<string | null> {
  if (userDataDir === null) return succeeded(null)
  const folder = resolve(userDataDir)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return succeeded(folder)
  } catch (error) {
    return invalid('--user-data-dir', `names ${folder}, which cannot be used${codeOf(error)}`)
  }
}

/** The file of `--ipc-trace`, open for writing. */
export function openIpcTrace({ ipcTrace }: CommandLine): Outcome<LineFile | null> {
  if (ipcTrace === null) return succeeded(null)
  try {
    return succeeded(openLineFile(resolve(ipcTrace)))
  } catch (error) {
    return invalid('--ipc-trace', `names ${ipcTrace}, which cannot be written${codeOf(error)}`)
  }
}

/** The profiles of `--profile-file`. */
export async function readFixedProfiles({
  profileFile,
  demo,
}: CommandLine): Promise<Outcome<readonly Profile[]>> {
  const flag = '--profile-file'
  if (profileFile === null) return succeeded([])
  const name = basename(profileFile)
  let text: string
  try {
    text = await readFile(profileFile, 'utf8')
  } catch (error) {
    return invalid(flag, `names ${name}, which cannot be read${codeOf(error)}`)
  }
  const profiles = parseProfileFile(text, name)
  if (!profiles.ok) {
    return invalid(flag, `cannot be used: ${profiles.failure.message.replace(/\.$/, '')}`)
  }
  return succeeded(profiles.value.filter(({ mark }) => demo || mark !== 'demo'))
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
