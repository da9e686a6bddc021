import { chmodSync, closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface LineFile {
  readonly write: (line: string) => void
  readonly close: () => void
}

/**
 * Appends lines to a file that only the operator can read. Lines are written at once: what was said
 * before a crash is there after it. Past `rotateBytes` the file before it is kept as `FILE.1`.
 * @throws the error of the file system when the file cannot be opened.
 */
export function openLineFile(path: string, rotateBytes = Number.POSITIVE_INFINITY): LineFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > rotateBytes) {
    renameSync(path, `${path}.1`)
  }
  const file = openSync(path, 'a', 0o600)
  chmodSync(path, 0o600)
  let open = true
  return {
    write(line) {
      if (!open) return
      try {
        writeSync(file, `${line}\n`)
      } catch {
        // A full disk must not take the console down; the line is lost.
      }
    },
    close() {
      if (open) closeSync(file)
      open = false
    },
  }
}
