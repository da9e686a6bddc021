import { createClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket as WsSocket } from 'ws'
import { wireJobSchema, type WireJob } from '../../src/shared/job.ts'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { BridgeCaller } from '../support/bridge-caller.ts'
import { connectIo, type IoClient } from '../support/socketio-client.ts'
import { until } from '../support/until.ts'

/** The whole backend with workers, met by supabase-js and the Socket.IO client, as a page does. */
let backend: TestBackend
let token: string
let client: IoClient

beforeAll(async () => {
  // Slow enough to be caught at work.
  backend = await startTestBackend({ tuning: { work: { pace: 3, scheduled: false } } })
  const supabase = createClient(backend.supabaseUrl, backend.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: WsSocket as never },
  })
  const { email, password } = backend.users[0]!
  const { data } = await supabase.auth.signInWithPassword({ email, password })
  token = data.session!.access_token
  const page = new BridgeCaller(backend.gatewayUrl)
  await page.bridge(token, { origin: backend.gatewayUrl })
  client = connectIo(backend.gatewayUrl, {
    extraHeaders: { cookie: page.cookie, origin: backend.gatewayUrl },
  })
  await until('it is greeted', () => client.snapshots.length > 0)
})
afterAll(async () => {
  client.socket.disconnect()
  await backend.stop()
})

async function post(path: string, body?: object): Promise<WireJob> {
  const headers = { authorization: `Bearer ${token}`, 'idempotency-key': crypto.randomUUID() }
  const response = await fetch(`${backend.gatewayUrl}/api/v1/jobs${path}`, {
    method: 'POST',
    ...(body === undefined
      ? { headers }
      : {
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
  })
  expect(response.ok).toBe(true)
  return wireJobSchema.parse(await response.json())
}

const told = (id: string, fits: (job: WireJob) => boolean): Promise<void> =>
  until('the change is told', () => client.events.some(({ job }) => job.id === id && fits(job)))

const rowsOf = async (id: string): Promise<number> =>
  (
    await backend.database.query('select from demo.carrier_rates where run_id = $1', [
      `carrier-rates/${id}`,
    ])
  ).length

const rates = { input: { recipe: 'carrier-rates', file: 'carrier-rates.csv' } }

describe('a job that a page asks for', () => {
  it('is worked on, can be cancelled while rows are loaded, and then has loaded none', async () => {
    const { id } = await post('', rates)
    await told(id, (job) => job.step?.label === 'Load' && job.progress > 62)
    expect(await rowsOf(id)).toBeGreaterThan(0)
    const askedMs = performance.now()
    const cancelled = await post(`/${id}/cancel`)
    await told(id, (job) => job.status === 'cancelled')
    expect(performance.now() - askedMs).toBeLessThan(2_000)
    expect(cancelled.status).toBe('cancelled')
    expect(await rowsOf(id)).toBe(0)

    const again = await post(`/${id}/retry`)
    expect(again).toMatchObject({ status: 'queued', attempt: 2 })
    // The worker of the first attempt has long found out that the job is not its own any more.
    await told(id, (job) => job.attempt === 2 && job.step?.label === 'Load' && job.progress > 62)
    expect(await rowsOf(id)).toBeGreaterThan(0)
    await post(`/${id}/cancel`)
    expect(await rowsOf(id)).toBe(0)
    const first = client.events.filter(({ job }) => job.id === id && job.attempt === 1)
    expect(first.at(-1)?.job.status).toBe('cancelled')
  })

  it('may be a translation', async () => {
    const { id, kind } = await post('', {
      input: { document: 'delivery-notes-de.csv', source_language: 'de', target_language: 'en' },
    })
    expect(kind).toBe('Translation')
    await told(id, (job) => job.status === 'running')
    await post(`/${id}/cancel`)
    await told(id, (job) => job.status === 'cancelled')
    const [row] = await backend.database.query(
      'select status from public.translation_jobs where id = $1',
      [id],
    )
    expect(row).toEqual({ status: 'cancelled' })
  })
})
