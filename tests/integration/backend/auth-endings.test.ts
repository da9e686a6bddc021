import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AuthCaller, type SessionBody } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { confirming, Mailbox } from '../../support/mailbox.ts'

let backend: TestBackend
let auth: AuthCaller
let mailbox: Mailbox
let email: string
let session: SessionBody
let people = 0

const password = 'long enough'

beforeAll(async () => {
  backend = await startTestBackend({ idle: true, auth: { email: confirming } })
  auth = new AuthCaller(backend)
  mailbox = new Mailbox(backend)
})
afterAll(() => backend.stop())
beforeEach(async () => {
  email = `person-${++people}@nowhere.test`
  await asServer('POST', '/admin/users', { email, password, email_confirm: true })
  session = (await auth.password(email, password)).body as SessionBody
  expect((await auth.call('/recover', { method: 'POST', body: { email } })).status).toBe(200)
})

const asServer = (method: string, path: string, body?: unknown) =>
  auth.call(path, {
    method,
    body,
    token: backend.secretKey,
    headers: { apikey: backend.secretKey },
  })

const own = () => `/admin/users/${session.user.id}`

/** What the mail that went out before is still good for. */
async function recover(): Promise<number> {
  const body = { type: 'recovery', token_hash: await mailbox.token(email) }
  return (await auth.call('/verify', { method: 'POST', body })).status
}

async function isSignedIn(): Promise<boolean> {
  return (await auth.call('/user', { token: session.access_token })).status === 200
}

describe('a link that is on its way', () => {
  it('is good as long as nothing changes', async () => {
    expect(await recover()).toBe(200)
  })

  it('is void once its owner has chosen another password', async () => {
    const body = { password: 'another one' }
    const { status } = await auth.call('/user', {
      method: 'PUT',
      body,
      token: session.access_token,
    })
    expect(status).toBe(200)
    expect(await recover()).toBe(403)
    expect(await isSignedIn()).toBe(true)
  })

  it('is void once an administrator has set a password, and every session has ended', async () => {
    expect((await asServer('PUT', own(), { password: 'another one' })).status).toBe(200)
    expect(await recover()).toBe(403)
    expect(await isSignedIn()).toBe(false)
    expect((await auth.refresh(session.refresh_token)).status).toBe(400)
  })

  it('is void once the account has another address', async () => {
    expect((await asServer('PUT', own(), { email: `moved-${email}` })).status).toBe(200)
    expect(await recover()).toBe(403)
    expect(await isSignedIn()).toBe(true)
  })
})

it('leaves no address behind when a user is deleted softly', async () => {
  const change = { email: `new-${email}` }
  await auth.call('/user', { method: 'PUT', body: change, token: session.access_token })
  expect((await asServer('DELETE', own(), { should_soft_delete: true })).status).toBe(200)
  const left = await backend.database.query(
    `select to_jsonb(u)::text from auth.users u where id = $1
     union all select to_jsonb(i)::text from auth.identities i where user_id = $1
     union all select to_jsonb(t)::text from auth.one_time_tokens t where user_id = $1`,
    [session.user.id],
  )
  expect(left.length).toBeGreaterThan(0)
  expect(JSON.stringify(left)).not.toContain('nowhere.test')
})
