import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../../src/backend/database/database.ts'
import { BridgeCaller, type BridgeAnswer } from '../../support/bridge-caller.ts'
import { forge, startTestGateway, type TestGateway } from '../../support/gateway.ts'
import { untilAsked } from '../../support/until.ts'

const allowed = 'https://console.example'
let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ gateway: { allowedOrigins: [allowed] } })
})
afterAll(() => gateway.stop())

const database = (): Database => gateway.backend.database
const browser = (): BridgeCaller => new BridgeCaller(gateway.url)

interface SessionRow {
  readonly id: string
  readonly user_agent: string | null
  readonly ip_address: string | null
  readonly revoked_at: Date | null
  readonly revoked_because: string | null
  readonly token_hash: string
  readonly last_seen_at: Date
  readonly expires_at: Date
}
async function row(id: string | undefined): Promise<SessionRow | undefined> {
  const [found] = await database().query<SessionRow>(
    'select * from public.user_sessions where id = $1',
    [id],
  )
  return found
}
const codeOf = ({ status, body }: BridgeAnswer): unknown[] => [status, body.error?.code]

async function bridged(user = 0): Promise<{ own: BridgeCaller; id: string; token: string }> {
  const own = browser()
  const token = await gateway.signIn(user)
  const { status, body } = await own.bridge(token)
  expect(status).toBe(200)
  return { own, id: body.session_id!, token }
}

/** As if so many seconds had gone by since the last rotation. */
const age = (id: string, seconds: number): Promise<unknown> =>
  database().query(
    `update public.refresh_tokens set rotated_at = rotated_at - make_interval(secs => $2)
     where session_id = $1`,
    [id, seconds],
  )

describe('the tables', () => {
  it('have the columns, indexes, cascade and policies that backends with a bridge expect', async () => {
    const names = async (sql: string): Promise<string[]> =>
      (await database().query<{ name: string }>(sql)).map(({ name }) => name)
    const columns = await database().query(
      `select column_name as name, data_type as type, is_nullable as nullable
       from information_schema.columns
       where table_schema = 'public' and table_name = 'user_sessions'
       order by ordinal_position limit 7`,
    )
    const time = 'timestamp with time zone'
    expect(columns).toEqual([
      { name: 'id', type: 'text', nullable: 'NO' },
      { name: 'user_id', type: 'text', nullable: 'NO' },
      { name: 'user_agent', type: 'text', nullable: 'YES' },
      { name: 'ip_address', type: 'text', nullable: 'YES' },
      { name: 'created_at', type: time, nullable: 'YES' },
      { name: 'last_seen_at', type: time, nullable: 'YES' },
      { name: 'revoked_at', type: time, nullable: 'YES' },
    ])
    expect(
      await names(
        `select indexname as name from pg_indexes where schemaname = 'public' and indexname like 'idx%' order by 1`,
      ),
    ).toEqual([
      'idx_refresh_tokens_token_hash',
      'idx_user_sessions_created_at',
      'idx_user_sessions_user_id',
    ])
    expect(
      await names(
        `select policyname as name from pg_policies
         where tablename in ('user_sessions', 'refresh_tokens') order by 1`,
      ),
    ).toEqual([
      'Service role full access on refresh_tokens',
      'Service role full access on user_sessions',
      'Users can view own refresh tokens',
      'Users can view own sessions',
    ])
    const { id } = await bridged()
    await database().query('delete from public.user_sessions where id = $1', [id])
    const left = await database().query('select from public.refresh_tokens where session_id = $1', [
      id,
    ])
    expect(left).toEqual([])
  })

  it('show a user their own sessions only, and nobody a digest', async () => {
    const { id } = await bridged()
    const seen = (sub: string): Promise<{ id: string }[]> =>
      database().asCaller(
        { role: 'authenticated', claims: { sub, role: 'authenticated' } },
        (inside) => inside.query<{ id: string }>('select id from public.user_sessions'),
      )
    const idOf = async (nth: number): Promise<string> =>
      (
        await database().query<{ id: string }>('select id::text from auth.users where email = $1', [
          gateway.backend.users[nth]!.email,
        ])
      )[0]!.id
    const alice = await idOf(0)
    expect((await seen(alice)).map((one) => one.id)).toContain(id)
    expect(await seen(await idOf(2))).toEqual([])
    for (const sql of [
      'select token_hash from public.user_sessions',
      'select next_salt from public.refresh_tokens',
      'update public.user_sessions set revoked_at = null',
    ]) {
      const asked = database().asCaller(
        { role: 'authenticated', claims: { sub: alice } },
        (inside) => inside.query(sql),
      )
      await expect(asked).rejects.toThrow(/permission denied/)
    }
  })
})

