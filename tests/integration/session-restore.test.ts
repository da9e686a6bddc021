import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
})

describe('a keychain in trouble', () => {
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
})
