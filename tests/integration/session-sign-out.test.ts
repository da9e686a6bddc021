import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/main/lib/clock.ts'
import type { OperatorSession, SessionEnding } from '../../src/main/session/operator-session.ts'
import { FakeAuthServer } from '../support/fake-auth-server.ts'
import { settle } from '../support/fake-clock.ts'
import { password, TestComputer } from '../support/session-parts.ts'
import type { OpenSession } from '../support/session-parts.ts'

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

const open = (): OpenSession => computer.open({ url: server.url })

async function signedIn(): Promise<OpenSession> {
  const opened = open()
  expect(await opened.session.signIn(email, password)).toMatchObject({ ok: true })
  await settle()
  return opened
}

/** As a workspace does it: silence, then the session, in one turn. */
function signOut({ session, scope }: OpenSession, everywhere = false): Promise<SessionEnding> {
  void scope.close('signed out')
  return session.signOut({ everywhere, askServer: true })
}

/** Nothing is left: no entry, file, timer or connection, and nothing more is said. */
async function expectNothingLeft(session: OperatorSession): Promise<void> {
  expect(computer.keychain.entries.size).toBe(0)
  expect(computer.files.kept.size).toBe(0)
  expect(computer.clock.armed).toBe(0)
  expect(session.view.kind).toBe('signed-out')
  expect(await session.current()).toMatchObject({ ok: false })
}

describe('signing out', () => {
  it('erases, revokes this session alone, and leaves nothing', async () => {
    const other = await signedIn()
    await other.scope.close('quit')
    const opened = await signedIn()
    expect(await signOut(opened)).toEqual({
      server: { kind: 'revoked' },
      keychainErased: 1,
      keychainLeft: 0,
      requestsEnded: 0,
      notes: [],
    })
    expect(server.requests.at(-1)?.path).toBe('/auth/v1/logout?scope=local')
    expect(server.sessions.size).toBe(1)
    await expectNothingLeft(opened.session)
  })

  it('revokes every session of the operator when asked to', async () => {
    const other = await signedIn()
    await other.scope.close('quit')
    expect(await signOut(await signedIn(), true)).toMatchObject({ server: { kind: 'revoked' } })
    expect(server.requests.at(-1)?.path).toBe('/auth/v1/logout?scope=global')
    expect(server.sessions.size).toBe(0)
  })

  it('twice is once', async () => {
    const { session } = await signedIn()
    const how = { everywhere: false, askServer: true }
    expect(session.signOut(how)).toBe(session.signOut(how))
    await session.signOut(how)
    expect(server.count('/auth/v1/logout')).toBe(1)
  })

  it('asks nobody when there was no session, or when told not to', async () => {
    const never = open()
    expect(await signOut(never)).toMatchObject({ server: { kind: 'not-asked' }, keychainErased: 0 })
    const { session, scope } = await signedIn()
    void scope.close('ended')
    expect(await session.signOut({ everywhere: false, askServer: false })).toMatchObject({
      server: { kind: 'not-asked' },
      keychainErased: 1,
    })
    expect(server.count('/auth/v1/logout')).toBe(0)
  })

  it('says that the session had ended already', async () => {
    const opened = await signedIn()
    server.sessions.clear()
    expect(await signOut(opened)).toMatchObject({ server: { kind: 'already-ended' }, notes: [] })
    expect(server.count('/auth/v1/logout')).toBe(1)
  })

  it('asks with a new token where the server does not take the one in hand', async () => {
    const opened = await signedIn()
    server.script({ status: 403, body: { code: 'bad_jwt', message: 'invalid JWT' } })
    expect(await signOut(opened)).toMatchObject({ server: { kind: 'revoked' } })
    expect(server.count('/auth/v1/logout')).toBe(2)
    expect(server.sessions.size).toBe(0)
  })

  it('says that the server was not told when it gives no new token either', async () => {
    const opened = await signedIn()
    server.script({ status: 403, body: { code: 'bad_jwt', message: 'invalid JWT' } })
    server.script({ status: 500 })
    expect(await signOut(opened)).toMatchObject({
      server: { kind: 'not-reached' },
      notes: ['server_error'],
    })
  })

  it('refreshes a dead token in memory first, so that the server can be told', async () => {
    const opened = await signedIn()
    server.always({ status: 503 })
    await computer.clock.advance(2 * hourMs)
    await opened.session.current()
    server.always(null)
    expect(await signOut(opened)).toMatchObject({ server: { kind: 'revoked' } })
    expect(server.count('/auth/v1/logout')).toBe(1)
    expect(server.sessions.size).toBe(0)
    await expectNothingLeft(opened.session)
  })

  it('says that a dead token has no end to wait for, if the server cannot be told', async () => {
    const opened = await signedIn()
    server.always({ status: 503 })
    await computer.clock.advance(2 * hourMs)
    await opened.session.current()
    expect(await signOut(opened)).toMatchObject({
      server: { kind: 'not-reached', expiresAtMs: null },
      notes: ['server_error'],
    })
  })

  it.each([
    ['a server error', { status: 500 }, 'server_error'],
    ['a captive portal', { act: 'portal' }, 'captive_portal'],
    ['a broken connection', { act: 'reset' }, 'unreachable'],
    ['a wrong key', { status: 401, body: { message: 'Invalid API key' } }, 'key_wrong'],
    ['another server’s 404', { status: 404, body: 'page not found' }, 'protocol_error'],
  ] as const)('says that the server was not told, for %s', async (_, behaviour, note) => {
    const opened = await signedIn()
    server.always(behaviour)
    expect(await signOut(opened)).toMatchObject({
      server: { kind: 'not-reached', expiresAtMs: computer.clock.now() + hourMs },
      keychainErased: 1,
      notes: [note],
    })
    await expectNothingLeft(opened.session)
  })
})