describe('bridging', () => {
  it('makes a session of a Supabase session and sets two cookies that no script can read', async () => {
    const own = browser()
    const { status, body, setCookies } = await own.bridge(await gateway.signIn(0))
    expect(status).toBe(200)
    expect(body).toEqual({
      success: true,
      session_id: expect.any(String) as string,
      expires_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    })
    const [session, refresh] = setCookies
    expect(session).toMatch(
      /^sb_session=[\w-]{43}; Max-Age=3(600|599); Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(refresh).toMatch(
      /^sb_refresh=[\w-]{43}; Max-Age=\d{6}; Path=\/api\/auth\/session; HttpOnly; SameSite=Lax$/,
    )
    const kept = await row(body.session_id)
    expect(kept).toMatchObject({ user_agent: 'node', ip_address: '127.0.0.1', revoked_at: null })
    const cookie = own.cookies.get('sb_session')!
    expect(kept?.token_hash).toBe(createHash('sha256').update(cookie).digest('hex'))
  })

  it('refuses what is no session token, in one word, and sets nothing', async () => {
    const token = await gateway.signIn(0)
    const ended = await gateway.signIn(0)
    await gateway.signOut(ended)
    const past = Math.floor(Date.now() / 1_000) - 7_200
    const cases: [string, string][] = [
      ['sb_secret_abc', 'token_malformed'],
      [gateway.backend.legacyAnonKey, 'token_wrong_kind'],
      [await forge(token, { exp: past }), 'token_signature'],
      [ended, 'session_revoked'],
    ]
    for (const [sent, code] of cases) {
      const answer = await browser().bridge(sent)
      expect(codeOf(answer)).toEqual([401, code])
      expect(answer.body).toMatchObject({ success: false, message: answer.body.error?.message })
      expect(answer.setCookies).toEqual([])
    }
    const none = await browser().call('POST', '/bridge', {})
    expect(codeOf(none)).toEqual([401, 'token_missing'])
  })

  it('keeps 50 sessions of one user; the oldest make room', async () => {
    const token = await gateway.signIn(1)
    const first = await browser().bridge(token)
    for (let n = 0; n < 50; n += 1) await browser().bridge(token)
    expect(await row(first.body.session_id)).toMatchObject({ revoked_because: 'too_many' })
  })
})

describe('refreshing', () => {
  it('gives new cookies for old ones, and the session goes on', async () => {
    const { own, id } = await bridged()
    const before = new Map(own.cookies)
    const { status, body } = await own.refresh()
    expect(status).toBe(200)
    expect(body).toMatchObject({ success: true, session_id: id })
    expect(own.cookies.get('sb_session')).not.toBe(before.get('sb_session'))
    expect(own.cookies.get('sb_refresh')).not.toBe(before.get('sb_refresh'))
    expect((await own.refresh()).status).toBe(200)
    const [tokens] = await database().query(
      `select count(*)::int as all, count(rotated_at)::int as rotated
       from public.refresh_tokens where session_id = $1`,
      [id],
    )
    expect(tokens).toEqual({ all: 3, rotated: 2 })
  })

  it('answers twins alike, so that whichever answer arrives is good', async () => {
    const { own } = await bridged()
    const { cookie } = own
    const answers = await Promise.all([1, 2, 3, 4].map(() => browser().refresh({ cookie })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const given = answers.map(({ setCookies }) => setCookies.map((line) => line.split(';')[0]))
    for (const one of given) expect(one).toEqual(given[0])
    expect((await browser().refresh({ cookie: given[0]!.join('; ') })).status).toBe(200)
  })

  it('ends the session when a token comes again after 10 s', async () => {
    const { own, id } = await bridged()
    const stolen = own.cookie
    expect((await own.refresh()).status).toBe(200)
    await age(id, 11)
    expect(codeOf(await browser().refresh({ cookie: stolen }))).toEqual([401, 'session_revoked'])
    expect(await row(id)).toMatchObject({ revoked_because: 'refresh_token_reused' })
    expect(codeOf(await own.refresh())).toEqual([401, 'session_revoked'])
  })

  it('ends it at once when the token’s successor has been used', async () => {
    const { own, id } = await bridged()
    const stolen = own.cookie
    await own.refresh()
    await own.refresh()
    expect(codeOf(await browser().refresh({ cookie: stolen }))).toEqual([401, 'session_revoked'])
    expect((await row(id))?.revoked_at).not.toBeNull()
  })

  it('says why not: no cookie, a foreign one, an expired one', async () => {
    expect(codeOf(await browser().refresh())).toEqual([401, 'token_missing'])
    expect(codeOf(await browser().refresh({ cookie: 'sb_refresh=x' }))).toEqual([
      401,
      'token_malformed',
    ])
    const foreign = `sb_refresh=${'x'.repeat(43)}`
    expect(codeOf(await browser().refresh({ cookie: foreign }))).toEqual([401, 'token_signature'])
    const { own, id } = await bridged()
    await database().query(
      `update public.refresh_tokens set expires_at = now() - interval '1 s' where session_id = $1`,
      [id],
    )
    expect(codeOf(await own.refresh())).toEqual([401, 'token_expired'])
    expect(own.cookies.size).toBe(0)
  })

  it('takes a token along only of the same Supabase session', async () => {
    const { own, token } = await bridged()
    expect((await own.refresh({ token })).status).toBe(200)
    const others = await gateway.signIn(1)
    expect(codeOf(await own.refresh({ token: others }))).toEqual([403, 'forbidden'])
  })
})

describe('the end of a session', () => {
  it('comes with DELETE, which takes the cookies back', async () => {
    const { own, id } = await bridged()
    const { status, body, setCookies } = await own.end()
    expect([status, body]).toEqual([200, { success: true }])
    expect(setCookies.map((line) => line.slice(0, 23))).toEqual([
      'sb_session=; Max-Age=0;',
      'sb_refresh=; Max-Age=0;',
    ])
    expect(await row(id)).toMatchObject({ revoked_because: 'signed_out' })
  })

  it('comes by the refresh cookie alone, when the other one has run out', async () => {
    const { own, id } = await bridged()
    const cookie = `sb_refresh=${own.cookies.get('sb_refresh')}`
    expect((await own.end({ cookie })).status).toBe(200)
    expect(await row(id)).toMatchObject({ revoked_because: 'signed_out' })
    expect(codeOf(await own.end({ cookie }))).toEqual([401, 'token_missing'])
  })

  it('comes by token for whoever has lost the cookies', async () => {
    const { id, token } = await bridged()
    expect((await browser().end({ token })).status).toBe(200)
    expect((await row(id))?.revoked_at).not.toBeNull()
    expect(codeOf(await browser().end())).toEqual([401, 'token_missing'])
  })

  it('comes with the end of the Supabase session, whoever ended that', async () => {
    const { own, id, token } = await bridged()
    const heard: (string | null)[] = []
    const off = await database().listen('user_session_ended', (payload) => heard.push(payload))
    await gateway.signOut(token)
    await untilAsked('it is ended', async () => (await row(id))?.revoked_at !== null)
    await untilAsked('it is told', () => Promise.resolve(heard.includes(id)))
    await off()
    expect(await row(id)).toMatchObject({ revoked_because: 'supabase_session_ended' })
    expect(codeOf(await own.refresh())).toEqual([401, 'session_revoked'])
  })
})

describe('another site', () => {
  it('may do nothing with the cookies of a visitor, unless it is listed', async () => {
    const { own, id, token } = await bridged()
    for (const origin of ['https://evil.example', 'http://127.0.0.1:1', 'null']) {
      for (const answer of [
        await own.refresh({ origin }),
        await own.end({ origin }),
        await own.bridge(token, { origin }),
      ]) {
        expect(codeOf(answer)).toEqual([403, 'origin_refused'])
        expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
      }
    }
    expect((await row(id))?.revoked_at).toBeNull()
    const { status, headers } = await own.refresh({ origin: allowed })
    expect(status).toBe(200)
    expect(headers.get('access-control-allow-origin')).toBe(allowed)
    expect(headers.get('access-control-allow-credentials')).toBe('true')
    expect((await own.end({ origin: gateway.url })).status).toBe(200)
  })

  it('is told before it asks', async () => {
    const ask = (origin: string) =>
      fetch(`${gateway.url}/api/auth/session/refresh`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    const good = await ask(allowed)
    expect(good.headers.get('access-control-allow-origin')).toBe(allowed)
    expect(good.headers.get('access-control-allow-credentials')).toBe('true')
    const bad = await ask('https://evil.example')
    expect(bad.headers.get('access-control-allow-credentials')).toBeNull()
  })
})

it('is all written down, and no cookie is in the log or the record', async () => {
  const { own, id } = await bridged()
  const cookies = [...own.cookies.values()]
  await own.refresh()
  cookies.push(...own.cookies.values())
  await own.end()
  await browser().refresh()
  await gateway.gateway.close()
  const rows = await database().query<{ action: string }>(
    `select action, email, result from public.audit_log where subject = $1 order by id`,
    [id],
  )
  expect(rows).toEqual([
    { action: 'session.bridge', email: 'alice@acme.test', result: 'done' },
    { action: 'session.refresh', email: 'alice@acme.test', result: 'done' },
    { action: 'session.end', email: 'alice@acme.test', result: 'done' },
  ])
  const [refused] = await database().query<{ count: number }>(
    `select count(*)::int as count from public.audit_log
     where action = 'session.refresh' and result = 'token_missing'`,
  )
  expect(refused?.count).toBeGreaterThan(0)
  const [all] = await database().query<{ text: string }>(
    `select string_agg(to_jsonb(a)::text, '') as text from public.audit_log a`,
  )
  const said = gateway.logLines.join('\n') + all!.text
  for (const cookie of cookies) expect(said).not.toContain(cookie)
})
