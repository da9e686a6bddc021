import { AuthClient } from '@supabase/auth-js'
import type { SupabaseClient } from '@supabase/supabase-js'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { confirming, Mailbox } from '../support/mailbox.ts'
import { SupabaseClients, type ClientOptions } from '../support/supabase-clients.ts'

let backend: TestBackend
let mailbox: Mailbox
const opened: SupabaseClients[] = []
let people = 0

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    auth: { email: confirming, allowAnonymous: true },
  })
  mailbox = new Mailbox(backend)
})
afterEach(async () => {
  for (const clients of opened.splice(0)) await clients.dispose()
})
afterAll(() => backend.stop())

function connect(to = backend, options: ClientOptions = {}): SupabaseClient {
  const clients = new SupabaseClients(to)
  opened.push(clients)
  return clients.connect(options)
}

const password = 'long enough'
const newAddress = () => `person-${++people}@nowhere.test`

/** Everything that the client announces from now on. */
function eventsOf(client: SupabaseClient): string[] {
  const events: string[] = []
  client.auth.onAuthStateChange((event) => void events.push(event))
  return events
}

/** Somebody new, confirmed and signed in. */
async function joined(client = connect()): Promise<{ client: SupabaseClient; email: string }> {
  const email = newAddress()
  expect((await client.auth.signUp({ email, password })).error).toBeNull()
  const { code: token } = await mailbox.last(email)
  expect((await client.auth.verifyOtp({ type: 'signup', email, token })).error).toBeNull()
  return { client, email }
}

describe('supabase-js and a lost password', () => {
  it('signs in by the mail, chooses a new one, and every other session ends', async () => {
    const { client: old, email } = await joined()
    const client = connect()
    const events = eventsOf(client)
    expect((await client.auth.resetPasswordForEmail(email)).error).toBeNull()
    const { code: token } = await mailbox.last(email)
    expect((await client.auth.verifyOtp({ type: 'recovery', email, token })).error).toBeNull()
    expect(events).toContain('PASSWORD_RECOVERY')
    const same = await client.auth.updateUser({ password })
    expect(same.error).toMatchObject({ status: 422, code: 'same_password' })
    expect((await client.auth.updateUser({ password: 'another one' })).error).toBeNull()
    expect(events).toContain('USER_UPDATED')
    expect((await client.auth.getUser()).data.user?.email).toBe(email)
    expect((await old.auth.refreshSession()).error?.code).toBe('refresh_token_not_found')
    const signIn = await connect().auth.signInWithPassword({ email, password: 'another one' })
    expect(signIn.error).toBeNull()
  })

  it('is not told who is unknown', async () => {
    const email = newAddress()
    expect((await connect().auth.resetPasswordForEmail(email)).error).toBeNull()
    expect(await mailbox.all(email)).toEqual([])
  })

  it('proves once more who it is, where old sessions may not change the password', async () => {
    const strict = await startTestBackend({
      idle: true,
      auth: { email: { ...confirming, securePasswordChange: true } },
    })
    try {
      const client = connect(strict)
      const [alice] = strict.users
      const { email, password: first } = alice!
      await client.auth.signInWithPassword({ email, password: first })
      await strict.database.query(`update auth.sessions set created_at = now() - interval '2 days'`)
      const bare = await client.auth.updateUser({ password: 'another one' })
      expect(bare.error).toMatchObject({ status: 400, code: 'reauthentication_needed' })
      expect((await client.auth.reauthenticate()).error).toBeNull()
      const { code: nonce, link } = await new Mailbox(strict).last(email)
      expect(link).toBeNull()
      const wrong = await client.auth.updateUser({ password: 'another one', nonce: 'abcdef' })
      expect(wrong.error).toMatchObject({ status: 422, code: 'reauthentication_not_valid' })
      expect((await client.auth.updateUser({ password: 'another one', nonce })).error).toBeNull()
      const again = await client.auth.updateUser({ password: 'a third one', nonce })
      expect(again.error?.code).toBe('reauthentication_not_valid')
    } finally {
      await strict.stop()
    }
  })
})

