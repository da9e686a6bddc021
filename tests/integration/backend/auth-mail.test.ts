import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthCaller, type AuthAnswer, type SessionBody } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { confirming, Mailbox } from '../../support/mailbox.ts'

let backend: TestBackend
let auth: AuthCaller
let mailbox: Mailbox
let people = 0

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    auth: {
      email: { ...confirming, codeLength: 8 },
      siteUrl: 'http://site.test/',
      redirectUrls: ['http://*.app.test/**'],
      allowAnonymous: true,
    },
  })
  auth = new AuthCaller(backend)
  mailbox = new Mailbox(backend)
})
afterAll(() => backend.stop())

const post = (path: string, body: unknown) => auth.call(path, { method: 'POST', body })
const said = ({ status, body }: AuthAnswer) => [status, body.code]
const newAddress = () => `guest-${++people}@nowhere.test`

async function invited(email = newAddress(), path = '/otp'): Promise<string> {
  expect((await post(path, { email })).status).toBe(200)
  return email
}

/** As if the mail had gone out so long ago. */
async function age(email: string, seconds: number): Promise<void> {
  await backend.database.query(
    `update auth.one_time_tokens set created_at = created_at - make_interval(secs => $2)
     where relates_to = $1`,
    [email, seconds],
  )
}

describe('a code', () => {
  it('has the configured length, and is stored as a hash only', async () => {
    const email = await invited()
    const { code, link } = await mailbox.last(email)
    expect(code).toMatch(/^\d{8}$/)
    const token = new URL(link ?? '').searchParams.get('token') ?? ''
    const rows = await backend.database.query(
      'select * from auth.one_time_tokens where relates_to = $1',
      [email],
    )
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(code)
    expect(JSON.stringify(rows)).not.toContain(token)
  })

  it('is good once, also when it is brought twice at the same moment', async () => {
    const email = await invited()
    const { code: token } = await mailbox.last(email)
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => post('/verify', { type: 'email', email, token })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403, 403, 403])
  })

  it('takes the link with it, and the link the code', async () => {
    const email = await invited()
    const [{ code }, hash] = [await mailbox.last(email), await mailbox.token(email)]
    expect((await post('/verify', { type: 'email', email, token: code })).status).toBe(200)
    expect(said(await post('/verify', { type: 'email', token_hash: hash }))).toEqual([
      403,
      'otp_expired',
    ])
    await invited(email)
    const [{ code: second }, token_hash] = [await mailbox.last(email), await mailbox.token(email)]
    expect((await post('/verify', { type: 'email', token_hash })).status).toBe(200)
    const again = await post('/verify', { type: 'email', email, token: second })
    expect(said(again)).toEqual([403, 'otp_expired'])
  })

  it('is not guessed: after ten wrong ones only the link is left', async () => {
    const email = await invited()
    const { code } = await mailbox.last(email)
    const guess = (token: string) => post('/verify', { type: 'email', email, token })
    for (let nth = 0; nth < 10; nth++) {
      expect(said(await guess('wrong'))).toEqual([403, 'otp_expired'])
    }
    expect(said(await guess(code))).toEqual([403, 'otp_expired'])
    const token_hash = await mailbox.token(email)
    expect((await post('/verify', { type: 'email', token_hash })).status).toBe(200)
  })

  it('is not guessed by asking for ever new ones either', async () => {
    const email = newAddress()
    const guess = () => post('/verify', { type: 'email', email, token: 'wrong' })
    const answers = await Promise.all(Array.from({ length: 30 }, guess))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]))
    expect(said(await guess())).toEqual([429, 'over_request_rate_limit'])
  })

  it('is good for an hour, and only for what it was mailed for', async () => {
    const email = await invited()
    await age(email, 3_601)
    const { code: token } = await mailbox.last(email)
    expect(said(await post('/verify', { type: 'email', email, token }))).toEqual([
      403,
      'otp_expired',
    ])
    const other = await invited()
    const { code } = await mailbox.last(other)
    const wrongKind = await post('/verify', { type: 'recovery', email: other, token: code })
    expect(said(wrongKind)).toEqual([403, 'otp_expired'])
  })

  it('signs nobody in who is banned', async () => {
    const email = await invited()
    const { code: token } = await mailbox.last(email)
    await backend.database.query(
      `update auth.users set banned_until = now() + interval '1 day' where email = $1`,
      [email],
    )
    const answer = await post('/verify', { type: 'email', email, token })
    expect(said(answer)).toEqual([403, 'user_banned'])
  })
})

