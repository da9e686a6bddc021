import { describe, expect, it } from 'vitest'
import { createLog } from '../../../../src/main/lib/log.ts'
import { createMemoryKeychain } from '../../../../src/main/lib/memory-keychain.ts'
import type { Keychain } from '../../../../src/main/ports.ts'
import { SessionVault } from '../../../../src/main/session/session-vault.ts'
import type { TokenAnswer } from '../../../../src/main/session/token-set.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { MemoryKeychain } from '../../../support/memory-keychain.ts'
import { memoryLog, MemoryFiles } from '../../../support/memory-ports.ts'

const tokens = (name: string): TokenAnswer => ({
  access_token: `access-${name}`,
  refresh_token: `refresh-${name}`,
  expires_in: 3_600,
  expires_at: 1_800_000_000,
  token_type: 'bearer',
})

class Desk {
  readonly keychain = new MemoryKeychain()
  readonly files = new MemoryFiles()
  readonly clock = new FakeClock()
  readonly logged = memoryLog()

  /** A start of the app: a new vault over the same keychain and files. */
  start({
    server = 'https://a.example',
    keychain = this.keychain,
  }: { server?: string; keychain?: Keychain } = {}) {
    const closing = new AbortController()
    const vault = new SessionVault({
      keychain,
      files: this.files,
      clock: this.clock,
      log: createLog('vault', this.clock, this.logged.sink),
      signal: closing.signal,
      account: 'session.test',
      server,
    })
    return { vault, close: () => closing.abort() }
  }

  get entry(): unknown {
    const text = this.keychain.entries.get('session.test')
    return text === undefined ? null : (JSON.parse(text) as unknown)
  }
}

