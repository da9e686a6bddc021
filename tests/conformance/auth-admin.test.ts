import type { SupabaseClient, User } from '@supabase/supabase-js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { codeNow } from '../support/authenticator.ts'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { SupabaseClients } from '../support/supabase-clients.ts'

let backend: TestBackend
let clients: SupabaseClients
let admin: SupabaseClient['auth']['admin']
const password = 'correct horse'

/** With confirmations, a change of address needs both of them. */
const email = {
  allowSignUp: true,
  confirmations: true,
  doubleConfirmChanges: true,
  securePasswordChange: false,
  leastIntervalMs: 0,
  codeLength: 6,
  codeLifetimeSeconds: 3_600,
}

beforeAll(async () => {
  const mfa = { mostFactors: 10, totpEnroll: true, totpVerify: true }
  backend = await startTestBackend({
    idle: true,
    auth: { mfa, email, redirectUrls: ['desk://in'] },
  })
  clients = new SupabaseClients(backend)
  admin = clients.admin().auth.admin
})
afterEach(() => clients.dispose())
afterAll(() => backend.stop())

let made = 0
const newEmail = () => `person${++made}@nowhere.test`

async function create(email = newEmail(), more: object = {}): Promise<User> {
  admin = clients.admin().auth.admin
  const { data, error } = await admin.createUser({ email, password, email_confirm: true, ...more })
  if (error !== null) throw error
  return data.user
}

async function signIn(email: string, word = password): Promise<SupabaseClient> {
  const client = clients.connect()
  const { error } = await client.auth.signInWithPassword({ email, password: word })
  if (error !== null) throw error
  return client
}

