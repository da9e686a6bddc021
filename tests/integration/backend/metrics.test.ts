import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { openSocket } from '../../support/gateway.ts'
import { untilAsked } from '../../support/until.ts'

let backend: TestBackend
beforeAll(async () => {
  backend = await startTestBackend({ tuning: { work: { scheduled: false } } })
})
afterAll(() => backend.stop())

const look = async (): Promise<string> => (await fetch(`${backend.gatewayUrl}/metrics`)).text()

it('says how many sockets there are, why credentials were refused, and how work is heard of', async () => {
  const refused = openSocket(`${backend.gatewayUrl}/ws`, 'not.a.token')
  expect(await refused.ended).toMatchObject({ code: 1008, reason: 'token_malformed' })
  const canary = 'eyJhbGciOiJIUzI1NiJ9.CANARY-token-in-a-query.x'
  await openSocket(`${backend.gatewayUrl}/ws`, canary, 'query').ended
  const token = await signIn()
  const stream = openSocket(`${backend.gatewayUrl}/ws`, token)
  await stream.until(1)
  await untilAsked('Realtime is up', async () =>
    (await look()).includes('signalbox_translation_over_realtime 1'),
  )
  const text = await look()
  expect(text).toContain('signalbox_sockets{kind="stream"} 1')
  expect(text).toContain('signalbox_sockets{kind="progress"} 0')
  expect(text).toContain('signalbox_credentials_refused_total{reason="token_malformed"} 2')
  expect(text).toContain('signalbox_database_up 1')
  expect(text).toContain('signalbox_realtime_connections 1')
  expect(text).toMatch(
    /signalbox_http_request_duration_seconds_count\{[^}]*route="\/auth\/v1\/token"/,
  )
  expect(text).not.toContain('CANARY')
  expect(text).not.toContain(token)
  stream.socket.terminate()
})

async function signIn(): Promise<string> {
  const { email, password } = backend.users[0]!
  const answer = await fetch(`${backend.supabaseUrl}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: backend.publishableKey, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}
