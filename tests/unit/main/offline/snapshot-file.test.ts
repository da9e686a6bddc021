import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../../src/main/lib/log.ts'
import { SnapshotFile } from '../../../../src/main/offline/snapshot-file.ts'
import type { Keychain } from '../../../../src/main/ports.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { MemoryKeychain } from '../../../support/memory-keychain.ts'
import { createMemoryKeychain } from '../../../../src/main/lib/memory-keychain.ts'
import { MemoryFiles, memoryLog } from '../../../support/memory-ports.ts'

const name = 'snapshot-line.sealed'
const account = 'cache.line'
const state = Buffer.from('the last known state')
const nothing = { bytesErased: 0, bytesLeft: 0, keysErased: 0, keysLeft: 0 }

let files: MemoryFiles
let keychain: MemoryKeychain
let logged: ReturnType<typeof memoryLog>

/** As every start of the app does. */
const open = (profileId = 'line', over: Keychain = keychain) =>
  new SnapshotFile({
    files,
    keychain: over,
    profileId,
    log: createLog('test', new FakeClock(), logged.sink),
  })

beforeEach(() => {
  files = new MemoryFiles()
  keychain = new MemoryKeychain()
  logged = memoryLog()
})

describe('the file of a snapshot', () => {
  it('is read at the next start', async () => {
    expect(await open().read()).toEqual({ kind: 'absent' })
    expect(await open().write(state)).toBe('done')
    expect(await open().read()).toEqual({ kind: 'unsealed', plain: state })
  })

  it('is written again under the key that it was read with', async () => {
    await open().write(state)
    const key = keychain.entries.get(account)
    const next = open()
    await next.read()
    await next.write(Buffer.from('newer'))
    expect(keychain.entries.get(account)).toBe(key)
    expect(await open().read()).toMatchObject({ plain: Buffer.from('newer') })
  })

  it('gets a new key where nothing was read first: another session is not to read the old one', async () => {
    await open().write(state)
    const key = keychain.entries.get(account)
    await open().write(state)
    expect(keychain.entries.get(account)).not.toBe(key)
  })

  it('holds neither the key nor a plain word', async () => {
    await open().write(Buffer.from('canary-canary'))
    const text = Buffer.from(files.bytes.get(name)!).toString('latin1')
    expect(text).not.toContain('canary')
    expect(text).not.toContain(keychain.entries.get(account))
    expect(logged.lines.join()).not.toContain(keychain.entries.get(account))
  })

  it('of one profile is noise to another', async () => {
    await open().write(state)
    await open('other').write(state)
    files.bytes.set(name, files.bytes.get('snapshot-other.sealed')!)
    expect(await open().read()).toEqual({ kind: 'damaged' })
  })

  it.each<[string, () => Uint8Array]>([
    ['empty', () => new Uint8Array()],
    ['a megabyte of noise', () => randomBytes(1_000_000)],
    ['larger than any', () => new Uint8Array(64 * 1_024 * 1_024 + 1)],
  ])('that is %s is damaged', async (_, bytes) => {
    await open().write(state)
    files.bytes.set(name, bytes())
    expect(await open().read()).toEqual({ kind: 'damaged' })
  })

  it('without its key, or with something else in its place, is damaged', async () => {
    await open().write(state)
    keychain.entries.set(account, 'short')
    expect(await open().read()).toEqual({ kind: 'damaged' })
    keychain.entries.delete(account)
    expect(await open().read()).toEqual({ kind: 'damaged' })
  })

  it('is left alone while the keychain is locked', async () => {
    await open().write(state)
    keychain.trouble = 'locked'
    const file = open()
    expect(await file.read()).toEqual({ kind: 'locked' })
    expect(await file.write(Buffer.from('newer'))).toBe('locked')
    keychain.trouble = null
    expect(await open().read()).toEqual({ kind: 'unsealed', plain: state })
  })

  it('is neither written nor read where the keychain ends with the process', async () => {
    await open().write(state)
    const file = open('line', createMemoryKeychain())
    expect(file.isUsable).toBe(false)
    expect(await file.read()).toEqual({ kind: 'absent' })
    expect(files.bytes.size).toBe(1)
  })

  it.each(['ENOSPC', 'EACCES'] as const)(
    'F68: stays as it was when it cannot be replaced (%s), which is logged once',
    async (code) => {
      await open().write(state)
      const file = open()
      await file.read()
      files.refuses = code
      expect(await file.write(Buffer.from('newer'))).toBe('refused')
      expect(await file.write(Buffer.from('newer'))).toBe('refused')
      expect(logged.lines.filter((line) => line.includes(code))).toHaveLength(1)
      expect(await open().read()).toEqual({ kind: 'unsealed', plain: state })
      files.refuses = null
      expect(await file.write(Buffer.from('newer'))).toBe('done')
    },
  )
})

