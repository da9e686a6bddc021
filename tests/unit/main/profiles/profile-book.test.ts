import { describe, expect, it } from 'vitest'
import { createLog } from '../../../../src/main/lib/log.ts'
import { ProfileBook } from '../../../../src/main/profiles/profile-book.ts'
import { profileViewSchema } from '../../../../src/shared/ipc/contract.ts'
import { profileSchema } from '../../../../src/shared/profile.ts'
import type { Profile } from '../../../../src/shared/profile.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { memoryLog, MemoryFiles } from '../../../support/memory-ports.ts'
import { profileJson } from './profile-json.ts'

const profile = (id: string, more: object = {}): Profile =>
  profileSchema.parse({ ...profileJson(id), ...more })

/** Files on a disk that can fill up or become unreadable. */
class FailingFiles extends MemoryFiles {
  failing: 'read' | 'write' | null = null

  override read = async (name: string): Promise<string | null> => {
    if (this.failing === 'read') throw new Error('EACCES')
    return this.kept.get(name) ?? null
  }

  override write = async (name: string, text: string): Promise<void> => {
    if (this.failing === 'write') throw new Error('ENOSPC')
    this.kept.set(name, text)
  }
}

async function openBook({ files = new FailingFiles(), fixed = [] as Profile[] } = {}) {
  const { lines, sink } = memoryLog()
  const book = new ProfileBook({ files, fixed, log: createLog('book', new FakeClock(), sink) })
  await book.load()
  return { book, files, lines }
}

const ids = (book: ProfileBook): string[] => book.all.map(({ id }) => id)

describe('the profile book', () => {
  it('is empty at first, and keeps what is saved for the next start', async () => {
    const { book, files } = await openBook()
    expect(book.all).toEqual([])
    expect(await book.save(profile('a'))).toMatchObject({ ok: true, value: { id: 'a' } })
    await book.save(profile('b'))
    await book.save(profile('a', { name: 'Renamed' }))
    await book.remove('b')
    const again = await openBook({ files })
    expect(again.book.all).toEqual([profile('a', { name: 'Renamed' })])
    expect(again.book.problems).toEqual([])
  })

  it('says when it changed, and stops saying so', async () => {
    const { book } = await openBook()
    let changes = 0
    const off = book.onChanged(() => (changes += 1))
    await book.save(profile('a'))
    off()
    await book.remove('a')
    expect(changes).toBe(1)
  })

  it('shows everything but keys and demo passwords', async () => {
    const demoUsers = [{ email: 'a@b.co', password: 'canary', label: 'A' }]
    const { book } = await openBook({ fixed: [profile('demo', { demoUsers })] })
    expect(book.views).toEqual([profileViewSchema.parse(book.views[0])])
    expect(book.views[0]).toMatchObject({ id: 'demo', fixed: true, demoUsers: [{ label: 'A' }] })
    expect(JSON.stringify(book.views)).not.toMatch(/canary|sb_publishable/)
    expect(book.find('demo')?.demoUsers[0]?.password).toBe('canary')
  })

  it('neither changes nor removes a fixed profile', async () => {
    const { book, files } = await openBook({ fixed: [profile('a')] })
    expect(await book.save(profile('a'))).toMatchObject({ ok: false, failure: { field: 'id' } })
    expect(await book.remove('a')).toMatchObject({ ok: false })
    expect(files.kept.size).toBe(0)
  })

  it('puts a fixed profile before a saved one of the same id, says so, and loses neither', async () => {
    const { book, files } = await openBook()
    await book.save(profile('a', { name: 'Saved' }))
    const again = await openBook({ files, fixed: [profile('a', { name: 'Fixed' })] })
    expect(again.book.all.map(({ name }) => name)).toEqual(['Fixed'])
    expect(again.book.problems[0]?.message).toContain('"a" gives way')
    await again.book.save(profile('b'))
    expect(ids((await openBook({ files })).book)).toEqual(['a', 'b'])
  })

  it('saves no password', async () => {
    const { book, files } = await openBook()
    const demoUsers = [{ email: 'a@b.co', password: 'canary', label: 'A' }]
    expect(await book.save(profile('a', { demoUsers }))).toMatchObject({
      ok: false,
      failure: { code: 'profile_invalid', field: 'demoUsers' },
    })
    expect(files.kept.size).toBe(0)
  })

  it('answers for a profile that nobody knows', async () => {
    const { book } = await openBook()
    expect(await book.remove('x')).toMatchObject({ failure: { code: 'profile_unknown' } })
    expect(book.find('x')).toBeNull()
  })

  it('sets a broken file aside, once, and starts empty', async () => {
    const files = new FailingFiles()
    files.kept.set('profiles.json', '{broken')
    const { book } = await openBook({ files })
    await openBook({ files })
    expect(book.all).toEqual([])
    expect(book.problems.map(({ message }) => message).join(' ')).toContain('profiles.json.bad-1')
    await book.save(profile('a'))
    expect([...files.kept.keys()]).toEqual(['profiles.json', 'profiles.json.bad-1'])
    expect(files.kept.get('profiles.json.bad-1')).toBe('{broken')
  })

  it('keeps every broken copy under a name of its own', async () => {
    const files = new FailingFiles()
    for (const text of ['{one', '{two']) {
      files.kept.set('profiles.json', text)
      await openBook({ files })
    }
    expect(files.kept.get('profiles.json.bad-1')).toBe('{one')
    expect(files.kept.get('profiles.json.bad-2')).toBe('{two')
  })

  it('uses the good profiles of a file with a bad one, and names the bad one', async () => {
    const files = new FailingFiles()
    const text = JSON.stringify([profileJson('a'), { id: 'B' }, profileJson('c')])
    files.kept.set('profiles.json', text)
    const { book } = await openBook({ files })
    expect(ids(book)).toEqual(['a', 'c'])
    expect(book.problems[0]?.message).toContain('profile 2')
    expect(files.kept.get('profiles.json.bad-1')).toBe(text)
  })

  it('does not save over a broken file that could not be set aside', async () => {
    const files = new FailingFiles()
    files.kept.set('profiles.json', '{broken')
    files.failing = 'write'
    const { book } = await openBook({ files })
    expect(await book.save(profile('a'))).toMatchObject({ ok: false })
    files.failing = null
    expect(await book.save(profile('a'))).toMatchObject({ ok: true })
    expect(files.kept.get('profiles.json.bad-1')).toBe('{broken')
  })

  it('does not save over a file that it could not read', async () => {
    const files = new FailingFiles()
    files.kept.set('profiles.json', JSON.stringify([profileJson('kept')]))
    files.failing = 'read'
    const { book } = await openBook({ files })
    files.failing = null
    expect(await book.save(profile('a'))).toMatchObject({ ok: false })
    expect(ids((await openBook({ files })).book)).toEqual(['kept'])
  })

  it('keeps what it has when a write fails', async () => {
    const { book, files } = await openBook()
    await book.save(profile('a'))
    files.failing = 'write'
    expect(await book.save(profile('b'))).toMatchObject({ ok: false })
    expect(ids(book)).toEqual(['a'])
  })

  it('takes saves that come together one after the other', async () => {
    const { book, files } = await openBook()
    await Promise.all(['a', 'b', 'c'].map((id) => book.save(profile(id))))
    expect(ids((await openBook({ files })).book)).toEqual(['a', 'b', 'c'])
  })
})