describe('users, by auth.admin', () => {
  it('are created with everything that may be said about them', async () => {
    const id = crypto.randomUUID()
    const user = await create('Made.By@Nowhere.test', {
      id,
      app_metadata: { tenant_id: 'acme-freight' },
      user_metadata: { name: 'Made', nothing: null },
    })
    expect(user).toMatchObject({
      id,
      email: 'made.by@nowhere.test',
      role: 'authenticated',
      app_metadata: { provider: 'email', providers: ['email'], tenant_id: 'acme-freight' },
      user_metadata: { name: 'Made', email_verified: true },
      identities: [{ provider: 'email', user_id: id }],
    })
    expect(user.email_confirmed_at).toEqual(expect.any(String))
    expect((await signIn('made.by@nowhere.test')).auth).toBeDefined()
  })

  it('sign in only when confirmed, and with a hash that was made elsewhere', async () => {
    const email = newEmail()
    await create(email, { email_confirm: false })
    await expect(signIn(email)).rejects.toMatchObject({ code: 'email_not_confirmed' })
    const [{ hash }] = (await backend.database.query<{ hash: string }>(
      `select extensions.crypt('from elsewhere', extensions.gen_salt('bf', 4)) as hash`,
    )) as [{ hash: string }]
    const hashed = newEmail()
    const moved = { password: undefined, password_hash: hash.replace('$2a$', '$2b$') }
    await create(hashed, moved)
    await signIn(hashed, 'from elsewhere')
  })

  it('are listed page by page', async () => {
    await Promise.all([create(), create(), create()])
    const { data, error } = await admin.listUsers({ page: 1, perPage: 2 })
    if (error !== null) throw error
    const { users, total, nextPage, lastPage } = data
    expect(users).toHaveLength(2)
    expect({ nextPage, lastPage }).toEqual({ nextPage: 2, lastPage: Math.ceil(total / 2) })
    const all = await admin.listUsers({ page: 1, perPage: 100 })
    expect(all.data.users).toHaveLength(total)
    expect(all.data).toMatchObject({ aud: 'authenticated', nextPage: null })
    const past = await admin.listUsers({ page: 99, perPage: 2 })
    expect(past.data.users).toEqual([])
  })

  it('are read and changed: address, password, role, metadata', async () => {
    const { id } = await create(undefined, { user_metadata: { a: 1, b: 2 } })
    const email = newEmail()
    const { data, error } = await admin.updateUserById(id, {
      email: email.toUpperCase(),
      password: 'another horse',
      role: 'inspector',
      user_metadata: { a: null, c: 3 },
      app_metadata: { tenant_id: 'borealis-health' },
    })
    expect(error).toBeNull()
    expect(data.user).toMatchObject({ email, role: 'inspector' })
    expect(data.user?.user_metadata).toEqual({ b: 2, c: 3, email_verified: true })
    const read = await admin.getUserById(id)
    expect(read.data.user).toEqual(data.user)
    expect(read.data.user?.identities?.[0]?.identity_data?.email).toBe(email)
    await signIn(email, 'another horse')
  })

  it('are banned: signed out at once, and let in again when the ban is lifted', async () => {
    const email = newEmail()
    const { id } = await create(email)
    const client = await signIn(email)
    const { data } = await admin.updateUserById(id, { ban_duration: '1h30m' })
    const until = Date.parse((data.user as User & { banned_until: string }).banned_until)
    expect(Math.abs(until - Date.now() - 90 * 60_000)).toBeLessThan(60_000)
    expect((await client.auth.refreshSession()).error?.code).toBe('refresh_token_not_found')
    await expect(signIn(email)).rejects.toMatchObject({ code: 'user_banned' })
    await admin.updateUserById(id, { ban_duration: 'none' })
    await signIn(email)
  })

  it('are deleted, softly or for good; their sessions end', async () => {
    for (const softly of [true, false]) {
      const email = newEmail()
      const { id } = await create(email)
      const client = await signIn(email)
      const session = (await client.auth.getSession()).data.session!
      const ended = new Promise((resolve) => backend.sessions.onEnded(resolve))
      expect((await admin.deleteUser(id, softly)).error).toBeNull()
      await expect(ended).resolves.toEqual(expect.any(String))
      expect((await client.auth.getUser(session.access_token)).error?.status).toBe(403)
      await expect(signIn(email)).rejects.toMatchObject({ code: 'invalid_credentials' })
      const { data, error } = await admin.getUserById(id)
      expect(error?.code).toBe(softly ? undefined : 'user_not_found')
      expect(JSON.stringify(data)).not.toContain(email)
      expect((await create(email)).id).not.toBe(id)
    }
  })

  it('are signed out by their own token', async () => {
    const email = newEmail()
    await create(email)
    const [one, two] = [await signIn(email), await signIn(email)]
    const token = (await one.auth.getSession()).data.session!.access_token
    expect((await admin.signOut(token, 'others')).error).toBeNull()
    expect((await two.auth.refreshSession()).error?.code).toBe('refresh_token_not_found')
    expect((await one.auth.refreshSession()).error).toBeNull()
  })

  it('lose second factors', async () => {
    const email = newEmail()
    const { id: userId } = await create(email)
    const client = await signIn(email)
    const { data } = await client.auth.mfa.enroll({ factorType: 'totp' })
    const { id: factorId, totp } = data!
    await client.auth.mfa.challengeAndVerify({ factorId, code: codeNow(totp.secret) })
    const listed = await admin.mfa.listFactors({ userId })
    expect(listed.data?.factors).toMatchObject([{ id: factorId, status: 'verified' }])
    expect(JSON.stringify(listed.data)).not.toContain('secret')
    const removed = await admin.mfa.deleteFactor({ userId, id: factorId })
    expect(removed.error).toBeNull()
    expect(JSON.stringify(removed.data)).toContain(factorId)
    expect((await admin.mfa.listFactors({ userId })).data?.factors).toEqual([])
  })
})

