import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFiles } from '../../../../src/main/lib/files.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-files-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('the files of the app', () => {
  it('read back what was written, and null for what is not there', async () => {
    const files = openFiles(join(folder, 'deep', 'er'))
    expect(await files.read('a.json')).toBeNull()
    await files.write('a.json', 'one')
    await files.write('a.json', 'two')
    expect(await files.read('a.json')).toBe('two')
  })

  it('are readable by the operator alone, and leave nothing temporary behind', async () => {
    const files = openFiles(folder)
    await Promise.all([files.write('a.json', '1'), files.write('a.json', '2')])
    expect(await readdir(folder)).toEqual(['a.json'])
    expect((await stat(join(folder, 'a.json'))).mode & 0o777).toBe(0o600)
  })

  it('are gone after remove, also twice', async () => {
    const files = openFiles(folder)
    await files.write('a.json', '1')
    await files.remove('a.json')
    await files.remove('a.json')
    expect(await readdir(folder)).toEqual([])
  })

  it.each(['', '.', '..', '../a', 'a/b', 'a\\b', '/etc/passwd', 'A', 'a\0', 'ä', 'a'.repeat(129)])(
    'refuse the name %j',
    async (name) => {
      const files = openFiles(folder)
      await expect(files.write(name, 'x')).rejects.toThrow('not a plain file name')
      await expect(files.read(name)).rejects.toThrow('not a plain file name')
      await expect(files.remove(name)).rejects.toThrow('not a plain file name')
    },
  )
})
