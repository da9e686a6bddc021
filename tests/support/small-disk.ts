// Run as a process of its own: writes a snapshot-sized file twice into the folder it is given, which
// has room for one of them only, and prints what came of it as JSON.
//   small-disk.ts FOLDER BYTES
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openFiles } from '../../src/main/lib/files.ts'

export interface SmallDiskReport {
  /** Why the second write failed; null when it did not. */
  readonly refused: string | null
  /** Whether the first file is as it was. */
  readonly kept: boolean
  /** Bytes in the folder. */
  readonly bytes: number
}

const [folder = '', size = '0'] = process.argv.slice(2)
const files = openFiles(folder)
const [first, second] = [Buffer.alloc(Number(size), 1), Buffer.alloc(Number(size), 2)]
await files.writeBytes('snapshot', first)
const refused = await files.writeBytes('snapshot', second).then(
  () => null,
  (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown'),
)
const left = await files.readBytes('snapshot')
const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
const kept = left !== null && first.equals(left)
process.stdout.write(JSON.stringify({ refused, kept, bytes } satisfies SmallDiskReport))
