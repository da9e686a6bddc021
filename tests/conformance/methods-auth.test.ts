import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { confirming } from '../support/mailbox.ts'
import { adminCases } from '../support/method-cases-admin.ts'
import { authCases } from '../support/method-cases-auth.ts'
import { mfaCases } from '../support/method-cases-mfa.ts'
import { AuthDesk } from '../support/method-desk.ts'
import { outcomeOf } from '../support/method-outcome.ts'
import { hiddenNames, methodsWithin, readMethodTable } from '../support/method-table.ts'

const rows = readMethodTable('auth-js')
const cases = { ...authCases, ...mfaCases, ...adminCases }
const mfa = { mostFactors: 10, totpEnroll: true, totpVerify: true }
let backend: TestBackend
let desk: AuthDesk

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    auth: { allowAnonymous: true, email: confirming, mfa },
  })
  desk = new AuthDesk(backend)
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await desk.dispose()
})
afterAll(() => backend.stop())

/** Methods that begin with the browser's own dialogue, which only a browser has. */
const inBrowser = /Passkey$|webauthn\.(authenticate|register)$/

function pretendBrowser(): void {
  const credentials = { create: vi.fn(), get: vi.fn() }
  vi.stubGlobal('document', {})
  vi.stubGlobal('window', { PublicKeyCredential: vi.fn() })
  vi.stubGlobal('navigator', { credentials })
}

describe('auth-js on its own', () => {
  it('has a row in the table for every public method, and no other', () => {
    const types = dirname(createRequire(import.meta.url).resolve('@supabase/auth-js'))
    const hidden = ['GoTrueClient', 'GoTrueAdminApi', 'lib/webauthn'].flatMap((name) => [
      ...hiddenNames(join(types, `${name}.d.ts`)),
    ])
    const methods = methodsWithin(desk.client(), new Set(hidden))
    expect(rows.map(({ method }) => method).sort()).toEqual(methods)
    expect(Object.keys(cases).sort()).toEqual(methods)
  })

  it.each(rows.map(({ method, outcome }) => [method, outcome]))('%s: %s', async (method, said) => {
    const call = await cases[method]!(desk)
    if (inBrowser.test(method)) pretendBrowser()
    expect(await outcomeOf(desk, call)).toBe(said)
  })
  const [phone, password] = ['+491701234567', 'a password of the tests']
  it.each<[string, string, (asked: AuthDesk) => unknown]>([
    [
      'signUp',
      '400 phone_provider_disabled',
      (asked) => asked.client().signUp({ phone, password }),
    ],
    [
      'signInWithPassword',
      '422 phone_provider_disabled',
      (asked) => asked.client().signInWithPassword({ phone, password }),
    ],
    [
      'signInWithOtp',
      '400 phone_provider_disabled',
      (asked) => asked.client().signInWithOtp({ phone }),
    ],
    [
      'mfa.enroll',
      '422 mfa_phone_enroll_not_enabled',
      async (asked) => {
        const { client } = await asked.signedIn()
        return client.mfa.enroll({ factorType: 'phone', phone })
      },
    ],
  ])('%s is refused for telephones: %s', async (_method, said, call) => {
    expect(await outcomeOf(desk, () => call(desk))).toBe(`refused: ${said}`)
  })

  it('ends recovery codes at aal2 only', async () => {
    const { client } = await desk.signedIn()
    const call = () => client.mfa.recoveryCodes.unenroll()
    expect(await outcomeOf(desk, call)).toBe('refused: 403 insufficient_aal')
  })

  it('looks at who asks before it says what is off', async () => {
    const { error } = await desk.client().mfa.recoveryCodes.getStatus()
    expect(error).toMatchObject({ status: 403, code: 'bad_jwt' })
    const passkeys = await desk.admin().passkey.listPasskeys({ userId: crypto.randomUUID() })
    expect(passkeys.error).toMatchObject({ status: 404, code: 'user_not_found' })
    const clients = await desk.client().admin.oauth.listClients()
    expect(clients.error).toMatchObject({ status: 403, code: 'not_admin' })
  })
})
