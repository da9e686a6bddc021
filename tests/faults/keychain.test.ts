import { afterEach, beforeEach, describe, expect } from 'vitest'
import { createMemoryKeychain } from '../../src/main/lib/memory-keychain.ts'
import { FakeAuthServer } from '../support/fake-auth-server.ts'
import { settle } from '../support/fake-clock.ts'
import { fault } from '../support/fault.ts'
import { KeyringHome } from '../support/keyring-session.ts'
import type { Bus, KeychainCall } from '../support/keyring-session.ts'
import { filesBelow, findSecrets } from '../support/secret-search.ts'
import { password, TestComputer } from '../support/session-parts.ts'
import { email } from '../support/signed-in-line.ts'

const account = 'session.test'
const token = 'canary-k3v9q2m7x1zt-canary'
const text = JSON.stringify({ access_token: token, refresh_token: token })

let server: FakeAuthServer
let computer: TestComputer

beforeEach(async () => {
  server = await FakeAuthServer.open()
  computer = new TestComputer()
  server.clock = computer.clock
})
afterEach(() => server.close())

/** The app on a real keyring in this state: its answers, and that nothing was written in plain text. */
async function onKeyring(bus: Bus, calls: readonly KeychainCall[], kept = false) {
  await using home = await KeyringHome.make()
  if (kept) await home.inSession('unlocked', [['write', account, text]])
  const outcome = await home.inSession(bus, calls)
  expect(findSecrets([token], filesBelow(home.folder))).toEqual([])
  const after = kept ? await home.inSession('unlocked', [['read', account]]) : null
  return { ...outcome, after: after?.answers[1] ?? null }
}

const read: KeychainCall = ['read', account]
const write: KeychainCall = ['write', account, text]

describe.runIf(process.platform === 'linux')('a real keyring', () => {
  fault(66, 'that is locked: said so, takes nothing, loses nothing', async () => {
    const calls: KeychainCall[] = [
      read,
      ['erase', account],
      write,
      ['read', 'session.never-stored'],
    ]
    const { answers, after } = await onKeyring('locked', calls, true)
    expect(answers).toEqual(['keychain', 'locked', 'locked', 'locked', 'absent'])
    expect(after).toEqual({ present: text })
    return `locked: ${answers.slice(1, 4).join(', ')}; what was kept is there afterwards; 0 in plain text`
  })

  fault(66, 'whose daemon hangs: given up after 5 s, and asked no more than that', async () => {
    const { answers, armed, longestMs, after } = await onKeyring('hung', [read, write], true)
    expect(answers).toEqual(['keychain', 'timeout', 'timeout'])
    expect([longestMs, armed]).toEqual([5_000, 0])
    expect(after).toEqual({ present: text })
    return `hung: ${answers.slice(1).join(', ')} after ${longestMs} ms; 0 in plain text`
  })

  fault(66, 'without a bus: memory, and said so', async () => {
    const { answers } = await onKeyring('none', [read, write, read, ['erase', account]])
    expect(answers).toEqual(['memory', 'absent', 'done', { present: text }, 'done'])
    return `no bus: kept in ${String(answers[0])}; 0 in plain text`
  })
})

describe('a session whose keychain is in trouble', () => {
  /** Signs in, and closes the app as quitting does. */
  async function signInAndQuit(): Promise<void> {
    const { session, scope } = computer.open({ url: server.url })
    expect(await session.signIn(email, password)).toMatchObject({ ok: true })
    await scope.close('quit')
    expect(computer.keychain.entries.size).toBe(1)
  }

  for (const trouble of ['locked', 'timeout'] as const) {
    fault(66, `${trouble}: not taken for an empty one, and asked again`, async () => {
      await signInAndQuit()
      computer.keychain.trouble = trouble
      const { session, scope } = computer.open({ url: server.url })
      expect(await session.restore()).toMatchObject({ failure: { code: 'keychain_locked' } })
      const { kind } = session.view
      expect(kind).toBe('keychain-locked')
      expect(await session.unlock()).toMatchObject({ ok: false })
      computer.keychain.trouble = null
      expect(await session.unlock()).toEqual({ ok: true, value: true })
      expect(session.view.kind).toBe('signed-in')
      await scope.close('test over')
      return `${trouble}: ${kind}, then ${session.view.kind}`
    })
  }

  fault(
    66,
    'missing: the session lives in memory, which the window says, and ends with it',
    async () => {
      const keychain = createMemoryKeychain()
      const { session, scope } = computer.open({ url: server.url, keychain })
      await session.signIn(email, password)
      const { keeping } = session
      expect(keeping).toBe('memory')
      await scope.close('quit')
      expect([computer.files.kept.size, computer.files.bytes.size]).toEqual([0, 0])
      const next = computer.open({ url: server.url, keychain: createMemoryKeychain() })
      expect(await next.session.restore()).toEqual({ ok: true, value: false })
      await next.scope.close('test over')
      return `keeping: ${keeping}; 0 files`
    },
  )

  const tokens = {
    access_token: 'a.b',
    refresh_token: 'r',
    expires_in: 1,
    expires_at: 1,
    token_type: 'bearer',
    server: 'http://127.0.0.1',
  }
  const entries: Readonly<Record<string, string>> = {
    'not JSON': '{',
    'a megabyte': 'x'.repeat(1_000_000),
    'somebody else’s': JSON.stringify({ password: 'x' }),
    'no token': JSON.stringify(tokens),
    'cut in the middle of its parts': '{"parts":9}',
    'of another server': JSON.stringify({ ...tokens, server: 'https://elsewhere.example' }),
  }
  for (const [name, entry] of Object.entries(entries)) {
    fault(67, `an entry that is ${name}: erased, and asked to sign in`, async () => {
      computer.keychain.entries.set(account, entry)
      const { session, scope } = computer.open({ url: server.url })
      expect(await session.restore()).toEqual({ ok: true, value: false })
      await settle()
      expect(computer.keychain.entries.size).toBe(0)
      expect(session.view).toEqual({ kind: 'signed-out', reason: null })
      expect(server.requests).toEqual([])
      expect(await session.signIn(email, password)).toMatchObject({ ok: true })
      await scope.close('test over')
      return 'erased and sent nowhere; signed in again'
    })
  }

  fault(
    67,
    'a session too large for one entry: kept in parts of 2,400 bytes, and found again',
    async () => {
      const tenants = Array.from({ length: 60 }, (_, id) => ({ id, name: `Tenant number ${id}` }))
      server.claims = { app_metadata: { tenants } }
      const first = computer.open({ url: server.url })
      await first.session.signIn(email, password)
      await first.scope.close('quit')
      const parts = computer.keychain.entries.size
      expect(parts).toBeGreaterThan(2)
      expect(computer.keychain.longest).toBeLessThanOrEqual(2_400)
      const { session, scope } = computer.open({ url: server.url })
      await session.restore()
      expect(session.operator?.tenants).toHaveLength(60)
      await scope.close('test over')
      return `${parts} entries of at most ${computer.keychain.longest} bytes`
    },
  )
})
