import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestBackend, type TestBackend } from '../support/backend.ts'

let backend: TestBackend
const clients: SupabaseClient[] = []

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.auth.dispose()
})
afterAll(() => backend.stop())

/** An unmodified supabase-js, which keeps its session in memory. */
function connect(key = backend.publishableKey, to = backend): SupabaseClient {
  const client = createClient(to.supabaseUrl, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    realtime: { transport: WebSocket as never },
  })
  clients.push(client)
  return client
}

const credentials = (nth: number, of = backend) => {
  const { email, password } = of.users[nth]!
  return { email, password }
}

async function signedIn(nth = 0): Promise<SupabaseClient> {
  const client = connect()
  const { error } = await client.auth.signInWithPassword(credentials(nth))
  expect(error).toBeNull()
  return client
}

describe('supabase-js', () => {
  it('signs in, and finds the tenant in the user', async () => {
    const { data, error } = await connect().auth.signInWithPassword(credentials(2))
    expect(error).toBeNull()
    expect(data.session?.token_type).toBe('bearer')
    expect(data.user?.email).toBe('bea@borealis.test')
    expect(data.user?.app_metadata).toMatchObject({
      tenant_id: 'borealis-health',
      tenants: [{ id: 'borealis-health', name: 'Borealis Health', role: 'admin' }],
    })
    expect(data.user?.identities?.[0]?.provider).toBe('email')
  })

  it('understands a wrong password by its code', async () => {
    const { email } = credentials(0)
    const { data, error } = await connect().auth.signInWithPassword({ email, password: 'wrong' })
    expect(data.session).toBeNull()
    expect(error).toMatchObject({
      name: 'AuthApiError',
      status: 400,
      code: 'invalid_credentials',
      message: 'Invalid login credentials',
    })
  })

  it('understands a wrong key', async () => {
    const { error } = await connect('sb_publishable_wrong').auth.signInWithPassword(credentials(0))
    expect(error).toMatchObject({ status: 401, message: 'Invalid API key' })
  })

  it('refreshes, and the old session’s answer is announced', async () => {
    const client = await signedIn()
    const events: string[] = []
    client.auth.onAuthStateChange((event) => void events.push(event))
    const before = (await client.auth.getSession()).data.session
    const { data, error } = await client.auth.refreshSession()
    expect(error).toBeNull()
    expect(data.session?.refresh_token).not.toBe(before?.refresh_token)
    expect(data.session?.user.id).toBe(before?.user.id)
    expect(events).toContain('TOKEN_REFRESHED')
  })

  it('refreshes once for fifty callers with a session that is about to end', async () => {
    const short = await startTestBackend({ idle: true, auth: { tokenLifetimeSeconds: 60 } })
    try {
      const client = connect(short.publishableKey, short)
      await client.auth.signInWithPassword(credentials(0, short))
      const rows = async () =>
        (await short.database.query('select 1 from auth.refresh_tokens')).length
      const answers = await Promise.all(Array.from({ length: 50 }, () => client.auth.getSession()))
      const tokens = new Set(answers.map(({ data }) => data.session?.refresh_token))
      expect(tokens.size).toBe(1)
      expect(await rows()).toBe(2)
    } finally {
      await short.stop()
    }
  })

  it('learns that a refresh token was used too often, by its code', async () => {
    const client = await signedIn()
    const { data } = await client.auth.getSession()
    const stolen = data.session?.refresh_token ?? ''
    await client.auth.refreshSession()
    await client.auth.refreshSession()
    await backend.database.query(
      `update auth.refresh_tokens set updated_at = updated_at - interval '11 seconds'`,
    )
    const { error } = await connect().auth.refreshSession({ refresh_token: stolen })
    expect(error).toMatchObject({ status: 400, code: 'refresh_token_already_used' })
  })

  it('asks the server for the user', async () => {
    const { data, error } = await (await signedIn()).auth.getUser()
    expect(error).toBeNull()
    expect(data.user?.email).toBe('alice@acme.test')
    const wrong = await connect().auth.getUser('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA')
    expect(wrong.error).toMatchObject({ status: 403, code: 'bad_jwt' })
  })

  it('takes over a session that another client had', async () => {
    const { data } = await (await signedIn()).auth.getSession()
    const other = connect()
    const { access_token, refresh_token } = data.session!
    const taken = await other.auth.setSession({ access_token, refresh_token })
    expect(taken.error).toBeNull()
    expect(taken.data.user?.email).toBe('alice@acme.test')
    expect((await other.auth.refreshSession()).error).toBeNull()
  })

  it.each(['local', 'global', 'others'] as const)('signs out: %s', async (scope) => {
    const [mine, other] = [await signedIn(1), await signedIn(1)]
    const sessions = async () =>
      Promise.all(
        [mine, other].map(async (client) => (await client.auth.getSession()).data.session),
      )
    const [mySession, otherSession] = await sessions()
    expect((await mine.auth.signOut({ scope })).error).toBeNull()
    const alive = async (token: string | undefined) =>
      (await connect().auth.getUser(token)).data.user !== null
    expect([await alive(mySession?.access_token), await alive(otherSession?.access_token)]).toEqual(
      [scope === 'others', scope === 'local'],
    )
    expect((await mine.auth.getSession()).data.session === null).toBe(scope !== 'others')
  })

  it('verifies claims by the public keys, without asking for the user', async () => {
    const client = await signedIn()
    const { data, error } = await client.auth.getClaims()
    expect(error).toBeNull()
    expect(data?.header.alg).toBe('ES256')
    expect(data?.claims.app_metadata?.tenant_id).toBe('acme-freight')
    const asked = backend.logLines.at(-1) ?? ''
    expect(asked).toContain('/auth/v1/.well-known/jwks.json')
  })

  it('signs up, and is told what is wrong with a password', async () => {
    const weak = await connect().auth.signUp({ email: 'zoe@nowhere.test', password: 'abc' })
    expect(weak.error).toMatchObject({ name: 'AuthWeakPasswordError', reasons: ['length'] })
    const { data, error } = await connect().auth.signUp({
      email: 'zoe@nowhere.test',
      password: 'long enough',
    })
    expect(error).toBeNull()
    expect(data.session?.user.email).toBe('zoe@nowhere.test')
  })
})

