import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Files } from '../ports.ts'
import { AppError } from './app-error.ts'
import { SerialQueue } from './serial-queue.ts'

const plainName = /^[a-z0-9][a-z0-9._-]{0,127}$/

/**
 * Small files of ours in one folder, readable by the operator alone. A name is one path segment of
 * lower-case letters, digits, `.`, `_`, `-`; a write replaces the file whole or not at all.
 */
export function openFiles(directory: string): Files {
  const queues = new Map<string, SerialQueue>()
  const pathOf = (name: string): string => {
    if (!plainName.test(name)) throw new AppError('internal', 'not a plain file name')
    return join(directory, name)
  }
  /** One name always has the same temporary file, so that a crash never leaves more than one. */
  const partOf = (name: string): string => `${pathOf(name)}.part`
  const inTurn = (name: string, task: () => Promise<void>): Promise<void> => {
    const queue = queues.get(name) ?? new SerialQueue()
    queues.set(name, queue)
    return queue.run(task).finally(() => {
      if (queue.pending === 0) queues.delete(name)
    })
  }
  const writeBytes: Files['writeBytes'] = async (name, bytes) => {
    const [path, part] = [pathOf(name), partOf(name)]
    await inTurn(name, async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      try {
        await writeWhole(part, bytes)
        await rename(part, path)
      } catch (error) {
        await rm(part, { force: true }).catch(() => undefined)
        throw error
      }
    })
  }
  return {
    async read(name) {
      return unlessMissing(readFile(pathOf(name), 'utf8'), null)
    },
    async readBytes(name) {
      return unlessMissing(readFile(pathOf(name)), null)
    },
    async write(name, text) {
      await writeBytes(name, Buffer.from(text))
    },
    writeBytes,
    async size(name) {
      const sizes = [pathOf(name), partOf(name)].map(async (path) => (await stat(path)).size)
      const [whole = 0, part = 0] = await Promise.all(sizes.map((size) => unlessMissing(size, 0)))
      return whole + part
    },
    async remove(name) {
      const [path, part] = [pathOf(name), partOf(name)]
      await inTurn(name, async () => {
        await rm(path, { force: true })
        await rm(part, { force: true })
      })
    },
  }
}

/**
 * On disk when it resolves. `writeFile` goes on after a short write, as a full disk answers first, and
 * so finds out: one that takes the first count for the whole would replace a good file by half a one.
 */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function unlessMissing<T, U>(reading: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return otherwise
    throw error
  }
}
