import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TokenRefusal } from '../../../src/shared/failure.ts'
import { forge, JobHand, startTestGateway, type TestGateway } from '../../support/gateway.ts'

let gateway: TestGateway
let token: string
let ended: string
let job: string
/** A token for every reason that a forged or stale one can be refused for. */
let refused: Record<string, { token: string | null; refusal: TokenRefusal }>

async function signInWithoutTenant(): Promise<string> {
  const { database, users } = gateway.backend
  await database.query(`update auth.users set raw_app_meta_data = '{}' where email = $1`, [
    users[1]!.email,
  ])
  return gateway.signIn(1)
}

beforeAll(async () => {
  gateway = await startTestGateway()
  token = await gateway.signIn(0)
  ended = await gateway.signIn(0)
  await gateway.signOut(ended)
  job = await new JobHand(gateway.backend).start(gateway.tenantOf(0))
  const tenantless = await signInWithoutTenant()
  refused = {
    'no token': { token: null, refusal: 'token_missing' },
    'a text that is no token': { token: 'abc', refusal: 'token_malformed' },
    'a secret key': { token: 'sb_secret_abcdefghijklmnopqrstuv', refusal: 'token_malformed' },
    'the publishable key': {
      token: gateway.backend.publishableKey,
      refusal: 'token_wrong_kind',
    },
    'an anon key in its JWT form': {
      token: await forge(token, { role: 'anon' }),
      refusal: 'token_wrong_kind',
    },
    'a service key in its JWT form': {
      token: await forge(token, { role: 'service_role' }),
      refusal: 'token_wrong_kind',
    },
    'a token with another signature': {
      token: await forge(token, {}),
      refusal: 'token_signature',
    },
    'a token without a tenant': { token: tenantless, refusal: 'tenant_missing' },
    'a token of a session that was ended': { token: ended, refusal: 'session_revoked' },
  }
})
afterAll(() => gateway.stop())

const cases = [
  'no token',
  'a text that is no token',
  'a secret key',
  'the publishable key',
  'an anon key in its JWT form',
  'a service key in its JWT form',
  'a token with another signature',
  'a token without a tenant',
  'a token of a session that was ended',
]

describe('a token whose time it is not', () => {
  const hourMs = 3_600_000
  it.each([
    ['has expired', 2 * hourMs, 'token_expired'],
    ['is from the future', -2 * hourMs, 'token_not_yet_valid'],
  ])('%s, as the gateway sees it', async (_what, clockOffsetMs, refusal) => {
    const other = await startTestGateway({ clockOffsetMs })
    const own = await other.signIn(0)
    const { status, body } = await other.get('/api/v1/jobs', own)
    expect({ status, body }).toMatchObject({ status: 401, body: { error: { code: refusal } } })
    const { ended: ending } = other.open('/ws/progress/any', own)
    expect(await ending).toEqual({ code: 1008, reason: refusal })
    await other.stop()
  })
})

describe('a refused credential', () => {
  it.each(cases)('is named on the socket, by header and by query: %s', async (name) => {
    const { token: bad, refusal } = refused[name]!
    for (const form of ['header', 'query'] as const) {
      const watcher = gateway.open(`/ws/progress/${job}`, bad, form)
      expect(await watcher.ended).toEqual({ code: 1008, reason: refusal })
      expect(watcher.frames).toEqual([])
    }
  })

  it.each(cases)('is a 401 with its word as code: %s', async (name) => {
    const { token: bad, refusal } = refused[name]!
    const paths = ['websocket/status?active_jobs=true', 'jobs', `jobs/${job}`, `jobs/${job}/events`]
    for (const path of paths) {
      const { status, body, headers } = await gateway.get(`/api/v1/${path}`, bad ?? undefined)
      expect({ path, status }).toEqual({ path, status: 401 })
      expect(body).toEqual({
        error: {
          code: refusal,
          message: expect.any(String) as string,
          ref: expect.any(String) as string,
        },
      })
      expect(headers.get('www-authenticate')).toContain('Bearer')
    }
  })

  it('is judged before the job is: nobody learns which ones exist', async () => {
    const watcher = gateway.open('/ws/progress/job_nowhere', ended)
    expect(await watcher.ended).toEqual({ code: 1008, reason: 'session_revoked' })
    const { status } = await gateway.get('/api/v1/jobs/job_nowhere', ended)
    expect(status).toBe(401)
  })

  it('takes the header over the query', async () => {
    const watcher = gateway.open(`/ws/progress/${job}?token=abc`, token)
    expect((await watcher.until(1))[0]?.type).toBe('snapshot')
    watcher.socket.terminate()
  })

  it('is in the audit log beside who was let in, and no token is anywhere', async () => {
    gateway.open(`/ws/progress/${job}`, await forge(token, {}), 'query')
    const watcher = gateway.open(`/ws/progress/${job}`, token, 'query')
    await watcher.until(1)
    await gateway.open('/ws/progress/job_nowhere', token).ended
    await gateway.gateway.close()
    const rows = await gateway.backend.database.query<Record<string, unknown>>(
      'select * from public.audit_log order by id',
    )
    expect(new Set(rows.map((row) => row.result))).toEqual(
      new Set([...Object.values(refused).map(({ refusal }) => refusal), 'accepted', 'job_unknown']),
    )
    const accepted = rows.find((row) => row.result === 'accepted')
    expect(accepted).toMatchObject({
      email: gateway.backend.users[0]!.email,
      tenant_ids: [gateway.tenantOf(0)],
      action: 'progress.connect',
      subject: job,
      remote_address: '127.0.0.1',
    })
    const written = JSON.stringify(rows) + gateway.logLines.join('\n')
    for (const secret of [token, ended, ...Object.values(refused).map((one) => one.token)]) {
      if (secret !== null && secret.length > 3) expect(written).not.toContain(secret.slice(-20))
    }
  })
})
