import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/main/lib/clock.ts'
import { Secret } from '../../src/main/lib/secret.ts'
import { startTestBackend } from '../support/backend.ts'
import type { TestBackend } from '../support/backend.ts'
import { TestComputer, until } from '../support/session-parts.ts'

let backend: TestBackend

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
})
afterAll(() => backend.stop())

function open(computer: TestComputer, publishableKey = backend.publishableKey) {
  return computer.open({ url: backend.supabaseUrl, publishableKey, clock: systemClock() })
}
const user = () => {
  const [first] = backend.users
  if (first === undefined) throw new Error('the backend has no demo user')
  return first
}

describe('a session at the reference backend', () => {
  it('is signed in to, refreshed, restored by the next start, and ended', async () => {
    const computer = new TestComputer()
    const first = open(computer)
    const { email, password } = user()
    const signedIn = await first.session.signIn(email, new Secret(password))
    expect(signedIn).toMatchObject({ ok: true, value: { email } })
    expect(first.session.operator?.tenants.length).toBeGreaterThan(0)

    const token = await first.session.current()
    if (!token.ok) throw new Error(token.failure.code)
    const renewed = await first.session.renew(token.value)
    expect(renewed.ok && renewed.value.equals(token.value)).toBe(false)
    await first.scope.close('quit')

    const second = open(computer)
    expect(await second.session.restore()).toEqual({ ok: true, value: true })
    expect(second.session.view.kind).toBe('signed-in')
    const kept = await second.session.current()
    if (!kept.ok) throw new Error(kept.failure.code)
    void second.scope.close('signed out')
    expect(await second.session.signOut({ everywhere: false, askServer: true })).toMatchObject({
      server: { kind: 'revoked' },
      keychainErased: 1,
      keychainLeft: 0,
      notes: [],
    })

    const answer = await fetch(`${backend.supabaseUrl}/auth/v1/user`, {
      headers: {
        apikey: backend.publishableKey,
        authorization: `Bearer ${kept.value.reveal()}`,
        connection: 'close',
      },
    })
    expect(answer.status).toBe(403)
  })

  it('ends at once when it was ended elsewhere, with the reason', async () => {
    const { email, password } = user()
    const [here, there] = [open(new TestComputer()), open(new TestComputer())]
    await here.session.signIn(email, new Secret(password))
    await there.session.signIn(email, new Secret(password))
    await there.session.signOut({ everywhere: true, askServer: true })
    const token = await here.session.current()
    if (!token.ok) throw new Error(token.failure.code)
    expect(await here.session.renew(token.value)).toMatchObject({
      failure: { code: 'session_ended' },
    })
    await until(here.session, () => here.session.view.kind === 'signed-out')
    expect(here.session.view).toEqual({ kind: 'signed-out', reason: 'session_ended' })
    await Promise.all([here.scope.close('test'), there.scope.close('test')])
  })

  it('is refused with a wrong password and with a wrong key, each named', async () => {
    const { email } = user()
    const wrong = new Secret('wrong')
    const { session, scope } = open(new TestComputer())
    expect(await session.signIn(email, wrong)).toMatchObject({
      failure: { code: 'credentials_wrong' },
    })
    const keyless = open(new TestComputer(), 'sb_publishable_other')
    expect(await keyless.session.signIn(email, wrong)).toMatchObject({
      failure: { code: 'key_wrong' },
    })
    await Promise.all([scope.close('test'), keyless.scope.close('test')])
  })
})
