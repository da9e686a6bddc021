import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { Files } from '../ports.ts'
import { AppError } from './app-error.ts'

const plainName = /^[a-z0-9][a-z0-9._-]{0,127}$/

/**
 * Small files of ours in one folder, readable by the operator alone. A name is one path segment of
 * lower-case letters, digits, `.`, `_`, `-`; a write replaces the file whole or not at all.
 */
export function openFiles(directory: string): Files {
  const pathOf = (name: string): string => {
    if (!plainName.test(name)) throw new AppError('internal', 'not a plain file name')
    return join(directory, name)
  }
  return {
    async read(name) {
      try {
        return await readFile(pathOf(name), 'utf8')
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
    },
    async write(name, text) {
      const path = pathOf(name)
      await mkdir(directory, { recursive: true, mode: 0o700 })
      await writeFileAtomic(path, text, { mode: 0o600, encoding: 'utf8' })
    },
    async remove(name) {
      await rm(pathOf(name), { force: true })
    },
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
