import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseDuration } from '../../../src/backend/supabase/auth-admin-duration.ts'
import { AuthCaller } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'

let backend: TestBackend
let auth: AuthCaller

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  auth = new AuthCaller(backend)
})
afterAll(() => backend.stop())

const asServer = (path: string, method = 'GET', body?: unknown) =>
  auth.call(path, {
    method,
    body,
    token: backend.secretKey,
    headers: { apikey: backend.secretKey },
  })

describe('the door of /admin', () => {
  const status = async (headers: Readonly<Record<string, string>>) =>
    (await fetch(`${backend.supabaseUrl}/auth/v1/admin/users`, { headers })).status

  it('opens to the secret key in either form, and to nobody else', async () => {
    const { secretKey, publishableKey, legacyAnonKey } = backend
    const user = (await auth.signIn()).access_token
    const bearer = (token: string) => `Bearer ${token}`
    expect(await status({ apikey: secretKey, authorization: bearer(secretKey) })).toBe(200)
    expect(await status({ apikey: secretKey })).toBe(401)
    expect(await status({ apikey: legacyAnonKey, authorization: bearer(legacyAnonKey) })).toBe(403)
    expect(await status({ apikey: publishableKey, authorization: bearer(publishableKey) })).toBe(
      403,
    )
    // The user's own token counts, whatever key came with it.
    expect(await status({ apikey: secretKey, authorization: bearer(user) })).toBe(403)
    expect(await status({ apikey: publishableKey, authorization: bearer('a.b.c') })).toBe(403)
    expect(await status({ authorization: bearer(secretKey) })).toBe(401)
  })

  it('stays shut for a browser that holds the secret key', async () => {
    const headers = {
      apikey: backend.secretKey,
      authorization: `Bearer ${backend.secretKey}`,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36',
    }
    const response = await fetch(`${backend.supabaseUrl}/auth/v1/admin/users`, { headers })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({
      message: 'Forbidden use of secret API key in browser',
    })
  })

  it.each([
    ['POST', '/admin/users'],
    ['GET', `/admin/users/${crypto.randomUUID()}`],
    ['PUT', `/admin/users/${crypto.randomUUID()}`],
    ['DELETE', `/admin/users/${crypto.randomUUID()}`],
    ['GET', `/admin/users/${crypto.randomUUID()}/factors`],
    ['DELETE', `/admin/users/${crypto.randomUUID()}/factors/${crypto.randomUUID()}`],
    ['POST', '/admin/generate_link'],
    ['POST', '/invite'],
  ])('is before every route: %s %s', async (method, path) => {
    const { access_token: token } = await auth.signIn()
    const body = method === 'GET' ? undefined : {}
    const answer = await auth.call(path, { method, token, body })
    expect([answer.status, answer.body.code]).toEqual([403, 'not_admin'])
  })
})

describe('lists of users', () => {
  it('name the next and the last page', async () => {
    const { headers } = await asServer('/admin/users?page=1&per_page=2')
    expect(headers.get('x-total-count')).toBe('3')
    expect(headers.get('link')).toBe(
      '</admin/users?page=2&per_page=2>; rel="next", </admin/users?page=2&per_page=2>; rel="last"',
    )
  })

  it('are sorted and filtered', async () => {
    const emails = async (query: string) =>
      ((await asServer(`/admin/users?${query}`)).body.users as { email: string }[]).map(
        ({ email }) => email,
      )
    expect(await emails('filter=ACME&sort=created_at+asc')).toEqual([
      'alice@acme.test',
      'amir@acme.test',
    ])
    expect(await emails('filter=%25')).toEqual([])
    expect(await emails(`filter=${encodeURIComponent("' or true --")}`)).toEqual([])
  })

  it.each([
    'page=-1',
    'page=x',
    'per_page=1e3',
    'page=99999999999',
    'sort=email',
    'sort=created_at+x',
  ])('refuse %s', async (query) => {
    const { status, body } = await asServer(`/admin/users?${query}`)
    expect([status, body.code]).toEqual([400, 'validation_failed'])
  })
})

describe('what is said of a user', () => {
  it.each([
    [{ email: 'no address' }, 'Unable to validate email address'],
    [{ email: 7 }, '"email" is wrong'],
    [{ phone: '12-34' }, 'Invalid phone number format'],
    [{ email: 'a@b.test', id: 'no-uuid' }, 'ID must conform'],
    [{ email: 'a@b.test', password: 'x'.repeat(73) }, 'exceeds 72 bytes'],
    [{ email: 'a@b.test', password: 'both', password_hash: 'both' }, 'Only a password or'],
    [{ email: 'a@b.test', password_hash: 'plain' }, 'bcrypt'],
    [{ email: 'a@b.test', ban_duration: '1y' }, 'invalid format for ban duration'],
    [{ email: 'a@b.test', app_metadata: [] }, '"app_metadata" is wrong'],
    [{}, 'Cannot create a user without'],
  ])('is refused when it is wrong: %j', async (body, message) => {
    const answer = await asServer('/admin/users', 'POST', body)
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed'])
    expect(answer.body.message).toContain(message)
  })

  it.each(['', '[', '7', 'null', '"text"', '[]'])('is no user at all: %s', async (body) => {
    expect((await asServer('/admin/users', 'POST', body)).status).toBe(400)
  })

  it('is data, whatever it is called', async () => {
    const text = '{"email":"proto@b.test","user_metadata":{"__proto__":{"x":1},"constructor":2}}'
    const { status, body } = await asServer('/admin/users', 'POST', text)
    expect(status).toBe(200)
    expect(({} as { x?: number }).x).toBeUndefined()
    expect(body.user_metadata).toMatchObject({ constructor: 2 })
  })

  it('can be a telephone number', async () => {
    const user = { phone: '+49 1234 5678', phone_confirm: true }
    const { body } = await asServer('/admin/users', 'POST', user)
    expect(body).toMatchObject({
      phone: '4912345678',
      app_metadata: { provider: 'phone', providers: ['phone'] },
    })
    const again = await asServer('/admin/users', 'POST', user)
    expect([again.status, again.body.code]).toEqual([422, 'phone_exists'])
  })

  it('is refused for all but one of ten who take the same address at once', async () => {
    const user = { email: 'wanted@b.test' }
    const all = Array.from({ length: 10 }, () => asServer('/admin/users', 'POST', user))
    const answers = await Promise.all(all)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(9)
  })
})

describe('a time as Go writes it', () => {
  it.each([
    ['24h', 86_400_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['-2ms', -2],
    ['100µs', 0.1],
    ['0', 0],
    ['876000h', 876_000 * 3_600_000],
    ['', null],
    ['12', null],
    ['1y', null],
    ['h', null],
    ['1h x', null],
    ['9'.repeat(15) + 'h', null],
    ['1'.repeat(100_000), null],
  ])('%.20s is %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })
})

it('writes no key down', () => {
  expect(backend.logLines.join('\n')).not.toContain(backend.secretKey)
})
