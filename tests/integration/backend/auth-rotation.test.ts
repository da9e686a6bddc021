import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AuthCaller, type AuthAnswer, type SessionBody } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'

let backend: TestBackend
let auth: AuthCaller
let first: SessionBody

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    auth: { tokenLifetimeSeconds: 120, reuseIntervalSeconds: 10 },
  })
  auth = new AuthCaller(backend)
})
afterAll(() => backend.stop())
beforeEach(async () => {
  first = await auth.signIn()
})

const tokenOf = ({ body }: AuthAnswer): string => body.refresh_token as string
const codeOf = ({ status, body }: AuthAnswer) => [status, body.code]
const alreadyUsed = [400, 'refresh_token_already_used']

/** As if everything had happened so long ago. */
async function age(seconds: number): Promise<void> {
  await backend.database.query(
    `update auth.refresh_tokens set updated_at = updated_at - make_interval(secs => $1)`,
    [seconds],
  )
}

async function unrevoked(session: SessionBody): Promise<number> {
  const rows = await backend.database.query(
    'select 1 from auth.refresh_tokens where session_id = $1 and not revoked',
    [decodeJwt(session.access_token).session_id],
  )
  return rows.length
}

describe('refreshing', () => {
  it('gives new tokens of the same session, with the configured lifetime', async () => {
    const { status, headers, body } = await auth.refresh(first.refresh_token)
    const next = body as SessionBody
    expect(status).toBe(200)
    expect(headers.get('sb-auth-refresh-token-reuse')).toBe('false')
    expect(next.refresh_token).not.toBe(first.refresh_token)
    expect(next.expires_in).toBe(120)
    const [before, after] = [decodeJwt(first.access_token), decodeJwt(next.access_token)]
    expect(after.session_id).toBe(before.session_id)
    expect(after.exp! - after.iat!).toBe(120)
    expect(await unrevoked(first)).toBe(1)
  })

  it('gives the same token again to a client that lost the answer, at any age', async () => {
    const second = tokenOf(await auth.refresh(first.refresh_token))
    await age(100_000)
    const again = await auth.refresh(first.refresh_token)
    expect(tokenOf(again)).toBe(second)
    expect(again.headers.get('sb-auth-refresh-token-reuse-cause')).toBe('fail-to-save')
  })

  it('forgives an older token within the reuse interval', async () => {
    const second = tokenOf(await auth.refresh(first.refresh_token))
    const third = tokenOf(await auth.refresh(second))
    const again = await auth.refresh(first.refresh_token)
    expect(again.status).toBe(200)
    expect([first.refresh_token, second, third]).not.toContain(tokenOf(again))
  })

  it('takes an older token after that for a theft, and ends the whole family', async () => {
    const second = tokenOf(await auth.refresh(first.refresh_token))
    const third = tokenOf(await auth.refresh(second))
    await age(11)
    const stolen = await auth.refresh(first.refresh_token)
    expect(codeOf(stolen)).toEqual(alreadyUsed)
    expect(stolen.body.message).toBe('Invalid Refresh Token: Already Used')
    expect(await unrevoked(first)).toBe(0)
    expect(codeOf(await auth.refresh(third))).toEqual([400, 'refresh_token_not_found'])
    expect((await auth.call('/user', { token: first.access_token })).body.code).toBe(
      'session_not_found',
    )
  })

  it('leaves other sessions of the same user alone', async () => {
    const other = await auth.signIn()
    const second = tokenOf(await auth.refresh(first.refresh_token))
    await auth.refresh(second)
    await age(11)
    await auth.refresh(first.refresh_token)
    expect((await auth.refresh(other.refresh_token)).status).toBe(200)
  })

  it('twenty times at once with one token yields one successor', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => auth.refresh(first.refresh_token)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(tokenOf)).size).toBe(1)
    expect(await unrevoked(first)).toBe(1)
  })

  it('is refused for a token that nobody issued, and for none', async () => {
    expect(codeOf(await auth.refresh('aaaaaaaaaaaa'))).toEqual([400, 'refresh_token_not_found'])
    const none = await auth.refresh('')
    expect([none.status, none.body]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'refresh_token required' },
    ])
  })

  it('is refused after the session’s own end, and for a banned user', async () => {
    const sessionId = decodeJwt(first.access_token).session_id
    await backend.database.query('update auth.sessions set not_after = now() where id = $1', [
      sessionId,
    ])
    expect(codeOf(await auth.refresh(first.refresh_token))).toEqual([400, 'session_expired'])
    const bea = await auth.signIn(2)
    await backend.database.query(
      `update auth.users set banned_until = now() + interval '1 day' where id = $1`,
      [bea.user.id],
    )
    expect(codeOf(await auth.refresh(bea.refresh_token))).toEqual([400, 'user_banned'])
  })
})
