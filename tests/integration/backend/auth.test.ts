import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recognise } from '../../../src/backend/supabase/auth-recognise.ts'
import { WrongGuesses } from '../../../src/backend/supabase/wrong-guesses.ts'
import { AuthCaller, type SessionBody } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'

let backend: TestBackend
let auth: AuthCaller

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  auth = new AuthCaller(backend)
})
afterAll(() => backend.stop())

describe('the password grant', () => {
  it('answers a whole session, and headers that name it', async () => {
    const [alice] = backend.users
    const { status, headers, body } = await auth.password(alice!.email, alice!.password)
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 3_600 })
    const session = body as SessionBody
    const claims = decodeJwt(session.access_token)
    expect(claims).toMatchObject({
      iss: `${backend.supabaseUrl}/auth/v1`,
      sub: session.user.id,
      aud: 'authenticated',
      role: 'authenticated',
      email: 'alice@acme.test',
      aal: 'aal1',
      is_anonymous: false,
      amr: [{ method: 'password' }],
      app_metadata: {
        tenant_id: 'acme-freight',
        tenants: [{ id: 'acme-freight', name: 'Acme Freight', role: 'admin' }],
        provider: 'email',
        providers: ['email'],
      },
    })
    expect(claims.exp! - claims.iat!).toBe(3_600)
    expect(body.expires_at).toBe(claims.exp)
    expect(headers.get('sb-auth-user-id')).toBe(session.user.id)
    expect(headers.get('sb-auth-session-id')).toBe(claims.session_id)
    expect(session.refresh_token).toMatch(/^[a-z2-7]{12}$/)
  })

  it('tells a wrong password and an unknown address in the same words', async () => {
    const wrong = await auth.password('alice@acme.test', 'not the password')
    const unknown = await auth.password('nobody@acme.test', 'not the password')
    expect(wrong.status).toBe(400)
    expect(wrong.body).toEqual({
      code: 'invalid_credentials',
      message: 'Invalid login credentials',
    })
    expect({ ...unknown, headers: null }).toEqual({ ...wrong, headers: null })
    expect(wrong.headers.get('x-sb-error-code')).toBe('invalid_credentials')
  })

  it('takes an address in capitals', async () => {
    const [alice] = backend.users
    expect((await auth.password('ALICE@ACME.TEST', alice!.password)).status).toBe(200)
  })

  it('refuses a banned user and an unconfirmed one, each by name', async () => {
    await auth.call('/signup', {
      method: 'POST',
      body: { email: 'banned@acme.test', password: 'long enough' },
    })
    await backend.database.query(
      `update auth.users set banned_until = now() + interval '1 day' where email = $1`,
      ['banned@acme.test'],
    )
    expect((await auth.password('banned@acme.test', 'long enough')).body.code).toBe('user_banned')
    await backend.database.query(
      `update auth.users set banned_until = null, email_confirmed_at = null where email = $1`,
      ['banned@acme.test'],
    )
    const answer = await auth.password('banned@acme.test', 'long enough')
    expect(answer.body.code).toBe('email_not_confirmed')
  })

  it('stops answering who guesses on and on', async () => {
    const guesses = Array.from({ length: 30 }, () => auth.password('guessed@acme.test', 'guess'))
    const codes = (await Promise.all(guesses)).map(({ body }) => body.code)
    expect(new Set(codes)).toEqual(new Set(['invalid_credentials']))
    const next = await auth.password('guessed@acme.test', 'guess')
    expect([next.status, next.body.code]).toEqual([429, 'over_request_rate_limit'])
  })

  it('answers no more guesses when they all come at once', async () => {
    const guesses = Array.from({ length: 90 }, () => auth.password('rushed@acme.test', 'guess'))
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 400)).toHaveLength(30)
    expect(statuses.filter((status) => status === 429)).toHaveLength(60)
  })

  it('lets the owner in from elsewhere while somebody guesses', async () => {
    const { email, password } = backend.users[1]!
    const context = { database: backend.database, wrongPasswords: new WrongGuesses() }
    const from = async (ip: string, tried: string) =>
      (await recognise(context, { email, password: tried, ip })).ok
    for (let nth = 0; nth < 30; nth++) expect(await from('192.0.2.1', 'guess')).toBe(false)
    expect(await from('192.0.2.1', password)).toBe(false)
    expect(await from('192.0.2.2', password)).toBe(true)
  })

  it('knows no other grant', async () => {
    const body = { client_id: 'x' }
    const answer = await auth.call('/token?grant_type=client_credentials', { method: 'POST', body })
    expect(answer.body.message).toBe('unsupported_grant_type')
  })
})

describe('an error', () => {
  it('keeps its older shape for clients that name no version', async () => {
    const response = await fetch(`${backend.supabaseUrl}/auth/v1/token?grant_type=password`, {
      method: 'POST',
      headers: { apikey: backend.publishableKey },
      body: JSON.stringify({ email: 'alice@acme.test', password: 'wrong' }),
    })
    expect(response.headers.get('x-supabase-api-version')).toBeNull()
    expect(await response.json()).toEqual({
      code: 400,
      error_code: 'invalid_credentials',
      msg: 'Invalid login credentials',
    })
  })

  it('is said for a body that is no JSON, or larger than 1 MB', async () => {
    const post = (body: string) => auth.call('/token?grant_type=password', { method: 'POST', body })
    expect((await post('{')).body.code).toBe('bad_json')
    const large = await post(JSON.stringify({ email: 'x'.repeat(1024 * 1024) }))
    expect(large.status).toBe(413)
  })

  it('is said for an address that is not served', async () => {
    expect((await auth.call('/nothing')).status).toBe(404)
  })
})

