import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AuthCaller, type SessionBody } from '../../support/auth-caller.ts'
import { codeNow } from '../../support/authenticator.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { untilAsked } from '../../support/until.ts'

let backend: TestBackend
let auth: AuthCaller
const secrets: string[] = []

beforeAll(async () => {
  const mfa = { mostFactors: 3, totpEnroll: true, totpVerify: true }
  backend = await startTestBackend({ idle: true, auth: { mfa, allowAnonymous: true } })
  auth = new AuthCaller(backend)
})
afterEach(() => backend.database.query('delete from auth.mfa_factors'))
afterAll(() => backend.stop())

interface Factor {
  readonly id: string
  readonly secret: string
}

const post = (path: string, token: string, body: unknown = {}) =>
  auth.call(path, { method: 'POST', token, body })

async function enroll(token: string, more: object = {}): Promise<Factor> {
  const { status, body } = await post('/factors', token, { factor_type: 'totp', ...more })
  expect(status).toBe(200)
  const { secret } = body.totp as { secret: string }
  secrets.push(secret)
  return { id: body.id as string, secret }
}

async function challenge(token: string, { id }: Factor): Promise<string> {
  return (await post(`/factors/${id}/challenge`, token)).body.id as string
}

async function verify(token: string, factor: Factor, code = codeNow(factor.secret)) {
  const challenge_id = await challenge(token, factor)
  return post(`/factors/${factor.id}/verify`, token, { challenge_id, code })
}