describe('signing out within a second (F72)', () => {
  it('in a black hole: erased at once, the server given up at 700 ms', async () => {
    const opened = await signedIn()
    server.always({ act: 'hang' })
    const arrived = server.arrival()
    let over = false
    const leaving = signOut(opened).finally(() => (over = true))
    await arrived
    await settle()
    expect(computer.keychain.entries.size).toBe(0)
    await computer.clock.advance(699)
    expect(over).toBe(false)
    await computer.clock.advance(1)
    expect(await leaving).toMatchObject({
      server: { kind: 'not-reached' },
      keychainErased: 1,
      notes: ['timed_out'],
    })
    await expectNothingLeft(opened.session)
  })

  it('while signing in: the request ends, its late reply has no effect', async () => {
    const opened = open()
    server.script({ act: 'hold' })
    const arrived = server.arrival()
    const signing = opened.session.signIn(email, password)
    await arrived
    expect(await signOut(opened)).toMatchObject({
      server: { kind: 'not-asked' },
      requestsEnded: 1,
    })
    server.release()
    expect(await signing).toMatchObject({ failure: { code: 'cancelled' } })
    await turn()
    await expectNothingLeft(opened.session)
  })

  it('while refreshing: the refresh ends, its late reply writes nothing', async () => {
    const opened = await signedIn()
    server.script({ act: 'hold' })
    const arrived = server.arrival()
    computer.clock.jump(hourMs)
    const asking = opened.session.current()
    await arrived
    computer.clock.jump(-hourMs)
    const ending = await signOut(opened)
    expect(ending).toMatchObject({ server: { kind: 'revoked' }, requestsEnded: 1 })
    server.release()
    expect(await asking).toMatchObject({ ok: false })
    await turn()
    await expectNothingLeft(opened.session)
  })

  it('while refreshing, also when nobody has silenced the scope', async () => {
    const { session, scope } = await signedIn()
    server.script({ act: 'hang' })
    const arrived = server.arrival()
    computer.clock.jump(hourMs)
    const asking = session.current()
    await arrived
    const ending = await session.signOut({ everywhere: false, askServer: true })
    expect(ending).toMatchObject({ requestsEnded: 1, keychainErased: 1 })
    expect(await asking).toMatchObject({ ok: false })
    await expectNothingLeft(session)
    expect(scope.closed).toBe(false)
  })

  it('while restoring: what was read late has no effect', async () => {
    const first = await signedIn()
    await first.scope.close('quit')
    const opened = open()
    const restoring = opened.session.restore()
    const ending = signOut(opened)
    expect(await restoring).toMatchObject({ failure: { code: 'cancelled' } })
    expect(await ending).toMatchObject({ keychainErased: 1 })
    await expectNothingLeft(opened.session)
  })

  it('offline, with the time at which the token ends', async () => {
    const opened = await signedIn()
    const { url } = server
    await server.close()
    expect(await signOut(opened)).toMatchObject({
      server: { kind: 'not-reached', expiresAtMs: computer.clock.now() + hourMs },
      notes: ['unreachable'],
    })
    await expectNothingLeft(opened.session)
    expect(url).toContain('127.0.0.1')
    server = await FakeAuthServer.open()
  })

  it('with a keychain that hangs: said so at 900 ms, and erased at the next start', async () => {
    const { session, scope } = await signedIn()
    computer.keychain.hangs = true
    let over = false
    void scope.close('signed out')
    const leaving = session
      .signOut({ everywhere: false, askServer: false })
      .finally(() => (over = true))
    await computer.clock.advance(899)
    expect(over).toBe(false)
    await computer.clock.advance(1)
    expect(await leaving).toMatchObject({ keychainLeft: 1, notes: ['keychain_locked'] })
    expect(computer.clock.armed).toBe(0)
    computer.keychain.hangs = false
    const next = open()
    expect(await next.session.restore()).toEqual({ ok: true, value: false })
    await expectNothingLeft(next.session)
  })

  it('with a keychain that keeps what it should delete', async () => {
    const opened = await signedIn()
    computer.keychain.refusesErasure = true
    expect(await signOut(opened)).toMatchObject({
      server: { kind: 'revoked' },
      keychainErased: 0,
      keychainLeft: 1,
      notes: ['keychain_locked'],
    })
    expect(await open().session.restore()).toEqual({ ok: true, value: false })
    computer.keychain.refusesErasure = false
    const next = open()
    await next.session.restore()
    await expectNothingLeft(next.session)
  })

  it('and in again at once: the old session touches nothing of the new one', async () => {
    const opened = await signedIn()
    server.script({ act: 'hold' })
    const arrived = server.arrival()
    computer.clock.jump(hourMs)
    const asking = opened.session.current()
    await arrived
    const leaving = signOut(opened)
    server.passwords.set('bob@example.com', 'lovelace')
    await leaving
    const next = open()
    expect(await next.session.signIn('bob@example.com', password)).toMatchObject({ ok: true })
    server.release()
    await asking
    await turn()
    expect(next.session.operator?.email).toBe('bob@example.com')
    const kept = JSON.parse(computer.keychain.entries.get('session.test') ?? '{}') as {
      access_token?: string
    }
    const current = await next.session.current()
    expect(current.ok && current.value.reveal()).toBe(kept.access_token)
    await next.scope.close('test')
  })
})

