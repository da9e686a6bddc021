import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFiles } from '../../../../src/main/lib/files.ts'

const filesUrl = new URL('../../../../src/main/lib/files.ts', import.meta.url).href

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

  it('read back bytes, and know how many there are', async () => {
    const files = openFiles(folder)
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251)
    expect([await files.readBytes('a.sealed'), await files.size('a.sealed')]).toEqual([null, 0])
    await files.writeBytes('a.sealed', bytes)
    expect(Buffer.from(bytes).equals((await files.readBytes('a.sealed')) ?? Buffer.of())).toBe(true)
    expect(await files.size('a.sealed')).toBe(300_000)
    expect((await stat(join(folder, 'a.sealed'))).mode & 0o777).toBe(0o600)
  })

  it('are removed after a write under way, and with what a crash left of one', async () => {
    const files = openFiles(folder)
    await writeFile(join(folder, 'a.sealed.part'), 'half')
    expect(await files.size('a.sealed')).toBe(4)
    const writing = files.writeBytes('a.sealed', Buffer.alloc(1_000_000))
    await files.remove('a.sealed')
    await writing
    await writeFile(join(folder, 'a.sealed.part'), 'half')
    await files.remove('a.sealed')
    expect(await readdir(folder)).toEqual([])
  })

  it('keep the older one and leave nothing temporary when a write fails', async () => {
    const files = openFiles(folder)
    await files.write('a.json', 'old')
    await rm(join(folder, 'a.json.part'), { force: true })
    await mkdir(join(folder, 'a.json.part'))
    await expect(files.write('a.json', 'new')).rejects.toThrow()
    expect(await files.read('a.json')).toBe('old')
  })

  // A process that may write 64 KiB a file: first a short write and then an error, as on a full disk.
  it.skipIf(process.platform === 'win32')(
    'F68: keep the older one whole where there is no room, and leave no part of the new one',
    async () => {
      await openFiles(folder).write('a.json', 'old state')
      const script = `
        import { openFiles } from ${JSON.stringify(filesUrl)}
        const files = openFiles(${JSON.stringify(folder)})
        await files.writeBytes('a.json', Buffer.alloc(1_000_000)).catch(({ code }) => console.log(code))`
      const limited = 'ulimit -f 64 && exec "$0" --input-type=module --eval "$1"'
      const said = execFileSync('bash', ['-c', limited, process.execPath, script], {
        stdio: 'pipe',
      })
      expect(said.toString().trim()).toBe('EFBIG')
      expect(await openFiles(folder).read('a.json')).toBe('old state')
      expect(await readdir(folder)).toEqual(['a.json'])
    },
  )

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
