import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryKeychain } from '../../src/main/lib/memory-keychain.ts'
import { FakeAuthServer, makeToken } from '../support/fake-auth-server.ts'
import { settle } from '../support/fake-clock.ts'
import { password, TestComputer, until } from '../support/session-parts.ts'

const email = 'ada@example.com'
const hourMs = 3_600_000

let server: FakeAuthServer
let computer: TestComputer

beforeEach(async () => {
  server = await FakeAuthServer.open()
  computer = new TestComputer()
  server.clock = computer.clock
})
afterEach(() => server.close())

/** Signs in, and closes the app as quitting does. */
async function signInAndQuit(): Promise<void> {
  const { session, scope } = computer.open({ url: server.url })
  expect(await session.signIn(email, password)).toMatchObject({ ok: true })
  await scope.close('quit')
  expect(computer.keychain.entries.size).toBe(1)
}

describe('the next start', () => {
  it('finds nothing where nothing was kept', async () => {
    const { session } = computer.open({ url: server.url })
    const restoring = session.restore()
    expect(session.view).toEqual({ kind: 'restoring' })
    expect(await restoring).toEqual({ ok: true, value: false })
    expect(session.view).toEqual({ kind: 'signed-out', reason: null })
    expect(server.requests).toHaveLength(0)
  })

  it('is signed in at once, without the network, while the token lives', async () => {
    await signInAndQuit()
    const { url } = server
    await server.close()
    await computer.clock.advance(600_000)
    const { session, scope } = computer.open({ url })
    expect(await session.restore()).toEqual({ ok: true, value: true })
    expect(session.view).toEqual({
      kind: 'signed-in',
      expiresAtMs: computer.clock.now() + hourMs - 600_000,
    })
    expect(session.operator).toMatchObject({ email, tenants: [{ id: 'tenant-1' }] })
    expect(await session.current()).toMatchObject({ ok: true })
    await scope.close('test')
    server = await FakeAuthServer.open()
  })

  it('is unconfirmed offline with a dead token, asks nobody to sign in, and recovers by itself', async () => {
    await signInAndQuit()
    await computer.clock.advance(2 * hourMs)
    server.always({ act: 'reset' })
    const { session, scope } = computer.open({ url: server.url })
    expect(await session.restore()).toEqual({ ok: true, value: true })
    expect(session.view).toMatchObject({ kind: 'unconfirmed' })
    await until(session, () => 'reason' in session.view && session.view.reason === 'unreachable')
    expect(session.operator).toMatchObject({ email })
    expect(computer.keychain.entries.size).toBe(1)
    server.always(null)
    await computer.clock.advance(1_000)
    await until(session, () => session.view.kind === 'signed-in')
    await scope.close('test')
  })

  it('is signed out with the reason when the server has ended the session meanwhile', async () => {
    await signInAndQuit()
    await computer.clock.advance(2 * hourMs)
    server.sessions.clear()
    const { session } = computer.open({ url: server.url })
    await session.restore()
    await until(session, () => session.view.kind === 'signed-out')
    expect(session.view).toEqual({ kind: 'signed-out', reason: 'session_ended' })
    await settle()
    expect(computer.keychain.entries.size).toBe(0)
  })

  it('refreshes first when the wall clock cannot be right (F38)', async () => {
    await signInAndQuit()
    computer.clock.jump(-hourMs)
    server.clock = { now: () => computer.clock.now() + hourMs }
    const { session } = computer.open({ url: server.url })
    await session.restore()
    expect(await session.current()).toMatchObject({ ok: true })
    expect(server.refreshes).toBe(1)
  })

  it('recovers from a kill between the reply and the save: the parent token still works (F71, F41)', async () => {
    await signInAndQuit()
    const kept = computer.keychain.entries.get('session.test')
    const running = computer.open({ url: server.url })
    await running.session.restore()
    computer.clock.jump(hourMs)
    await running.session.current()
    await running.scope.close('killed')
    // As if the write had never happened.
    computer.keychain.entries.set('session.test', kept ?? '')
    const { session } = computer.open({ url: server.url })
    await session.restore()
    await until(session, () => session.view.kind === 'signed-in')
    expect(server.refreshes).toBe(2)
  })

  it('is quick and keeps the session when the app quits during a refresh (F71)', async () => {
    await signInAndQuit()
    const running = computer.open({ url: server.url })
    await running.session.restore()
    server.script({ act: 'hang' })
    const arrived = server.arrival()
    computer.clock.jump(hourMs)
    const asking = running.session.current()
    await arrived
    const report = await running.scope.close('quit')
    expect(report.errors).toEqual([])
    expect(await asking).toMatchObject({ ok: false })
    expect(computer.clock.armed).toBe(0)
    const { session } = computer.open({ url: server.url })
    expect(await session.restore()).toEqual({ ok: true, value: true })
  })

  it.each<[string, string]>([
    ['not JSON', '{'],
    ['a megabyte', 'x'.repeat(1_000_000)],
    ['somebody else’s', JSON.stringify({ password: 'x' })],
    [
      'no token',
      JSON.stringify({
        access_token: 'a.b',
        refresh_token: 'r',
        expires_in: 1,
        expires_at: 1,
        token_type: 'bearer',
        server: 'http://127.0.0.1',
      }),
    ],
  ])('erases an entry that is %s and asks to sign in (F67)', async (_, text) => {
    computer.keychain.entries.set('session.test', text)
    const { session } = computer.open({ url: server.url })
    expect(await session.restore()).toEqual({ ok: true, value: false })
    await settle()
    expect(computer.keychain.entries.size).toBe(0)
    expect(await session.signIn(email, password)).toMatchObject({ ok: true })
  })

  it('refuses an anon key in the keychain, erases it, and sends it nowhere', async () => {
    const access_token = makeToken({ role: 'anon', iss: 'supabase', exp: 2_000_000_000 })
    computer.keychain.entries.set(
      'session.test',
      JSON.stringify({
        access_token,
        refresh_token: 'r',
        expires_in: 3_600,
        token_type: 'bearer',
        server: 'http://127.0.0.1',
      }),
    )
    const { session } = computer.open({ url: server.url })
    expect(await session.restore()).toMatchObject({ failure: { code: 'token_wrong_kind' } })
    expect(session.view).toEqual({ kind: 'signed-out', reason: 'token_wrong_kind' })
    await settle()
    expect(computer.keychain.entries.size).toBe(0)
    expect(server.requests).toHaveLength(0)
  })

  it('does not send tokens to another server under the same profile', async () => {
    await signInAndQuit()
    const { session } = computer.open({ url: 'https://elsewhere.example' })
    expect(await session.restore()).toEqual({ ok: true, value: false })
    expect(computer.keychain.entries.size).toBe(0)
  })

  it('keeps the sessions of two profiles apart', async () => {
    await signInAndQuit()
    const other = computer.open({ url: server.url, profileId: 'other' })
    expect(await other.session.restore()).toEqual({ ok: true, value: false })
    await other.session.signIn(email, password)
    await other.session.signOut({ everywhere: false, askServer: true })
    const { session } = computer.open({ url: server.url })
    expect(await session.restore()).toEqual({ ok: true, value: true })
  })

  it('keeps a session with many tenants in parts', async () => {
    const tenants = Array.from({ length: 60 }, (_, id) => ({ id, name: `Tenant number ${id}` }))
    server.claims = { app_metadata: { tenants } }
    const first = computer.open({ url: server.url })
    await first.session.signIn(email, password)
    await first.scope.close('quit')
    expect(computer.keychain.entries.size).toBeGreaterThan(2)
    expect(computer.keychain.longest).toBeLessThanOrEqual(2_400)
    const { session } = computer.open({ url: server.url })
    await session.restore()
    expect(session.operator?.tenants).toHaveLength(60)
    expect(await session.signOut({ everywhere: false, askServer: true })).toMatchObject({
      keychainLeft: 0,
    })
    expect(computer.keychain.entries.size).toBe(0)
  })
})

