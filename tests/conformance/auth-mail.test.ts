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
    auth: { email: confirming, redirectUrls: ['signalbox://auth/**'] },
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

describe('supabase-js signs up where addresses are confirmed', () => {
  it('gets a user and no session, and signs in once the code was typed', async () => {
    const [client, email] = [connect(), newAddress()]
    const events = eventsOf(client)
    const { data, error } = await client.auth.signUp({
      email: email.toUpperCase(),
      password,
      options: { data: { name: 'Nina' } },
    })
    expect(error).toBeNull()
    expect(data.session).toBeNull()
    expect(data.user).toMatchObject({
      email,
      user_metadata: { name: 'Nina', email_verified: false },
    })
    expect(data.user?.confirmation_sent_at).toEqual(expect.any(String))
    const early = await client.auth.signInWithPassword({ email, password })
    expect(early.error).toMatchObject({ status: 400, code: 'email_not_confirmed' })

    const { code: token, kind } = await mailbox.last(email)
    expect([kind, token]).toEqual(['signup', expect.stringMatching(/^\d{6}$/)])
    const verified = await client.auth.verifyOtp({ type: 'email', email, token })
    expect(verified.error).toBeNull()
    expect(verified.data.user).toMatchObject({ email, user_metadata: { email_verified: true } })
    expect(decodeJwt(verified.data.session!.access_token).amr).toMatchObject([{ method: 'otp' }])
    expect(events).toContain('SIGNED_IN')
    expect((await client.auth.signInWithPassword({ email, password })).error).toBeNull()

    const again = await client.auth.verifyOtp({ type: 'email', email, token })
    expect(again.error).toMatchObject({ status: 403, code: 'otp_expired' })
  })

  it('is not told that an address is taken', async () => {
    const { data, error } = await connect().auth.signUp({ email: 'alice@acme.test', password })
    expect(error).toBeNull()
    expect(data.session).toBeNull()
    expect(data.user).toMatchObject({ email: 'alice@acme.test', identities: [] })
    expect(data.user?.app_metadata).toEqual({ provider: 'email', providers: ['email'] })
    expect(await mailbox.all('alice@acme.test')).toEqual([])
  })

  it('asks for the mail again; the first code is void then', async () => {
    const [client, email] = [connect(), newAddress()]
    await client.auth.signUp({ email, password })
    const first = await mailbox.last(email)
    expect((await client.auth.resend({ type: 'signup', email })).error).toBeNull()
    const [second] = await mailbox.all(email)
    if (first.code !== second!.code) {
      const old = await client.auth.verifyOtp({ type: 'signup', email, token: first.code })
      expect(old.error?.code).toBe('otp_expired')
    }
    const fresh = await client.auth.verifyOtp({ type: 'signup', email, token: second!.code })
    expect(fresh.error).toBeNull()
  })

  it('opens the link, and comes back to the app with a session', async () => {
    const [client, email] = [connect(), newAddress()]
    const options = { emailRedirectTo: 'signalbox://auth/callback?from=mail' }
    await client.auth.signUp({ email, password, options })
    const landed = await mailbox.open(email)
    expect(landed.href).toMatch(/^signalbox:\/\/auth\/callback\?from=mail#access_token=/)
    const fragment = new URLSearchParams(landed.hash.slice(1))
    expect(fragment.get('type')).toBe('signup')
    const { data, error } = await client.auth.setSession({
      access_token: fragment.get('access_token') ?? '',
      refresh_token: fragment.get('refresh_token') ?? '',
    })
    expect(error).toBeNull()
    expect(data.user?.email).toBe(email)
    const second = await mailbox.open(email)
    expect(Object.fromEntries(new URLSearchParams(second.hash.slice(1)))).toEqual({
      error: 'access_denied',
      error_code: 'otp_expired',
      error_description: 'Email link is invalid or has expired',
      sb: '',
    })
  })
})

describe('supabase-js signs in by mail', () => {
  it('types the code that was mailed, also as somebody new', async () => {
    const [client, email] = [connect(), newAddress()]
    const asked = await client.auth.signInWithOtp({ email, options: { data: { name: 'Otto' } } })
    expect(asked.error).toBeNull()
    const first = await mailbox.last(email)
    const { data } = await client.auth.verifyOtp({ type: 'email', email, token: first.code })
    expect(data.user?.user_metadata).toMatchObject({ name: 'Otto', email_verified: true })

    await client.auth.signInWithOtp({ email })
    const second = await mailbox.last(email)
    expect([first.kind, second.kind]).toEqual(['signup', 'magiclink'])
    const wrong = await client.auth.verifyOtp({ type: 'email', email, token: 'abcdef' })
    expect(wrong.error).toMatchObject({ status: 403, code: 'otp_expired' })
    const right = await client.auth.verifyOtp({ type: 'magiclink', email, token: second.code })
    expect(right.data.session?.user.email).toBe(email)
  })

  it('brings the hash that a link carries', async () => {
    const { email } = await joined()
    const client = connect()
    await client.auth.signInWithOtp({ email })
    const token_hash = await mailbox.token(email)
    const { data, error } = await client.auth.verifyOtp({ type: 'email', token_hash })
    expect(error).toBeNull()
    expect(data.user?.email).toBe(email)
    const again = await client.auth.verifyOtp({ type: 'email', token_hash })
    expect(again.error).toMatchObject({
      code: 'otp_expired',
      message: 'Email link is invalid or has expired',
    })
  })

  it('exchanges the code of the link where it asked for one (PKCE)', async () => {
    const { email } = await joined()
    const client = connect(backend, { flowType: 'pkce' })
    const options = { emailRedirectTo: 'signalbox://auth/callback' }
    expect((await client.auth.signInWithOtp({ email, options })).error).toBeNull()
    const landed = await mailbox.open(email)
    expect(landed.hash).toBe('')
    const code = landed.searchParams.get('code') ?? ''
    const { data, error } = await client.auth.exchangeCodeForSession(code)
    expect(error).toBeNull()
    expect(decodeJwt(data.session!.access_token).amr).toMatchObject([{ method: 'magiclink' }])
  })

  it('learns by code that nobody new is welcome, and that mail was asked for too often', async () => {
    const client = connect()
    const email = newAddress()
    const unknown = await client.auth.signInWithOtp({ email, options: { shouldCreateUser: false } })
    expect(unknown.error).toMatchObject({ status: 422, code: 'otp_disabled' })
    const phone = await client.auth.signInWithOtp({ phone: '+15550100' })
    expect(phone.error).toMatchObject({ status: 400, code: 'phone_provider_disabled' })
    const slow = await startTestBackend({
      idle: true,
      auth: { email: { ...confirming, leastIntervalMs: 60_000 } },
    })
    try {
      const other = connect(slow)
      expect((await other.auth.signInWithOtp({ email })).error).toBeNull()
      const { error } = await other.auth.signInWithOtp({ email })
      expect(error).toMatchObject({ status: 429, code: 'over_email_send_rate_limit' })
      expect(error?.message).toMatch(
        /^For security purposes, you can only request this after \d+ s/,
      )
    } finally {
      await slow.stop()
    }
  })
})