describe('after signing out', () => {
  it('the process holds nothing of the session: no socket, no timer, no request', async () => {
    const clock = systemClock()
    server.clock = Date
    const before = countByName(process.getActiveResourcesInfo())
    const opened = computer.open({ url: server.url, clock })
    await opened.session.signIn(email, password)
    const ending = await signOut(opened)
    expect(ending.server).toEqual({ kind: 'revoked' })
    await connectionsGone()
    expect(clock.armed).toBe(0)
    const after = countByName(process.getActiveResourcesInfo())
    for (const [name, count] of after) {
      expect({ name, more: Math.max(0, count - (before.get(name) ?? 0)) }).toEqual({
        name,
        more: 0,
      })
    }
  })

  it('not a fragment of a token stands in the log', async () => {
    const opened = await signedIn()
    const [kept] = server.sessions.values()
    computer.keychain.trouble = 'locked'
    computer.clock.jump(hourMs)
    server.script({ act: 'reset' })
    await opened.session.current()
    computer.clock.jump(hourMs)
    server.script({ status: 503 })
    await opened.session.current()
    await signOut(opened)
    const sent = server.requests.flatMap(({ headers, body }) => [
      headers.authorization?.split(' ')[1]?.split('.')[2],
      body.refresh_token,
      body.password,
    ])
    const canaries = [...sent, kept?.active, ...(kept?.next.keys() ?? [])].filter(
      (text) => typeof text === 'string',
    )
    expect(canaries.length).toBeGreaterThan(5)
    expect(computer.logLines.length).toBeGreaterThan(1)
    for (const canary of canaries) expect(computer.logLines.join('\n')).not.toContain(canary)
  })

  it('nothing is emitted by a session whose scope is silent', async () => {
    const opened = await signedIn()
    let said = 0
    opened.session.onChanged(() => (said += 1))
    opened.session.onEnded(() => (said += 1))
    opened.session.onRenewed(() => (said += 1))
    await signOut(opened)
    await computer.clock.advance(hourMs)
    expect(said).toBe(0)
  })
})

/** One turn of the event loop, and everything that follows from it without time. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await settle()
}

/** The server sees the ends of its connections a few turns after the client let go. */
async function connectionsGone(): Promise<void> {
  while ((await server.connections()) > 0) await turn()
}

function countByName(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
