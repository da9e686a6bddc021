import { describe, expect, it } from 'vitest'
import type { NativeKeychain } from '../../../../src/main/host/keychain-native.ts'
import { openKeychain } from '../../../../src/main/host/keychain.ts'
import { createLog } from '../../../../src/main/lib/log.ts'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { memoryLog, MemoryFiles } from '../../../support/memory-ports.ts'

/** keytar as it behaves on Linux (electron.md §2.2): a locked keyring looks empty. */
class LinuxKeytar implements NativeKeychain {
  readonly items = new Map<string, string>()
  locked = false
  broken = false
  /** A prompt that nobody answers: calls wait for `answer()`. */
  hangs = false
  calls = 0
  most = 0
  #open = 0
  #waiting: (() => void)[] = []

  getPassword = (service: string, account: string): Promise<string | null> =>
    this.#call(() => (this.locked ? null : (this.items.get(`${service}/${account}`) ?? null)))

  setPassword = (service: string, account: string, password: string): Promise<void> =>
    this.#call(() => {
      if (this.locked) throw new Error('Cannot create an item in a locked collection')
      this.items.set(`${service}/${account}`, password)
    })

  deletePassword = (service: string, account: string): Promise<boolean> =>
    this.#call(() => !this.locked && this.items.delete(`${service}/${account}`))

  answer(): void {
    this.hangs = false
    for (const go of this.#waiting.splice(0)) go()
  }

  async #call<T>(act: () => T): Promise<T> {
    this.calls += 1
    this.#open += 1
    this.most = Math.max(this.most, this.#open)
    try {
      if (this.hangs) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      if (this.broken) throw new Error('Cannot autolaunch D-Bus without X11 $DISPLAY')
      return act()
    } finally {
      this.#open -= 1
    }
  }
}

class Desk {
  readonly native = new LinuxKeytar()
  readonly files = new MemoryFiles()
  readonly clock = new FakeClock()
  readonly logged = memoryLog()

  open(more: { folder?: string; platform?: NodeJS.Platform; native?: NativeKeychain | null } = {}) {
    return openKeychain({
      native: this.native,
      platform: 'linux',
      folder: '/home/a',
      files: this.files,
      clock: this.clock,
      log: createLog('keychain', this.clock, this.logged.sink),
      ...more,
    })
  }
}

const value = new Secret('canary-value')

describe('the OS keychain', () => {
  it('gives back what it was given, and forgets it', async () => {
    const desk = new Desk()
    const keychain = await desk.open()
    expect(await keychain.read('session.a')).toEqual({ kind: 'absent' })
    expect(await keychain.write('session.a', value)).toBe('done')
    expect(await keychain.read('session.a')).toEqual({ kind: 'present', value })
    expect(await keychain.erase('session.a')).toBe('done')
    expect(await keychain.read('session.a')).toEqual({ kind: 'absent' })
    expect(await keychain.erase('session.a')).toBe('done')
    expect({ items: desk.native.items.size, armed: desk.clock.armed }).toEqual({
      items: 0,
      armed: 0,
    })
  })

  it('takes neither null nor false of a locked keyring for an answer', async () => {
    const desk = new Desk()
    await (await desk.open()).write('session.a', value)
    desk.native.locked = true
    const keychain = await desk.open()
    expect(keychain.keeping).toBe('keychain')
    expect(await keychain.read('session.a')).toEqual({ kind: 'locked' })
    expect(await keychain.erase('session.a')).toBe('locked')
    expect(await keychain.write('session.a', value)).toBe('locked')
    desk.native.locked = false
    expect(await keychain.read('session.a')).toEqual({ kind: 'present', value })
  })

  it('says absent of an entry that was never stored, without asking to unlock', async () => {
    const desk = new Desk()
    desk.native.locked = true
    const keychain = await desk.open()
    expect(await keychain.read('session.a')).toEqual({ kind: 'absent' })
    expect(desk.native.calls).toBe(2)
  })

  it('notices that somebody else deleted an entry, and leaves no probe behind', async () => {
    const desk = new Desk()
    const keychain = await desk.open()
    await keychain.write('session.a', value)
    desk.native.items.clear()
    expect(await keychain.read('session.a')).toEqual({ kind: 'absent' })
    expect(desk.native.items.size).toBe(0)
    desk.native.locked = true
    expect(await keychain.read('session.a')).toEqual({ kind: 'absent' })
  })

  it('believes null where the system does not lie', async () => {
    const desk = new Desk()
    const keychain = await desk.open({ platform: 'darwin' })
    await keychain.write('session.a', value)
    desk.native.items.clear()
    const { calls } = desk.native
    expect(await keychain.read('session.a')).toEqual({ kind: 'absent' })
    expect(desk.native.calls).toBe(calls + 1)
  })

  it('suspects every entry when its ledger cannot be read', async () => {
    const desk = new Desk()
    await (await desk.open()).write('session.a', value)
    desk.files.kept.set('keychain-ledger.json', '{broken')
    desk.native.locked = true
    expect(await (await desk.open()).read('session.a')).toEqual({ kind: 'locked' })
  })

  it('writes no value into its ledger or the log', async () => {
    const desk = new Desk()
    await (await desk.open()).write('session.a', value)
    expect(JSON.stringify([...desk.files.kept, ...desk.logged.lines])).not.toContain('canary')
    expect(desk.files.kept.get('keychain-ledger.json')).toContain('session.a')
  })

  it('keeps the entries of two user data folders apart', async () => {
    const desk = new Desk()
    const [a, b] = [await desk.open(), await desk.open({ folder: '/home/b' })]
    await a.write('session.x', value)
    expect(await b.read('session.x')).not.toMatchObject({ kind: 'present' })
    await b.write('session.x', new Secret('other'))
    expect(await a.read('session.x')).toEqual({ kind: 'present', value })
  })
})

