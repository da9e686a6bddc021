import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/main/lib/secret.ts'
import type { Outcome } from '../../src/shared/failure.ts'
import { FakeAuthServer } from '../support/fake-auth-server.ts'
import { settle } from '../support/fake-clock.ts'
import { password, TestComputer, until } from '../support/session-parts.ts'

const email = 'ada@example.com'
const hourMs = 3_600_000
const dueMs = hourMs - 90_000

let server: FakeAuthServer
let computer: TestComputer

beforeEach(async () => {
  server = await FakeAuthServer.open()
  computer = new TestComputer()
  server.clock = computer.clock
})
afterEach(() => server.close())

async function signedIn() {
  const open = computer.open({ url: server.url })
  expect(await open.session.signIn(email, password)).toMatchObject({ ok: true })
  return open
}
const entry = (): Record<string, unknown> | null => {
  const text = computer.keychain.entries.get('session.test')
  return text === undefined ? null : (JSON.parse(text) as Record<string, unknown>)
}
const textOf = (outcome: Outcome<Secret>): string =>
  outcome.ok ? outcome.value.reveal() : outcome.failure.code

describe('signing in', () => {
  it('answers the operator, keeps the tokens, and makes one request', async () => {
    const { session, scope } = computer.open({ url: server.url })
    expect(session.view).toEqual({ kind: 'signed-out', reason: null })
    const signing = session.signIn(email, password)
    expect(session.view).toEqual({ kind: 'signing-in' })
    expect(await signing).toEqual({
      ok: true,
      value: {
        userId: `user-of-${email}`,
        email,
        tenants: [{ id: 'tenant-1', name: null, role: null }],
      },
    })
    expect(session.view).toEqual({
      kind: 'signed-in',
      expiresAtMs: computer.clock.now() + hourMs,
    })
    await settle()
    expect(Object.keys(entry() ?? {}).sort()).toEqual([
      'access_token',
      'expires_at',
      'expires_in',
      'refresh_token',
      'server',
      'token_type',
    ])
    expect(session.keeping).toBe('keychain')
    expect(server.requests).toHaveLength(1)
    await scope.close('test')
  })

  it.each<[string, () => void, string]>([
    ['a wrong password', () => server.passwords.set(email, 'other'), 'credentials_wrong'],
    ['a server error', () => server.script({ status: 503 }), 'server_error'],
    ['a captive portal (F13)', () => server.script({ act: 'portal' }), 'captive_portal'],
    [
      'a redirect to a login page (F14)',
      () => server.script({ status: 302, headers: { location: 'http://127.0.0.1:9/login' } }),
      'captive_portal',
    ],
    ['a broken connection', () => server.script({ act: 'reset' }), 'unreachable'],
    [
      'too many tries',
      () => server.script({ status: 429, headers: { 'retry-after': '30' } }),
      'rate_limited',
    ],
    [
      'an address not yet confirmed',
      () => server.script({ status: 400, body: { code: 'email_not_confirmed' } }),
      'email_not_confirmed',
    ],
    ['an answer without tokens', () => server.script({ status: 200, body: {} }), 'protocol_error'],
    ['a token without a tenant (F35)', () => (server.claims = {}), 'tenant_missing'],
    [
      'an anon key where the token belongs (F34)',
      () => (server.claims = { role: 'anon' }),
      'token_wrong_kind',
    ],
  ])('is refused for %s, and keeps nothing', async (_, arrange, code) => {
    arrange()
    const { session, scope } = computer.open({ url: server.url })
    expect(await session.signIn(email, password)).toMatchObject({ ok: false, failure: { code } })
    expect(session.view).toEqual({ kind: 'signed-out', reason: code })
    expect(session.operator).toBeNull()
    expect(await session.current()).toMatchObject({ failure: { code: 'token_missing' } })
    await settle()
    expect(entry()).toBeNull()
    await scope.close('test')
    expect(computer.clock.armed).toBe(0)
  })

  it('names a wrong key for what it is', async () => {
    const { session } = computer.open({ url: server.url, publishableKey: 'sb_publishable_other' })
    expect(await session.signIn(email, password)).toMatchObject({ failure: { code: 'key_wrong' } })
  })

  it('names an unknown host and a closed port', async () => {
    const unknown = computer.open({ url: 'http://signalbox-test.invalid' })
    expect(await unknown.session.signIn(email, password)).toMatchObject({
      failure: { code: 'name_not_found' },
    })
    const { url } = server
    await server.close()
    const closed = computer.open({ url })
    expect(await closed.session.signIn(email, password)).toMatchObject({
      failure: { code: 'unreachable' },
    })
    server = await FakeAuthServer.open()
  })

  it('may be tried again after a wrong password', async () => {
    const { session } = computer.open({ url: server.url })
    await session.signIn(email, new Secret('wrong'))
    expect(await session.signIn(email, password)).toMatchObject({ ok: true })
  })

  it('gives up at ten seconds on a server that never answers, or that drips (F18, F42)', async () => {
    for (const act of ['hang', 'drip'] as const) {
      server.script({ act })
      const { session } = computer.open({ url: server.url })
      const arrived = server.arrival()
      const signing = session.signIn(email, password)
      await arrived
      await computer.clock.advance(10_000)
      expect(await signing).toMatchObject({ failure: { code: 'timed_out' } })
    }
    expect(computer.clock.armed).toBe(0)
  })

  it('does not run twice at once', async () => {
    const { session } = computer.open({ url: server.url })
    const first = session.signIn(email, password)
    expect(await session.signIn(email, password)).toMatchObject({ failure: { code: 'cancelled' } })
    expect(await first).toMatchObject({ ok: true })
    expect(server.requests).toHaveLength(1)
  })

  it('does not leave a session open at the server that it cannot use', async () => {
    server.claims = {}
    const { session } = computer.open({ url: server.url })
    const gone = server.arrival().then(() => server.arrival())
    await session.signIn(email, password)
    await gone
    expect(server.requests.at(-1)?.path).toBe('/auth/v1/logout?scope=local')
  })

  it('sends the key in headers and the password in the body, nothing in a URL', async () => {
    await signedIn()
    const [request] = server.requests
    expect(request?.path).toBe('/auth/v1/token?grant_type=password')
    expect(request?.headers).toMatchObject({
      apikey: 'sb_publishable_fake',
      'x-supabase-api-version': '2024-01-01',
      connection: 'close',
    })
  })
})