describe('a keychain in trouble', () => {
  it.each(['locked', 'timeout'] as const)(
    'that answers %s is not taken for an empty one, and is asked again (F66)',
    async (trouble) => {
      await signInAndQuit()
      computer.keychain.trouble = trouble
      const { session } = computer.open({ url: server.url })
      expect(await session.restore()).toMatchObject({ failure: { code: 'keychain_locked' } })
      expect(session.view).toEqual({ kind: 'keychain-locked' })
      expect(await session.unlock()).toMatchObject({ ok: false })
      computer.keychain.trouble = null
      expect(await session.unlock()).toEqual({ ok: true, value: true })
      expect(session.view.kind).toBe('signed-in')
    },
  )

  it('lets the operator sign in anew while it is locked, and keeps that once it is not', async () => {
    await signInAndQuit()
    computer.keychain.trouble = 'locked'
    const { session } = computer.open({ url: server.url })
    await session.restore()
    expect(await session.signIn(email, password)).toMatchObject({ ok: true })
    await settle()
    expect(session.keeping).toBe('keychain-locked')
    expect(await session.unlock()).toMatchObject({ failure: { code: 'keychain_locked' } })
    computer.keychain.trouble = null
    expect(await session.unlock()).toEqual({ ok: true, value: true })
    expect(session.keeping).toBe('keychain')
  })

  it('is told of when a refresh could not be kept, and the tokens live on in memory', async () => {
    await signInAndQuit()
    const { session } = computer.open({ url: server.url })
    await session.restore()
    computer.keychain.trouble = 'locked'
    computer.clock.jump(hourMs)
    expect(await session.current()).toMatchObject({ ok: true })
    await settle()
    expect(session.keeping).toBe('keychain-locked')
    expect(session.view.kind).toBe('signed-in')
    computer.keychain.trouble = null
    await computer.clock.advance(15_000)
    expect(session.keeping).toBe('keychain')
  })

  it('that is missing means memory: said so, and gone with the process', async () => {
    const keychain = createMemoryKeychain()
    const first = computer.open({ url: server.url, keychain })
    await first.session.signIn(email, password)
    expect(first.session.keeping).toBe('memory')
    await first.scope.close('quit')
    expect(computer.files.kept.size).toBe(0)
    const { session } = computer.open({ url: server.url, keychain: createMemoryKeychain() })
    expect(await session.restore()).toEqual({ ok: true, value: false })
  })
})