describe('erasing a snapshot', () => {
  it('takes the file and the key, counts both, and leaves no tombstone', async () => {
    const file = open()
    await file.write(state)
    const { bytes } = file.held
    expect(bytes).toBe(files.bytes.get(name)?.length)
    expect(await file.erase()).toEqual({ ...nothing, bytesErased: bytes, keysErased: 1 })
    expect([files.bytes.size, files.kept.size, keychain.entries.size]).toEqual([0, 0, 0])
    expect(file.held).toEqual({ bytes: 0, keys: 0 })
  })

  it('finds nothing where nothing was', async () => {
    expect(await open().erase()).toEqual(nothing)
    expect([files.kept.size, keychain.entries.size]).toEqual([0, 0])
  })

  it('takes what an earlier start left, though it was never read here', async () => {
    await open().write(state)
    expect(await open().erase()).toMatchObject({ keysErased: 1, keysLeft: 0, bytesLeft: 0 })
    expect([files.bytes.size, keychain.entries.size]).toEqual([0, 0])
  })

  it('comes after a write under way, and before none', async () => {
    const file = open()
    const writing = file.write(state)
    const erasing = file.erase()
    expect(await writing).toBe('closed')
    await erasing
    expect(await file.write(state)).toBe('closed')
    expect([files.bytes.size, files.kept.size, keychain.entries.size]).toEqual([0, 0, 0])
  })

  it('answers the same however often it is asked for', async () => {
    const file = open()
    await file.write(state)
    expect(await file.erase()).toEqual(await file.erase())
  })

  it('whose key the keychain keeps is finished at the next start, before anything is read', async () => {
    const file = open()
    await file.write(state)
    keychain.refusesErasure = true
    expect(await file.erase()).toMatchObject({ bytesLeft: 0, keysErased: 0, keysLeft: 1 })
    expect(keychain.entries.has(account)).toBe(true)
    keychain.refusesErasure = false
    expect(await open().read()).toEqual({ kind: 'absent' })
    expect([files.kept.size, keychain.entries.size]).toEqual([0, 0])
  })

  it('whose file cannot be removed leaves noise, and is finished at the next start', async () => {
    const file = open()
    await file.write(state)
    const { bytes } = file.held
    files.refusesRemoval = true
    expect(await file.erase()).toEqual({ ...nothing, bytesLeft: bytes, keysErased: 1 })
    expect(await open().read()).toEqual({ kind: 'absent' })
    expect(files.bytes.size).toBe(1)
    files.refusesRemoval = false
    await open().bury()
    expect([files.bytes.size, files.kept.size]).toEqual([0, 0])
  })

  it('does not claim a key that nobody saw, but does not forget it either', async () => {
    await open().write(state)
    keychain.trouble = 'locked'
    expect(await open().erase()).toMatchObject({ keysErased: 0, keysLeft: 0, bytesLeft: 0 })
    keychain.trouble = null
    await open().bury()
    expect([files.kept.size, keychain.entries.size]).toEqual([0, 0])
  })

  it('is over once a new session is kept in its place', async () => {
    const file = open()
    await file.write(state)
    keychain.refusesErasure = true
    await file.erase()
    keychain.refusesErasure = false
    await open().write(Buffer.from('of another session'))
    expect(await open().read()).toMatchObject({ plain: Buffer.from('of another session') })
  })

  it('buries nothing where no tombstone stands', async () => {
    await open().write(state)
    await open().bury()
    expect(await open().read()).toMatchObject({ kind: 'unsealed' })
  })
})
