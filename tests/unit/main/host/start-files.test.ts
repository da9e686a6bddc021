import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  openIpcTrace,
  readFixedProfiles,
  useUserDataDir,
} from '../../../../src/main/host/start-files.ts'

const nothing = { profileFile: null, userDataDir: null, ipcTrace: null, demo: true }
const profile = (id: string, mark: string) => ({
  id,
  name: id,
  mark,
  supabaseUrl: 'http://127.0.0.1:1',
  publishableKey: 'sb_publishable_x',
  gatewayUrl: 'http://127.0.0.1:2',
})
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-start-'))
})
afterEach(() => rm(folder, { recursive: true }))

const write = async (text: string): Promise<string> => {
  const path = join(folder, 'profiles.json')
  await writeFile(path, text)
  return path
}

describe('the files that the command line names', () => {
  it('are none when it names none', async () => {
    expect(await readFixedProfiles(nothing)).toEqual({ ok: true, value: [] })
    expect(useUserDataDir(nothing)).toEqual({ ok: true, value: null })
    expect(openIpcTrace(nothing)).toEqual({ ok: true, value: null })
  })

  it('hold profiles, of which --no-demo leaves the demo ones out', async () => {
    const profiles = [profile('demo', 'demo'), profile('own', 'production')]
    const profileFile = await write(JSON.stringify(profiles))
    const ids = async (demo: boolean): Promise<unknown> => {
      const read = await readFixedProfiles({ ...nothing, profileFile, demo })
      return read.ok && read.value.map(({ id }) => id)
    }
    expect(await ids(true)).toEqual(['demo', 'own'])
    expect(await ids(false)).toEqual(['own'])
  })

  it.each([
    ['is not JSON', '{', /^--profile-file cannot be used: profiles\.json .*\.$/],
    ['breaks the schema', '{"id":"A"}', /^--profile-file cannot be used: profiles\.json: .*\.$/],
  ])(
    'are refused in a sentence that names the flag when the text %s',
    async (_, text, sentence) => {
      const read = await readFixedProfiles({ ...nothing, profileFile: await write(text) })
      expect(read).toMatchObject({ ok: false, failure: { field: '--profile-file' } })
      expect(!read.ok && read.failure.message).toMatch(sentence)
    },
  )

  it('are refused when they are not there', async () => {
    const read = await readFixedProfiles({ ...nothing, profileFile: join(folder, 'none.json') })
    expect(!read.ok && read.failure.message).toBe(
      '--profile-file names none.json, which cannot be read (ENOENT).',
    )
  })

  it('keep what the app writes to the operator alone', async () => {
    const userDataDir = join(folder, 'deep', 'data')
    expect(useUserDataDir({ ...nothing, userDataDir })).toEqual({ ok: true, value: userDataDir })
    expect((await stat(userDataDir)).mode & 0o777).toBe(0o700)
    const trace = openIpcTrace({ ...nothing, ipcTrace: join(userDataDir, 'trace.jsonl') })
    expect(trace.ok).toBe(true)
    if (trace.ok) trace.value?.close()
  })

  it('are refused where nothing can be written', () => {
    const path = '/dev/null/x'
    expect(useUserDataDir({ ...nothing, userDataDir: path })).toMatchObject({
      failure: { message: '--user-data-dir names /dev/null/x, which cannot be used (ENOTDIR).' },
    })
    expect(openIpcTrace({ ...nothing, ipcTrace: path })).toMatchObject({
      failure: { field: '--ipc-trace' },
    })
  })
})
