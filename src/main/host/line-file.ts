import {
  closeSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

export interface LineFile {
  readonly write: (line: string) => void
  readonly close: () => void
}

/**
 * Appends lines to a file that only the operator can read. Lines are written at once: what was said
 * before a crash is there after it. A file that would pass `rotateBytes` is put aside as `FILE.1`, so
 * that a console which is open for weeks writes no more than twice that.
 * @throws the error of the file system when the file cannot be opened.
 */
export function openLineFile(path: string, rotateBytes = Number.POSITIVE_INFINITY): LineFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  let file = openForAppending(path)
  let bytes = fstatSync(file).size
  let open = true
  const append = (line: string): void => {
    const text = `${line}\n`
    if (bytes > 0 && bytes + Buffer.byteLength(text) > rotateBytes) {
      closeSync(file)
      renameSync(path, `${path}.1`)
      file = openForAppending(path)
      bytes = 0
    }
    bytes += writeSync(file, text)
  }
  return {
    write(line) {
      if (!open) return
      try {
        append(line)
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

function openForAppending(path: string): number {
  const file = openSync(path, 'a', 0o600)
  // The file may be older than this rule.
  fchmodSync(file, 0o600)
  return file
}