describe('links, by auth.admin', () => {
  it.each(['magiclink', 'recovery'] as const)('sign in a user who is there: %s', async (type) => {
    const email = newEmail()
    await create(email)
    const options = { redirectTo: 'desk://in' }
    const { data, error } = await admin.generateLink({ type, email, options })
    expect(error).toBeNull()
    expect(data.user?.email).toBe(email)
    const { properties } = data
    expect(properties).toMatchObject({ verification_type: type, redirect_to: 'desk://in' })
    expect(properties?.email_otp).toMatch(/^\d{6}$/)
    expect(properties?.action_link).toContain(`${backend.supabaseUrl}/auth/v1/verify?`)
    const token_hash = properties?.hashed_token ?? ''
    const verified = await clients.connect().auth.verifyOtp({ type, token_hash })
    expect(verified.error).toBeNull()
    expect(verified.data.user?.email).toBe(email)
  })

  it('make a new user: signup, invite, and a magic link to a stranger', async () => {
    admin = clients.admin().auth.admin
    const email = newEmail()
    const signup = await admin.generateLink({ type: 'signup', email, password })
    await expect(signIn(email)).rejects.toMatchObject({ code: 'email_not_confirmed' })
    const token = signup.data.properties?.email_otp ?? ''
    const { error } = await clients.connect().auth.verifyOtp({ type: 'signup', email, token })
    expect(error).toBeNull()
    await signIn(email)
    const invited = await admin.generateLink({ type: 'invite', email: newEmail() })
    const token_hash = invited.data.properties?.hashed_token ?? ''
    const joined = await clients.connect().auth.verifyOtp({ type: 'invite', token_hash })
    expect(joined.data.user?.email).toBe(invited.data.user?.email)
    const stranger = await admin.generateLink({ type: 'magiclink', email: newEmail() })
    expect(stranger.data.properties?.verification_type).toBe('signup')
  })

  it('change an address: at the old one and at the new one', async () => {
    const email = newEmail()
    await create(email)
    const to = newEmail()
    const request = { email, newEmail: to }
    const old = await admin.generateLink({ type: 'email_change_current', ...request })
    const fresh = await admin.generateLink({ type: 'email_change_new', ...request })
    for (const { data } of [old, fresh]) {
      const token_hash = data.properties?.hashed_token ?? ''
      const { error } = await clients.connect().auth.verifyOtp({ type: 'email_change', token_hash })
      expect(error).toBeNull()
    }
    await signIn(to)
  })

  it('go out by mail when somebody is invited', async () => {
    admin = clients.admin().auth.admin
    const email = newEmail()
    const options = { data: { name: 'Guest' }, redirectTo: 'desk://in' }
    const { data, error } = await admin.inviteUserByEmail(email, options)
    expect(error).toBeNull()
    expect(data.user).toMatchObject({ email, user_metadata: { name: 'Guest' } })
    expect(data.user?.invited_at).toEqual(expect.any(String))
    const [mail] = await backend.database.query<{ link: string }>(
      'select link from auth.outbox where recipient = $1',
      [email],
    )
    expect(new URL(mail!.link).searchParams.get('redirect_to')).toBe('desk://in')
    const again = await create(newEmail())
    const taken = await admin.inviteUserByEmail(again.email!)
    expect(taken.error).toMatchObject({ status: 422, code: 'email_exists' })
  })
})

describe('what auth.admin refuses', () => {
  it('users, the publishable key and a wrong key', async () => {
    const user = await clients.signedIn()
    const token = (await user.auth.getSession()).data.session!.access_token
    const byKey = await clients.connect().auth.admin.listUsers()
    expect(byKey.error).toMatchObject({ status: 403, code: 'not_admin' })
    expect((await user.auth.admin.listUsers()).error).toMatchObject({ code: 'not_admin' })
    const wrong = await clients.connect({ key: 'sb_secret_wrong' }).auth.admin.listUsers()
    expect(wrong.error).toMatchObject({ status: 401 })
    const headers = { apikey: backend.publishableKey, authorization: `Bearer ${token}` }
    const response = await fetch(`${backend.supabaseUrl}/auth/v1/admin/users`, { headers })
    expect(response.status).toBe(403)
  })

  it('a second user with the same address, or none at all', async () => {
    const { id, email } = await create()
    await expect(create(email)).rejects.toMatchObject({ status: 422, code: 'email_exists' })
    await expect(create('', {})).rejects.toMatchObject({ code: 'validation_failed' })
    await expect(create('no address')).rejects.toMatchObject({ code: 'validation_failed' })
    const other = await create()
    const renamed = await admin.updateUserById(other.id, { email: email! })
    expect(renamed.error).toMatchObject({ status: 422, code: 'email_exists' })
    const weak = await admin.updateUserById(id, { password: 'abc' })
    expect(weak.error).toMatchObject({ status: 422, code: 'weak_password' })
    const ban = await admin.updateUserById(id, { ban_duration: 'a while' })
    expect(ban.error).toMatchObject({ status: 400, code: 'validation_failed' })
  })

  it('somebody who is not there', async () => {
    admin = clients.admin().auth.admin
    const id = crypto.randomUUID()
    const calls = [admin.getUserById(id), admin.deleteUser(id), admin.updateUserById(id, {})]
    for (const { error } of await Promise.all(calls)) {
      expect(error).toMatchObject({ status: 404, code: 'user_not_found' })
    }
    const email = newEmail()
    const link = await admin.generateLink({ type: 'recovery', email })
    expect(link.error).toMatchObject({ status: 404, code: 'user_not_found' })
    const signup = await admin.generateLink({ type: 'signup', email, password: '' })
    expect(signup.error).toMatchObject({ status: 400, code: 'validation_failed' })
  })
})
