import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@supabase/supabase-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket as WsSocket } from 'ws'
import { isFinal, wireJobSchema, type WireJob } from '../../src/shared/job.ts'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { openSocket, type Frame } from '../support/gateway.ts'

/** The whole backend with its own jobs at work, met by supabase-js, `ws` and Node's WebSocket. */
let backend: TestBackend
let token: string

beforeAll(async () => {
  backend = await startTestBackend({ tuning: { work: { pace: 25 } } })
  const client = createClient(backend.supabaseUrl, backend.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: WsSocket as never },
  })
  const { email, password } = backend.users[0]!
  const { data, error } = await client.auth.signInWithPassword({ email, password })
  expect(error).toBeNull()
  token = data.session!.access_token
})
afterAll(() => backend.stop())

interface Status {
  readonly tenant_ids: string[]
  readonly active_jobs: WireJob[]
}

async function discover(): Promise<Status> {
  const response = await fetch(`${backend.gatewayUrl}/api/v1/websocket/status?active_jobs=true`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(response.status).toBe(200)
  return (await response.json()) as Status
}

async function activeJob(): Promise<WireJob> {
  for (;;) {
    const job = (await discover()).active_jobs.find((one) => one.status === 'running')
    if (job !== undefined) return job
    // Between two jobs there are seconds, and requests are counted.
    await pause(100)
  }
}

async function finishedJob(kind: string): Promise<WireJob> {
  for (;;) {
    const response = await fetch(`${backend.gatewayUrl}/api/v1/jobs?status=succeeded,failed`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(response.status).toBe(200)
    const { jobs } = (await response.json()) as { jobs: WireJob[] }
    const job = jobs.find((one) => one.kind === kind)
    if (job !== undefined) return job
    await pause(100)
  }
}

/** What a client knows after every frame, put together as the protocol says. */
function playBack(frames: readonly Frame[]): WireJob {
  let job: WireJob | null = null
  for (const frame of frames) {
    if (frame.job !== undefined) {
      job = frame.job
      continue
    }
    const { type, job_id, job_name, ...changes } = frame
    expect({ type, job_id, job_name }).toEqual({
      type: 'progress',
      job_id: job?.id,
      job_name: job?.name,
    })
    job = { ...job!, ...changes }
  }
  return job!
}

async function row(id: string): Promise<WireJob> {
  const [found] = await backend.database.query<{ job: WireJob }>(
    'select public.job_wire(j) as job from public.jobs j where id = $1',
    [id],
  )
  return found!.job
}

describe('a client from elsewhere', () => {
  it('discovers jobs in the agreed shape, of the tenant in its token alone', async () => {
    const { tenant_ids: tenantIds, active_jobs: jobs } = await discover()
    expect(tenantIds).toEqual([backend.users[0]!.tenantId])
    expect(jobs.length).toBeGreaterThan(0)
    for (const job of jobs) {
      expect(wireJobSchema.parse(job)).toEqual(job)
      expect(job.tenant_id).toBe(tenantIds[0])
    }
  })

  it.each(['header', 'query'] as const)(
    'watches a job at work to its end with ws, the token in the %s',
    async (form) => {
      const job = await activeJob()
      const url = `${backend.gatewayUrl}/ws/progress/${encodeURIComponent(job.id)}`
      const { frames, ended } = openSocket(url, token, form)
      expect(await ended).toEqual({ code: 1000, reason: 'finished' })
      expect(frames.at(-1)?.type).toBe('finished')
      const last = playBack(frames)
      expect(isFinal(last.status)).toBe(true)
      expect(last).toEqual(await row(job.id))
      // The state before the last frame is what the changes make of the snapshot.
      expect(playBack(frames.slice(0, -1)).id).toBe(job.id)
    },
  )

  it('watches with the WebSocket that browsers have, which knows no headers', async () => {
    const job = await activeJob()
    const origin = backend.gatewayUrl.replace('http', 'ws')
    const address = `${origin}/ws/progress/${job.id}?token=${encodeURIComponent(token)}`
    const socket = new globalThis.WebSocket(address)
    const frames: Frame[] = []
    socket.addEventListener('message', ({ data }) => {
      frames.push(JSON.parse(String(data)) as Frame)
    })
    const code = await new Promise((resolve) => {
      socket.addEventListener('close', (event) => resolve(event.code))
    })
    expect(code).toBe(1000)
    expect(playBack(frames)).toEqual(await row(job.id))
  })

  it('reads why it was refused', async () => {
    const job = await activeJob()
    const url = `${backend.gatewayUrl}/ws/progress/${job.id}`
    const { ended } = openSocket(url, backend.publishableKey, 'query')
    expect(await ended).toEqual({ code: 1008, reason: 'token_wrong_kind' })
  })

  it('reads the record of a job page by page', async () => {
    // A translation is queued in other words.
    const job = await finishedJob('ETL')
    const events = await fetch(`${backend.gatewayUrl}/api/v1/jobs/${job.id}/events?limit=3`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const body = (await events.json()) as { events: { text: string }[]; next_cursor: string }
    expect(body.events.map((event) => event.text).slice(0, 2)).toEqual([
      'Queued by schedule',
      'Started',
    ])
    expect(body.next_cursor).not.toBeNull()
  })
})