describe('supabase-js changes its user', () => {
  it('merges data, and takes keys out', async () => {
    const { client } = await joined()
    await client.auth.updateUser({ data: { theme: 'dark', seat: 4 } })
    const { data } = await client.auth.updateUser({ data: { seat: null, desk: { floor: 2 } } })
    expect(data.user?.user_metadata).toMatchObject({ theme: 'dark', desk: { floor: 2 } })
    expect(data.user?.user_metadata).not.toHaveProperty('seat')
  })

  it('moves to a new address once both have agreed', async () => {
    const { client, email } = await joined()
    const next = newAddress()
    const asked = await client.auth.updateUser({ email: next })
    expect(asked.data.user).toMatchObject({ email, new_email: next })
    const [here, there] = [await mailbox.last(email), await mailbox.last(next)]
    expect([here.kind, there.kind]).toEqual(['email_change_current', 'email_change_new'])
    const half = await client.auth.verifyOtp({ type: 'email_change', email, token: here.code })
    expect(half.error).toBeNull()
    expect(half.data.session).toBeNull()
    expect((await client.auth.getUser()).data.user?.email).toBe(email)
    const verified = await client.auth.verifyOtp({
      type: 'email_change',
      email: next,
      token: there.code,
    })
    expect(verified.data.user?.email).toBe(next)
    expect(verified.data.user).not.toHaveProperty('new_email')
    expect(verified.data.user?.identities).toMatchObject([{ provider: 'email', email: next }])
    expect((await connect().auth.signInWithPassword({ email: next, password })).error).toBeNull()
  })

  it('cannot take an address that is somebody else’s, or none', async () => {
    const { client } = await joined()
    const taken = await client.auth.updateUser({ email: 'bea@borealis.test' })
    expect(taken.error).toMatchObject({ status: 422, code: 'email_exists' })
    const none = await client.auth.updateUser({ email: 'not an address' })
    expect(none.error).toMatchObject({ status: 400, code: 'validation_failed' })
    const phone = await client.auth.updateUser({ phone: '+15550100' })
    expect(phone.error).toMatchObject({ status: 400, code: 'phone_provider_disabled' })
    const weak = await client.auth.updateUser({ password: 'abc' })
    expect(weak.error).toMatchObject({ name: 'AuthWeakPasswordError', reasons: ['length'] })
  })
})

describe('supabase-js without a name', () => {
  it('is signed in anonymously, and becomes somebody later', async () => {
    const client = connect()
    const { data, error } = await client.auth.signInAnonymously({ options: { data: { seat: 1 } } })
    expect(error).toBeNull()
    expect(data.user).toMatchObject({ is_anonymous: true, email: '', user_metadata: { seat: 1 } })
    const claims = decodeJwt(data.session!.access_token)
    expect(claims).toMatchObject({ is_anonymous: true, amr: [{ method: 'anonymous' }] })
    const bare = await client.auth.updateUser({ password })
    expect(bare.error).toMatchObject({ status: 422, code: 'validation_failed' })

    const email = newAddress()
    expect((await client.auth.updateUser({ email })).error).toBeNull()
    const { code: token } = await mailbox.last(email)
    const verified = await client.auth.verifyOtp({ type: 'email_change', email, token })
    expect(verified.data.user).toMatchObject({
      id: data.user?.id,
      email,
      is_anonymous: false,
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: { seat: 1 },
    })
    expect((await client.auth.updateUser({ password })).error).toBeNull()
    expect((await connect().auth.signInWithPassword({ email, password })).error).toBeNull()
  })
})

describe('supabase-js where no mail is needed', () => {
  it('learns by code what is off', async () => {
    const shut = await startTestBackend({ idle: true, auth: { allowSignUp: false } })
    try {
      const client = connect(shut)
      const email = newAddress()
      const codes = [
        (await client.auth.signUp({ email, password })).error?.code,
        (await client.auth.signInAnonymously()).error?.code,
        (await client.auth.signInWithOtp({ email })).error?.code,
        (await connect(shut).auth.signInWithPassword(shut.users[0]!)).error,
      ]
      expect(codes).toEqual(['signup_disabled', 'signup_disabled', 'signup_disabled', null])
    } finally {
      await shut.stop()
    }
  })

  it('gets a session at once, and an anonymous user an address', async () => {
    const quick = await startTestBackend({ idle: true, auth: { allowAnonymous: true } })
    try {
      const [client, email] = [connect(quick), newAddress()]
      const { data } = await client.auth.signUp({ email, password })
      expect(data.session?.user.email).toBe(email)
      const again = await connect(quick).auth.signUp({ email, password })
      expect(again.error).toMatchObject({ status: 422, code: 'user_already_exists' })
      const other = connect(quick)
      await other.auth.signInAnonymously()
      const named = await other.auth.updateUser({ email: newAddress(), password })
      expect(named.error).toBeNull()
      expect(named.data.user).toMatchObject({
        is_anonymous: false,
        app_metadata: { provider: 'email' },
      })
      const { data: link } = await connect(quick).auth.signInWithOtp({ email: newAddress() })
      expect(link.session).toBeNull()
    } finally {
      await quick.stop()
    }
  })
})

describe('auth-js on its own', () => {
  it('keeps a session over a reload, and forgets it when it is signed out', async () => {
    const kept = new Map<string, string>()
    const open = () =>
      new AuthClient({
        url: `${backend.supabaseUrl}/auth/v1`,
        headers: { apikey: backend.publishableKey },
        autoRefreshToken: false,
        detectSessionInUrl: false,
        storage: {
          getItem: (name) => kept.get(name) ?? null,
          setItem: (name, value) => void kept.set(name, value),
          removeItem: (name) => void kept.delete(name),
        },
      })
    const { data } = await open().signInAnonymously()
    const second = open()
    expect((await second.getUser()).data.user?.id).toBe(data.user?.id)
    expect((await second.refreshSession()).error).toBeNull()
    expect((await second.signOut()).error).toBeNull()
    expect((await open().getSession()).data.session).toBeNull()
  })
})
