import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLineFile } from '../../../../src/main/host/line-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-lines-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('a line file', () => {
  it('appends lines and is readable by its owner alone', async () => {
    const path = join(folder, 'logs', 'a.log')
    for (const line of ['one', 'two']) {
      const file = openLineFile(path)
      file.write(line)
      file.close()
      file.write('too late')
    }
    expect(await readFile(path, 'utf8')).toBe('one\ntwo\n')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('keeps one older file once it has grown', async () => {
    const path = join(folder, 'a.log')
    for (const line of ['old', 'new']) {
      const file = openLineFile(path, 2)
      file.write(line)
      file.close()
    }
    expect(await readFile(`${path}.1`, 'utf8')).toBe('old\n')
    expect(await readFile(path, 'utf8')).toBe('new\n')
  })

  it('keeps within its bounds while it stays open', async () => {
    const path = join(folder, 'a.log')
    const file = openLineFile(path, 10)
    for (const line of ['one', 'two', 'three', 'four']) file.write(line)
    file.close()
    expect(await readFile(`${path}.1`, 'utf8')).toBe('three\n')
    expect(await readFile(path, 'utf8')).toBe('four\n')
  })

  it('says so when it cannot be opened', () => {
    expect(() => openLineFile('/dev/null/a.log')).toThrow()
  })
})