describe('a link', () => {
  it('needs no API key, and goes to the site when the app is not on the list', async () => {
    for (const [asked, landed] of [
      ['http://x.app.test/in', 'http://x.app.test/in'],
      ['http://evil.test/', 'http://site.test/'],
      ['javascript:alert(1)', 'http://site.test/'],
      ['', 'http://site.test/'],
    ] as const) {
      const email = newAddress()
      await post(`/otp?redirect_to=${encodeURIComponent(asked)}`, { email })
      const url = await mailbox.open(email)
      expect(url.href.split('#')[0]).toBe(landed)
      expect(url.hash).toContain('access_token=')
    }
  })

  it('is not led elsewhere by whoever changes it', async () => {
    const email = await invited()
    const link = new URL((await mailbox.last(email)).link ?? '')
    link.searchParams.set('redirect_to', 'http://evil.test/')
    const response = await fetch(link, { redirect: 'manual' })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toMatch(/^http:\/\/site\.test\/#/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('is not used up by whoever only asks for the head', async () => {
    const email = await invited()
    const { link } = await mailbox.last(email)
    expect((await fetch(link ?? '', { method: 'HEAD', redirect: 'manual' })).status).toBe(404)
    expect((await mailbox.open(email)).hash).toContain('access_token=')
  })

  it('says what is missing', async () => {
    const get = (query: string) => auth.call(`/verify?${query}`)
    expect(said(await get('token=x'))).toEqual([400, 'validation_failed'])
    expect(said(await get('type=signup'))).toEqual([400, 'validation_failed'])
    expect(said(await get('type=sms&token=x'))).toEqual([400, 'validation_failed'])
    expect(said(await get('type=signup&type=email&token=x'))).toEqual([400, 'validation_failed'])
  })
})

describe('a change of address', () => {
  it('is confirmed by two different links, and loses to who took the address meanwhile', async () => {
    const session = await auth.signIn(0)
    const next = newAddress()
    const change = { method: 'PUT', body: { email: next }, token: session.access_token }
    expect((await auth.call('/user', change)).body.new_email).toBe(next)
    const half = await mailbox.open('alice@acme.test')
    expect(half.hash).toContain('message=Confirmation+link+accepted')
    const again = await mailbox.open('alice@acme.test')
    expect(again.hash).toContain('error_code=otp_expired')
    await invited(next)
    const mails = await mailbox.all(next)
    const link = mails.find(({ kind }) => kind === 'email_change_new')?.link ?? ''
    const response = await fetch(link, { redirect: 'manual' })
    expect(response.headers.get('location')).toContain('error_code=email_exists')
  })
})

describe('what comes in', () => {
  const routes = ['/signup', '/otp', '/magiclink', '/recover', '/resend', '/verify']

  it.each(routes)('is an object with texts in it: %s', async (path) => {
    for (const body of ['[]', '1', '"x"', 'null', '{"email":5}', '{"email":{"a":1}}', '{']) {
      expect(said(await post(path, body))).toEqual([400, 'bad_json'])
    }
    expect((await post(path, { email: 'nobody', type: 'signup', token: 'x' })).status).toBe(400)
  })

  it('is not nested without end, and holds no text that PostgreSQL cannot store', async () => {
    const email = newAddress()
    const deep = `{"email":"${email}","password":"long enough","data":${'['.repeat(99)}${']'.repeat(99)}}`
    expect(said(await post('/signup', deep))).toEqual([400, 'bad_json'])
    for (const name of ['\u0000', '\ud800']) {
      const answer = await post('/signup', { email, password: 'long enough', data: { name } })
      expect(said(answer)).toEqual([400, 'validation_failed'])
    }
  })

  it('makes nobody an administrator', async () => {
    const email = newAddress()
    const body = `{"email":"${email}","password":"long enough","role":"service_role",
      "app_metadata":{"tenant_id":"acme-freight"},"data":{"__proto__":{"role":"x"},"sub":"somebody"}}`
    expect((await post('/signup', body)).status).toBe(200)
    const { code: token } = await mailbox.last(email)
    const session = (await post('/verify', { type: 'signup', email, token })).body as SessionBody
    const claims = decodeJwt(session.access_token)
    expect(claims.role).toBe('authenticated')
    expect(claims.app_metadata).toEqual({ provider: 'email', providers: ['email'] })
    expect(claims.user_metadata).toMatchObject({ sub: session.user.id })
    const update = await auth.call('/user', {
      method: 'PUT',
      token: session.access_token,
      body: { app_metadata: { tenant_id: 'acme-freight' } },
    })
    expect(said(update)).toEqual([403, 'not_admin'])
  })
})

describe('an address that is known but not confirmed', () => {
  it('is not taken over by signing up where no mail is needed', async () => {
    const quick = await startTestBackend({ idle: true })
    try {
      await quick.database.query(`update auth.users set email_confirmed_at = null`)
      const body = { email: 'alice@acme.test', password: 'mine now' }
      const answer = await new AuthCaller(quick).call('/signup', { method: 'POST', body })
      expect(said(answer)).toEqual([422, 'user_already_exists'])
    } finally {
      await quick.stop()
    }
  })
})

describe('a user with a second factor', () => {
  it('shows it before changing address or password', async () => {
    const { access_token: token, user } = await auth.signIn(2)
    await backend.database.query(
      `insert into auth.mfa_factors (user_id, factor_type, status) values ($1, 'totp', 'verified')`,
      [user.id],
    )
    const put = (body: object) => auth.call('/user', { method: 'PUT', token, body })
    expect(said(await put({ password: 'another one' }))).toEqual([401, 'insufficient_aal'])
    expect(said(await put({ email: newAddress() }))).toEqual([401, 'insufficient_aal'])
    expect((await put({ data: { desk: 4 } })).status).toBe(200)
  })
})

describe('the settings', () => {
  it('close the door to addresses where they say so', async () => {
    const email = { ...confirming, allowSignUp: false }
    const shut = await startTestBackend({ idle: true, auth: { email } })
    try {
      const caller = new AuthCaller(shut)
      const send = async (path: string, body: object) =>
        said(await caller.call(path, { method: 'POST', body }))
      const them = { email: 'alice@acme.test', password: 'long enough', type: 'signup' }
      expect(await send('/signup', them)).toEqual([400, 'email_provider_disabled'])
      expect(await send('/otp', them)).toEqual([422, 'email_provider_disabled'])
      expect(await send('/resend', them)).toEqual([400, 'email_provider_disabled'])
      const token = '/token?grant_type=password'
      expect(await send(token, them)).toEqual([422, 'email_provider_disabled'])
      const phone = { phone: '+15550100', password: 'long enough' }
      expect(await send(token, phone)).toEqual([422, 'phone_provider_disabled'])
      expect(await send('/signup', phone)).toEqual([400, 'phone_provider_disabled'])
      expect(await send(token, { ...them, ...phone })).toEqual([400, 'validation_failed'])
      const { body } = await caller.call('/settings')
      expect(body).toMatchObject({ external: { email: false, anonymous_users: false } })
      expect(await send('/signup', {})).toEqual([422, 'anonymous_provider_disabled'])
    } finally {
      await shut.stop()
    }
  })

  it('are told as they are', async () => {
    const { body } = await auth.call('/settings')
    expect(body).toMatchObject({
      external: { email: true, phone: false, anonymous_users: true, github: false },
      disable_signup: false,
      mailer_autoconfirm: false,
    })
  })
})