describe('a second factor', () => {
  it('is kept encrypted, bound to its own row', async () => {
    const { access_token: token } = await auth.signIn()
    const [one, two] = [await enroll(token, { friendly_name: 'a' }), await enroll(token)]
    const kept = await backend.database.query<{ secret: string }>(
      'select secret from auth.mfa_factors',
    )
    expect(JSON.stringify(kept)).not.toContain(one.secret)
    expect(new Set(kept.map(({ secret }) => secret)).size).toBe(2)
    await backend.database.query(
      `update auth.mfa_factors set secret = (select secret from auth.mfa_factors where id = $1)
       where id = $2`,
      [one.id, two.id],
    )
    expect((await verify(token, { ...two, secret: one.secret })).status).toBe(500)
    expect((await verify(token, one)).status).toBe(200)
  })

  it('leaves no other unfinished, also none that was begun while it was finished', async () => {
    const { access_token: token, user } = await auth.signIn()
    const factor = await enroll(token)
    const { database } = backend
    const waits = `select 1 from pg_stat_activity where wait_event_type = 'Lock'`
    const { verifying } = await database.tx(async (inside) => {
      // As enrolling does.
      await inside.query('select 1 from auth.users where id = $1 for update', [user.id])
      await inside.query(
        `insert into auth.mfa_factors (user_id, factor_type, friendly_name, secret)
         values ($1, 'totp', 'late', 'x')`,
        [user.id],
      )
      let done = false
      const verifying = verify(token, factor).finally(() => (done = true))
      await untilAsked(
        'it waits, or did not',
        async () => done || (await database.query(waits)).length > 0,
      )
      return { verifying }
    })
    expect(await verifying).toMatchObject({ status: 200 })
    const left = await database.query('select id from auth.mfa_factors where user_id = $1', [
      user.id,
    ])
    expect(left).toEqual([{ id: factor.id }])
  })

  it('takes a code once, also when it comes five times at once', async () => {
    const { access_token: token } = await auth.signIn()
    const factor = await enroll(token)
    const code = codeNow(factor.secret)
    const answers = await Promise.all(Array.from({ length: 5 }, () => verify(token, factor, code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('takes the code of the last and of the next half minute, and none further away', async () => {
    const { access_token: token } = await auth.signIn()
    const factor = await enroll(token)
    for (const steps of [-3, 3]) {
      expect((await verify(token, factor, codeNow(factor.secret, steps))).status).toBe(422)
    }
    expect((await verify(token, factor, codeNow(factor.secret, 1))).status).toBe(200)
    const older = await verify(token, factor, codeNow(factor.secret, 0))
    expect(older.body.code).toBe('mfa_verification_failed')
  })

  it('is not found by trying: the sixteenth wrong code within a minute is not looked at', async () => {
    const { access_token: token } = await auth.signIn(2)
    const factor = await enroll(token)
    const challenge_id = await challenge(token, factor)
    const wrong = String((Number(codeNow(factor.secret)) + 7) % 1_000_000).padStart(6, '0')
    const attempt = (code: string) =>
      post(`/factors/${factor.id}/verify`, token, { challenge_id, code })
    for (let tries = 0; tries < 15; tries++) expect((await attempt(wrong)).status).toBe(422)
    const { status, body } = await attempt(codeNow(factor.secret))
    expect([status, body.code]).toEqual([429, 'over_request_rate_limit'])
  })

  it('carries its rank over a rotation, and the old refresh token is the parent', async () => {
    const session = await auth.signIn()
    const { body } = await verify(session.access_token, await enroll(session.access_token))
    const raised = body as SessionBody
    expect(decodeJwt(raised.access_token).aal).toBe('aal2')
    const again = await auth.refresh(session.refresh_token)
    expect(again.body.refresh_token).toBe(raised.refresh_token)
    const { body: next } = await auth.refresh(raised.refresh_token)
    expect(decodeJwt((next as SessionBody).access_token).aal).toBe('aal2')
  })

  it('that nobody finished to enroll makes room after five minutes', async () => {
    const { access_token: token } = await auth.signIn()
    for (const friendly_name of ['a', 'b', 'c']) await enroll(token, { friendly_name })
    const full = await post('/factors', token, { factor_type: 'totp', friendly_name: 'd' })
    expect(full.body.code).toBe('too_many_enrolled_mfa_factors')
    await backend.database.query(
      `update auth.mfa_factors set created_at = created_at - interval '301 seconds'`,
    )
    await enroll(token, { friendly_name: 'd' })
    expect(await backend.database.query('select 1 from auth.mfa_factors')).toHaveLength(1)
  })
})

describe('/factors', () => {
  it.each([
    ['/factors', { factor_type: 'carrier pigeon' }, 400, 'validation_failed'],
    ['/factors', { factor_type: 7 }, 400, 'validation_failed'],
    ['/factors', { factor_type: 'totp', friendly_name: 'x'.repeat(300) }, 400, 'validation_failed'],
    ['/factors/no-uuid/challenge', {}, 404, 'validation_failed'],
    [`/factors/${crypto.randomUUID()}/challenge`, {}, 404, 'mfa_factor_not_found'],
    [`/factors/${crypto.randomUUID()}/verify`, {}, 404, 'mfa_factor_not_found'],
  ])('refuses %s with %j', async (path, body, status, code) => {
    const { access_token: token } = await auth.signIn()
    const answer = await post(path, token, body)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })

  it('wants a user, and no anonymous one', async () => {
    expect((await auth.call('/factors', { method: 'POST', body: {} })).status).toBe(403)
    const { body } = await auth.call('/signup', { method: 'POST', body: { data: {} } })
    const answer = await post('/factors', body.access_token as string, { factor_type: 'totp' })
    expect([answer.status, answer.body.code]).toEqual([403, 'no_authorization'])
  })

  it('names the site where the caller names no issuer', async () => {
    const { access_token: token } = await auth.signIn()
    const { body } = await post('/factors', token, { factor_type: 'totp' })
    const { uri, secret } = body.totp as { uri: string; secret: string }
    secrets.push(secret)
    expect(new URL(uri).searchParams.get('issuer')).toBe('127.0.0.1:3000')
  })
})

it('writes no secret of a factor down', () => {
  const lines = backend.logLines.join('\n')
  expect(secrets.length).toBeGreaterThan(5)
  for (const secret of secrets) expect(lines).not.toContain(secret)
})