describe('the vault', () => {
  it('keeps the token fields and the server, compactly, and reads them again', async () => {
    const desk = new Desk()
    const { vault } = desk.start()
    vault.keep({ ...tokens('1'), user: { email: 'x' } } as TokenAnswer)
    await vault.settled(1_000)
    expect(desk.entry).toEqual({ ...tokens('1'), server: 'https://a.example' })
    expect(await desk.start().vault.read()).toMatchObject({ kind: 'present', tokens: tokens('1') })
  })

  it('keeps the last of several tokens', async () => {
    const desk = new Desk()
    const { vault } = desk.start()
    for (const name of ['1', '2', '3']) vault.keep(tokens(name))
    await vault.settled(1_000)
    expect(desk.entry).toMatchObject({ refresh_token: 'refresh-3' })
  })

  it('never hands the tokens of one server to another', async () => {
    const desk = new Desk()
    const { vault } = desk.start()
    vault.keep(tokens('1'))
    await vault.settled(1_000)
    const moved = desk.start({ server: 'https://b.example' })
    expect(await moved.vault.read()).toEqual({ kind: 'absent' })
    expect(desk.entry).toBeNull()
  })

  it.each(['{', '[]', '{"access_token":"a"}', 'x'.repeat(1_000_000), '"', ''])(
    'erases a broken entry and counts it as absent (F67): %#',
    async (text) => {
      const desk = new Desk()
      desk.keychain.entries.set('session.test', text)
      expect(await desk.start().vault.read()).toEqual({ kind: 'absent' })
      expect(desk.keychain.entries.size).toBe(0)
    },
  )

  it('does not take locked for absent, and erases nothing then', async () => {
    const desk = new Desk()
    desk.start().vault.keep(tokens('1'))
    await settle()
    for (const trouble of ['locked', 'timeout', 'unavailable'] as const) {
      desk.keychain.trouble = trouble
      expect(await desk.start().vault.read()).toEqual({ kind: trouble })
    }
    desk.keychain.trouble = null
    expect(await desk.start().vault.read()).toMatchObject({ kind: 'present' })
  })

  it('tries a refused write again, says so meanwhile, and stops when it is closed', async () => {
    const desk = new Desk()
    const { vault, close } = desk.start()
    const said: string[] = []
    vault.onChanged(() => said.push(vault.keeping))
    desk.keychain.trouble = 'locked'
    vault.keep(tokens('1'))
    await settle()
    await desk.clock.advance(60_000)
    expect(vault.keeping).toBe('keychain-locked')
    desk.keychain.trouble = null
    await desk.clock.advance(15_000)
    expect(said).toEqual(['keychain-locked', 'keychain'])
    expect(desk.entry).toMatchObject({ refresh_token: 'refresh-1' })
    desk.keychain.trouble = 'unavailable'
    vault.keep(tokens('2'))
    await settle()
    expect(vault.keeping).toBe('memory')
    close()
    expect(desk.clock.armed).toBe(0)
  })

  it('I1: has one timer, however many writes waited for a keychain that refused them', async () => {
    const desk = new Desk()
    const { vault, close } = desk.start()
    desk.keychain.trouble = 'locked'
    desk.keychain.hold()
    vault.keep(tokens('1'))
    void vault.retry()
    desk.keychain.release()
    await settle()
    expect(desk.clock.armed).toBe(1)
    close()
    expect(desk.clock.armed).toBe(0)
  })

  it('tries again at once when asked', async () => {
    const desk = new Desk()
    const { vault } = desk.start()
    desk.keychain.trouble = 'locked'
    vault.keep(tokens('1'))
    expect(await vault.retry()).toBe(false)
    desk.keychain.trouble = null
    expect(await vault.retry()).toBe(true)
    expect(vault.keeping).toBe('keychain')
  })

  it('writes nothing after it was sealed, however late', async () => {
    const desk = new Desk()
    const { vault } = desk.start()
    vault.keep(tokens('waiting'))
    vault.seal()
    vault.keep(tokens('late'))
    await vault.retry()
    await desk.clock.advance(60_000)
    expect(desk.entry).toBeNull()
  })

  it('writes nothing that came after its scope fell silent, and finishes what came before', async () => {
    const desk = new Desk()
    const { vault, close } = desk.start()
    vault.keep(tokens('before'))
    close()
    vault.keep(tokens('after'))
    await vault.settled(1_000)
    expect(desk.entry).toMatchObject({ refresh_token: 'refresh-before' })
    expect(desk.clock.armed).toBe(0)
  })

  it('erases what a write under way has still put there', async () => {
    const desk = new Desk()
    const { vault } = desk.start()
    const gate = Promise.withResolvers<undefined>()
    const { write } = desk.keychain
    desk.keychain.write = async (account, value) => {
      await gate.promise
      return write(account, value)
    }
    vault.keep(tokens('1'))
    await settle()
    const erasing = vault.erase()
    gate.resolve(undefined)
    expect(await erasing).toEqual({ erased: 1, left: 0 })
    expect(desk.keychain.entries.size).toBe(0)
    expect(desk.files.kept.size).toBe(0)
  })

  it('gives everyone who erases the same answer', async () => {
    const { vault } = new Desk().start()
    expect(vault.erase()).toBe(vault.erase())
    expect(await vault.erase()).toEqual({ erased: 0, left: 0 })
  })

  it('buries what could not be erased: it is erased before it is read', async () => {
    const desk = new Desk()
    const first = desk.start()
    first.vault.keep(tokens('1'))
    await settle()
    desk.keychain.refusesErasure = true
    expect(await first.vault.erase()).toEqual({ erased: 0, left: 1 })
    expect([...desk.files.kept.values()].join('')).not.toMatch(/access|refresh/)
    expect(await desk.start().vault.read()).toEqual({ kind: 'absent' })
    desk.keychain.refusesErasure = false
    expect(await desk.start().vault.read()).toEqual({ kind: 'absent' })
    expect({ entries: desk.keychain.entries.size, files: desk.files.kept.size }).toEqual({
      entries: 0,
      files: 0,
    })
  })

  it('does not bring a session back when the process died between sign-out and erasure', async () => {
    const desk = new Desk()
    const first = desk.start()
    first.vault.keep(tokens('1'))
    await settle()
    desk.keychain.diesAfter = desk.keychain.changes
    void first.vault.erase()
    await settle()
    desk.keychain.diesAfter = Infinity
    expect(desk.keychain.entries.size).toBe(1)
    expect(await desk.start().vault.read()).toEqual({ kind: 'absent' })
    expect(desk.keychain.entries.size).toBe(0)
  })

  it('lets a new session rise from the tombstone of the old one', async () => {
    const desk = new Desk()
    const first = desk.start()
    first.vault.keep(tokens('old'))
    await settle()
    desk.keychain.refusesErasure = true
    await first.vault.erase()
    const second = desk.start()
    await second.vault.read()
    second.vault.keep(tokens('new'))
    await second.vault.settled(1_000)
    expect(desk.files.kept.size).toBe(0)
    expect(await desk.start().vault.read()).toMatchObject({ tokens: tokens('new') })
  })

  it('keeps the tombstone while only a memory keychain is there', async () => {
    const desk = new Desk()
    const first = desk.start()
    first.vault.keep(tokens('1'))
    await settle()
    desk.keychain.refusesErasure = true
    await first.vault.erase()
    const inMemory = desk.start({ keychain: createMemoryKeychain() })
    inMemory.vault.keep(tokens('2'))
    await inMemory.vault.settled(1_000)
    expect(inMemory.vault.keeping).toBe('memory')
    await inMemory.vault.erase()
    desk.keychain.refusesErasure = false
    expect(await desk.start().vault.read()).toEqual({ kind: 'absent' })
    expect(desk.keychain.entries.size).toBe(0)
  })

  it('signs out on a full disk all the same', async () => {
    const desk = new Desk()
    const { vault } = desk.start()
    vault.keep(tokens('1'))
    await settle()
    desk.files.write = async () => {
      throw new Error('ENOSPC')
    }
    expect(await vault.erase()).toEqual({ erased: 1, left: 0 })
  })

  it('does not wait for ever for a keychain that hangs', async () => {
    const desk = new Desk()
    const { vault } = desk.start()
    desk.keychain.hangs = true
    vault.keep(tokens('1'))
    let settled = false
    void vault.settled(700).then(() => (settled = true))
    await desk.clock.advance(699)
    expect(settled).toBe(false)
    await desk.clock.advance(1)
    expect({ settled, armed: desk.clock.armed }).toEqual({ settled: true, armed: 0 })
  })

  it('logs names of answers, never a token', async () => {
    const desk = new Desk()
    const { vault } = desk.start()
    desk.keychain.trouble = 'locked'
    vault.keep(tokens('canary'))
    await settle()
    await vault.erase()
    expect(desk.logged.lines.length).toBeGreaterThan(0)
    expect(desk.logged.lines.join('')).not.toContain('canary')
  })
})