describe('a keychain that hangs (F66)', () => {
  it('is answered for at five seconds, one native call at a time', async () => {
    const desk = new Desk()
    const keychain = await desk.open()
    desk.native.hangs = true
    const asked = Promise.all([
      keychain.read('a'),
      keychain.read('b'),
      keychain.write('c', value),
      keychain.erase('d'),
    ])
    await settle()
    await desk.clock.advance(5_000)
    expect(await asked).toEqual([{ kind: 'timeout' }, { kind: 'timeout' }, 'timeout', 'timeout'])
    expect({ most: desk.native.most, armed: desk.clock.armed }).toEqual({ most: 1, armed: 0 })
  })

  it('is used again once it answers; a late erasure is still done, a late write is not', async () => {
    const desk = new Desk()
    const keychain = await desk.open()
    await keychain.write('old', value)
    desk.native.hangs = true
    const asked = Promise.all([
      keychain.read('x'),
      keychain.erase('old'),
      keychain.write('new', value),
    ])
    await settle()
    await desk.clock.advance(5_000)
    await asked
    desk.native.answer()
    expect(await keychain.read('old')).toEqual({ kind: 'absent' })
    expect(await keychain.read('new')).toEqual({ kind: 'absent' })
    expect(desk.native.items.size).toBe(0)
  })

  it('at the start is still the keychain: what it holds is not ignored', async () => {
    const desk = new Desk()
    desk.native.hangs = true
    const opening = desk.open()
    await settle()
    await desk.clock.advance(5_000)
    expect((await opening).keeping).toBe('keychain')
  })
})

describe('a computer without a keychain', () => {
  it('keeps entries in memory when no service answers', async () => {
    const desk = new Desk()
    desk.native.broken = true
    const keychain = await desk.open()
    expect(keychain.keeping).toBe('memory')
    await keychain.write('session.a', value)
    expect(await keychain.read('session.a')).toEqual({ kind: 'present', value })
    expect(await keychain.erase('session.a')).toBe('done')
    expect(await keychain.read('session.a')).toEqual({ kind: 'absent' })
    expect(desk.native.calls).toBe(1)
  })

  it('keeps them in memory when the native module is missing', async () => {
    const desk = new Desk()
    const keychain = await desk.open({ native: null })
    expect(keychain.keeping).toBe('memory')
    expect(desk.logged.lines.join('')).toContain('missing')
  })

  it('says unavailable when the service goes away later', async () => {
    const desk = new Desk()
    const keychain = await desk.open()
    desk.native.broken = true
    expect(await keychain.read('session.a')).toEqual({ kind: 'unavailable' })
    expect(await keychain.write('session.a', value)).toBe('unavailable')
    expect(await keychain.erase('session.a')).toBe('unavailable')
  })
})