describe('supabase-js where the project signs with a secret (HS256)', () => {
  const jwtSecret = 'a-secret-of-at-least-thirty-two-bytes'

  it('signs in with the legacy anon key, and asks the server for claims', async () => {
    const legacy = await startTestBackend({ idle: true, auth: { jwtSecret } })
    try {
      const client = connect(legacy.legacyAnonKey, legacy)
      expect((await client.auth.signInWithPassword(credentials(0, legacy))).error).toBeNull()
      const { data, error } = await client.auth.getClaims()
      expect(error).toBeNull()
      expect(data?.header.alg).toBe('HS256')
      const { data: kept } = await client.auth.getSession()
      const key = new TextEncoder().encode(jwtSecret)
      await jwtVerify(kept.session!.access_token, key, { audience: 'authenticated' })
      const jwks = await fetch(`${legacy.supabaseUrl}/auth/v1/.well-known/jwks.json`)
      expect(await jwks.json()).toEqual({ keys: [] })
    } finally {
      await legacy.stop()
    }
  })
})

describe('jose', () => {
  it('verifies a session token by the published keys', async () => {
    const { data } = await (await signedIn()).auth.getSession()
    const url = new URL(`${backend.supabaseUrl}/auth/v1/.well-known/jwks.json`)
    const { payload, protectedHeader } = await jwtVerify(
      data.session!.access_token,
      createRemoteJWKSet(url),
      {
        issuer: `${backend.supabaseUrl}/auth/v1`,
        audience: 'authenticated',
        algorithms: ['ES256'],
      },
    )
    expect(protectedHeader.kid).toEqual(expect.any(String))
    expect(payload.role).toBe('authenticated')
  })
})
