import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthCaller } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { ConsentBrowser } from '../../support/consent-browser.ts'

let backend: TestBackend
let auth: AuthCaller

beforeAll(async () => {
  const auth_ = { redirectUrls: ['signalbox://auth/callback', `https://app.test/"><b>`] }
  backend = await startTestBackend({ idle: true, auth: auth_ })
  auth = new AuthCaller(backend)
})
afterAll(() => backend.stop())

const verifier = () => randomBytes(32).toString('base64url')
const s256 = (text: string) => createHash('sha256').update(text).digest('base64url')

function authorizeUrl(query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${backend.supabaseUrl}/auth/v1/authorize`)
  const redirect = { provider: 'signalbox', redirect_to: 'signalbox://auth/callback' }
  url.search = new URLSearchParams({ ...redirect, ...query }).toString()
  return url
}

async function codeFor(challenge: string, method = 's256'): Promise<string> {
  const query = { code_challenge: challenge, code_challenge_method: method }
  const browser = new ConsentBrowser()
  const page = await browser.open(authorizeUrl(query))
  const { email, password } = backend.users[1]!
  const answer = await browser.submit(page, { email, password, decision: 'allow' })
  return new URL(answer.headers.get('location')!).searchParams.get('code')!
}

const exchange = (code: string, codeVerifier: string) =>
  auth.call('/token?grant_type=pkce', {
    method: 'POST',
    body: { auth_code: code, code_verifier: codeVerifier },
  })

describe('a code', () => {
  it('is redeemed once, also when it is sent ten times at once', async () => {
    const secret = verifier()
    const code = await codeFor(s256(secret))
    const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(code, secret)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(404)])
  })

  it('is good for five minutes', async () => {
    const secret = verifier()
    const code = await codeFor(s256(secret))
    await backend.database.query(
      `update auth.flow_state set auth_code_issued_at = auth_code_issued_at - interval '301 seconds'`,
    )
    const { status, body } = await exchange(code, secret)
    expect([status, body.code]).toEqual([422, 'flow_state_expired'])
  })

  it('stays good after a wrong verifier, and is kept nowhere', async () => {
    const secret = verifier()
    const code = await codeFor(secret, 'plain')
    const wrong = await exchange(code, s256(secret))
    expect([wrong.status, wrong.body.code]).toEqual([400, 'bad_code_verifier'])
    const rows = await backend.database.query('select * from auth.flow_state')
    expect(JSON.stringify(rows)).not.toContain(code)
    expect((await exchange(code, secret)).status).toBe(200)
  })

  it('needs a verifier, and both as text', async () => {
    const bodies = [{}, { auth_code: 'x' }, { auth_code: 1, code_verifier: [] }, [], 'null', '7']
    for (const body of bodies) {
      const answer = await auth.call('/token?grant_type=pkce', { method: 'POST', body })
      expect(answer.status).toBe(400)
    }
  })

  it('is not for somebody who was banned or deleted meanwhile', async () => {
    const secret = verifier()
    const code = await codeFor(s256(secret))
    const ban = (until: string) =>
      backend.database.query(`update auth.users set banned_until = ${until} where email = $1`, [
        backend.users[1]!.email,
      ])
    await ban(`now() + interval '1 hour'`)
    const { status, body } = await exchange(code, secret)
    await ban('null')
    expect([status, body.code]).toEqual([400, 'user_banned'])
  })
})

describe('a challenge', () => {
  it.each([
    [{ code_challenge: 'x'.repeat(43) }, 'PKCE flow requires code_challenge_method and'],
    [{ code_challenge: 'short', code_challenge_method: 's256' }, 'between 43 and 128 characters'],
    [{ code_challenge: '!'.repeat(43), code_challenge_method: 's256' }, 'can only contain'],
    [{ code_challenge: 'x'.repeat(43), code_challenge_method: 'md5' }, 'unsupported'],
  ])('is refused when it is wrong: %j', async (query, message) => {
    const response = await fetch(authorizeUrl(query), { redirect: 'manual' })
    expect(response.status).toBe(400)
    expect(((await response.json()) as { msg: string }).msg).toContain(message)
  })
})

describe('the consent page', () => {
  it('runs no script, and lets its form lead to this backend and the app only', async () => {
    const { response, html } = await new ConsentBrowser().open(authorizeUrl())
    expect(response.status).toBe(200)
    const policy = response.headers.get('content-security-policy')
    expect(policy).toContain(`default-src 'none'`)
    expect(policy).toContain(`form-action 'self' signalbox:;`)
    expect(policy).toContain(`frame-ancestors 'none'`)
    expect(policy).not.toContain('unsafe')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(html).toContain('signalbox://auth/callback')
    expect(html).not.toMatch(/<script|javascript:|\son\w+=/i)
  })

  it('shows an address as text, whatever it holds', async () => {
    const query = { redirect_to: `https://app.test/"><b>` }
    const { html } = await new ConsentBrowser().open(authorizeUrl(query))
    expect(html).toContain('https://app.test/&quot;&gt;&lt;b&gt;')
    expect(html).not.toContain('"><b>')
  })

  it('answers only the browser that opened it, and no form of another site', async () => {
    const [browser, other] = [new ConsentBrowser(), new ConsentBrowser()]
    const page = await browser.open(authorizeUrl())
    const { email, password } = backend.users[0]!
    const fields = { email, password, decision: 'allow' }
    await other.open(authorizeUrl())
    expect((await other.submit(page, fields)).status).toBe(400)
    expect((await other.get(page.url)).status).toBe(400)
    const foreign = await browser.submit(page, fields, { origin: 'https://evil.test' })
    expect(foreign.status).toBe(400)
    const forged = await browser.submit(page, { ...fields, request: 'a.b.c' })
    expect(forged.status).toBe(400)
    expect((await browser.submit(page, fields)).status).toBe(303)
  })

  it('asks again after a wrong password, with the address still there', async () => {
    const browser = new ConsentBrowser()
    const page = await browser.open(authorizeUrl())
    const fields = { email: 'alice@acme.test', password: 'wrong', decision: 'allow' }
    const answer = await browser.submit(page, fields)
    expect(answer.status).toBe(400)
    const html = await answer.text()
    expect(html).toContain('Invalid login credentials')
    expect(html).toContain('value="alice@acme.test"')
    expect(html).not.toContain('wrong')
  })

  it('counts wrong passwords together with the password grant', async () => {
    const browser = new ConsentBrowser()
    const page = await browser.open(authorizeUrl())
    const email = 'bea@borealis.test'
    const fields = { email, password: 'wrong', decision: 'allow' }
    for (let tries = 0; tries < 29; tries++) await browser.submit(page, fields)
    expect((await auth.password(email, 'wrong')).status).toBe(400)
    expect((await browser.submit(page, fields)).status).toBe(429)
    expect((await auth.password(email, backend.users[2]!.password)).status).toBe(429)
  })

  it('survives a form that is none', async () => {
    const url = `${backend.supabaseUrl}/auth/v1/consent`
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const bodies = ['', '%', '__proto__=1&request[]=2', 'request=a&request=b', 'x'.repeat(20_000)]
    for (const body of bodies) {
      const response = await fetch(url, { method: 'POST', headers, body })
      expect([400, 413]).toContain(response.status)
    }
    for (const body of ['{}', null]) {
      expect((await fetch(url, { method: 'POST', body })).status).toBe(400)
    }
  })
})

it('writes no code, verifier or password down', () => {
  const lines = backend.logLines.join('\n')
  for (const { password } of backend.users) expect(lines).not.toContain(password)
  expect(lines).not.toMatch(/code=|request=|access_token/)
})