describe('the token in hand', () => {
  it('is answered without a request while it lives', async () => {
    const { session } = await signedIn()
    await computer.clock.advance(dueMs - 1)
    expect(textOf(await session.current())).toBe(entry()?.access_token)
    expect(server.refreshes).toBe(0)
  })

  it('is refreshed by itself 90 s before its end, told to listeners, and kept', async () => {
    const { session } = await signedIn()
    const before = textOf(await session.current())
    const renewed = new Promise<void>((resolve) => session.onRenewed(resolve))
    await computer.clock.advance(dueMs)
    await renewed
    await settle()
    expect(server.refreshes).toBe(1)
    expect(textOf(await session.current())).not.toBe(before)
    expect(entry()?.access_token).toBe(textOf(await session.current()))
    expect(session.view).toMatchObject({ expiresAtMs: computer.clock.now() + hourMs })
  })

  it('is doubted once it is dead, tried again with backoff, and never a sign-out', async () => {
    const { session, scope } = await signedIn()
    server.always({ status: 503 })
    const before = server.refreshes
    // From try to try: the clock never runs while a reply is on its way.
    while (session.view.kind === 'signed-in' || server.refreshes < before + 12) {
      await computer.clock.advance(computer.clock.delays[0] ?? 0)
      await session.current()
    }
    expect(session.view).toMatchObject({ kind: 'unconfirmed', reason: 'server_error' })
    expect(await session.current()).toMatchObject({ failure: { code: 'server_error' } })
    expect(computer.clock.delays).toEqual([15_000])
    server.always(null)
    session.wake()
    await until(session, () => session.view.kind === 'signed-in')
    await scope.close('test')
    expect(computer.clock.armed).toBe(0)
  })

  it('does not ask again while it waits after a failure', async () => {
    const { session } = await signedIn()
    server.always({ status: 503 })
    computer.clock.jump(hourMs)
    await session.current()
    for (let call = 0; call < 20; call += 1) await session.current()
    expect(server.refreshes).toBe(1)
  })

  it.each([
    ['used elsewhere', 'refresh_token_already_used', 'session_used_elsewhere'],
    ['not found', 'refresh_token_not_found', 'session_ended'],
    ['banned', 'user_banned', 'user_banned'],
  ])('ends the session when the refresh token is %s', async (_, code, reason) => {
    const { session } = await signedIn()
    const ended: string[] = []
    session.onEnded((why) => ended.push(why))
    server.script({ status: 400, body: { code, message: 'words' } })
    computer.clock.jump(hourMs)
    expect(await session.current()).toMatchObject({ failure: { code: reason } })
    expect(session.view).toEqual({ kind: 'signed-out', reason })
    expect(ended).toEqual([reason])
    expect(await session.signOut({ everywhere: false, askServer: false })).toMatchObject({
      server: { kind: 'already-ended' },
      keychainErased: 1,
      keychainLeft: 0,
    })
    expect(computer.keychain.entries.size).toBe(0)
    expect(server.refreshes).toBe(1)
  })

  it('ends the session when the new token has lost its tenant', async () => {
    const { session } = await signedIn()
    server.claims = {}
    computer.clock.jump(hourMs)
    expect(await session.current()).toMatchObject({ failure: { code: 'tenant_missing' } })
    expect(session.view).toEqual({ kind: 'signed-out', reason: 'tenant_missing' })
  })
})