describe('the project’s key', () => {
  it('is asked of every caller, but not for the public keys', async () => {
    const get = (path: string, headers: Record<string, string>) =>
      fetch(`${backend.supabaseUrl}/auth/v1${path}`, { headers })
    const missing = await get('/health', {})
    expect(missing.status).toBe(401)
    expect(await missing.json()).toMatchObject({ message: 'No API key found in request' })
    const wrong = await get('/health', { apikey: 'sb_publishable_wrong' })
    expect(wrong.status).toBe(401)
    expect(await wrong.json()).toMatchObject({ message: 'Invalid API key' })
    expect((await get('/health', { apikey: backend.publishableKey })).status).toBe(200)
    expect((await get(`/health?apikey=${backend.publishableKey}`, {})).status).toBe(200)
    expect((await get('/.well-known/jwks.json', {})).status).toBe(200)
  })

  it('is answered to a browser with CORS, also before the call itself', async () => {
    const response = await fetch(`${backend.supabaseUrl}/auth/v1/token`, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:3000',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'apikey,authorization,x-client-info',
      },
    })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-headers')).toContain('x-client-info')
  })
})

describe('the user', () => {
  it('is shown to the holder of a session', async () => {
    const { access_token: token, user } = await auth.signIn()
    const answer = await auth.call('/user', { token })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      id: user.id,
      email: 'alice@acme.test',
      phone: '',
      role: 'authenticated',
      app_metadata: { tenant_id: 'acme-freight' },
      identities: [{ provider: 'email', user_id: user.id }],
    })
  })

  it.each([
    ['an API key as token', undefined, 403, 'bad_jwt'],
    ['no JWT', 'one.two', 403, 'bad_jwt'],
    ['a forged one', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.', 403, 'bad_jwt'],
  ])('is not shown for %s', async (_what, token, status, code) => {
    const answer = await auth.call('/user', token === undefined ? {} : { token })
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })

  it('is not shown without a bearer', async () => {
    const answer = await auth.call('/user', { headers: { authorization: 'Basic eDp5' } })
    expect([answer.status, answer.body.code]).toEqual([401, 'no_authorization'])
  })
})

describe('signing out', () => {
  async function two(): Promise<[SessionBody, SessionBody]> {
    return [await auth.signIn(1), await auth.signIn(1)]
  }
  const alive = async ({ access_token: token }: SessionBody) =>
    (await auth.call('/user', { token })).status === 200
  const logout = (token: string, scope: string) =>
    auth.call(`/logout?scope=${scope}`, { method: 'POST', token })

  it.each([
    ['local', [false, true]],
    ['others', [true, false]],
    ['global', [false, false]],
  ])('%s', async (scope, left) => {
    const [mine, other] = await two()
    const { status } = await logout(mine.access_token, scope)
    expect(status).toBe(204)
    expect([await alive(mine), await alive(other)]).toEqual(left)
  })

  it('ends the refresh tokens and is told to listeners', async () => {
    const session = await auth.signIn(2)
    const sessionId = decodeJwt(session.access_token).session_id as string
    const ended = new Promise((resolve) => {
      const off = backend.sessions.onEnded((id) => {
        if (id !== sessionId) return
        off()
        resolve(id)
      })
    })
    expect(await backend.sessions.alive(sessionId)).toBe(true)
    await logout(session.access_token, 'local')
    expect(await ended).toBe(sessionId)
    expect(await backend.sessions.alive(sessionId)).toBe(false)
    const again = await auth.refresh(session.refresh_token)
    expect([again.status, again.body.code]).toEqual([400, 'refresh_token_not_found'])
    const user = await auth.call('/user', { token: session.access_token })
    expect([user.status, user.body.code]).toEqual([403, 'session_not_found'])
  })

  it('knows three scopes', async () => {
    const { access_token: token } = await auth.signIn(2)
    expect((await logout(token, 'galaxy')).body.code).toBe('validation_failed')
  })

  it('happens from the outside, too', async () => {
    const session = await auth.signIn(2)
    await backend.sessions.revoke(decodeJwt(session.access_token).session_id as string)
    expect(await alive(session)).toBe(false)
  })
})

describe('signing up', () => {
  const signUp = (body: object) => auth.call('/signup', { method: 'POST', body })

  it('makes a confirmed user without any tenant', async () => {
    const answer = await signUp({
      email: 'Nina@Nowhere.test',
      password: 'long enough',
      data: { name: 'Nina' },
    })
    const session = answer.body as SessionBody
    expect(session.user.email).toBe('nina@nowhere.test')
    expect(decodeJwt(session.access_token).app_metadata).toEqual({
      provider: 'email',
      providers: ['email'],
    })
  })

  it('refuses a short password and an address that is taken', async () => {
    const weak = await signUp({ email: 'new@nowhere.test', password: 'abc' })
    expect(weak.body).toMatchObject({
      code: 'weak_password',
      weak_password: { reasons: ['length'] },
    })
    const taken = await signUp({ email: 'ALICE@acme.test', password: 'long enough' })
    expect([taken.status, taken.body.code]).toEqual([422, 'user_already_exists'])
  })
})

describe('what the backend writes down', () => {
  it('holds no password, token or key of anything above', async () => {
    const session = await auth.signIn()
    await auth.refresh(session.refresh_token)
    await auth.call(`/health?apikey=${backend.publishableKey}`)
    const written = backend.logLines.join('\n')
    expect(written).toContain('/auth/v1/token')
    const secrets = [
      session.access_token,
      session.refresh_token,
      backend.publishableKey,
      ...backend.users.map(({ password }) => password),
    ]
    for (const secret of secrets) expect(written).not.toContain(secret)
    expect(written).not.toContain('grant_type')
  })
})
