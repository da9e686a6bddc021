import { createClient, type RealtimeChannel, type SupabaseClient } from '@supabase/supabase-js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { until } from '../support/until.ts'

let backend: TestBackend
const clients: SupabaseClient[] = []

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    realtime: { limits: { joinErrorDelayMs: 0, handshakeDelayMs: 0 } },
  })
  await backend.database.query(`
    create policy tenants_read on realtime.messages for select to authenticated
      using (realtime.topic() = any ((select public.caller_tenants())::text[]));
    create policy tenants_write on realtime.messages for insert to authenticated
      with check (realtime.topic() = any ((select public.caller_tenants())::text[]));
  `)
})
afterEach(async () => {
  for (const client of clients.splice(0)) {
    await client.removeAllChannels()
    await client.auth.dispose()
  }
})
afterAll(() => backend.stop())

function connect(key = backend.publishableKey): SupabaseClient {
  const client = createClient(backend.supabaseUrl, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    realtime: { transport: WebSocket as never },
  })
  clients.push(client)
  return client
}

async function signedIn(nth = 0): Promise<SupabaseClient> {
  const client = connect()
  const { email, password } = backend.users[nth]!
  expect((await client.auth.signInWithPassword({ email, password })).error).toBeNull()
  return client
}

function watch(channel: RealtimeChannel) {
  const watched = { statuses: [] as string[], errors: [] as string[], system: [] as string[] }
  channel.on('system', {}, ({ message }: { message: string }) => watched.system.push(message))
  channel.subscribe((status, error) => {
    watched.statuses.push(status)
    if (error !== undefined) watched.errors.push(error.message)
  })
  return watched
}

const insertJob = (id: string, tenant: string) =>
  backend.database.query(
    `insert into public.jobs (id, name, kind, tenant_id, queue) values ($1, $1, 'k', $2, 'none')`,
    [id, tenant],
  )

describe('supabase-js', () => {
  it('hears the jobs of its own tenant only', async () => {
    const told: Record<string, unknown[]> = { acme: [], borealis: [] }
    for (const [name, nth] of [
      ['acme', 0],
      ['borealis', 2],
    ] as const) {
      const channel = (await signedIn(nth)).channel(`jobs of ${name}`)
      const jobs = { event: 'INSERT', schema: 'public', table: 'jobs' } as const
      channel.on('postgres_changes', jobs, ({ new: job }) => told[name]!.push(job.id))
      const { system } = watch(channel)
      await until('it is active', () => system.includes('Subscribed to PostgreSQL'))
    }
    await insertJob('a-1', 'acme-freight')
    await insertJob('b-1', 'borealis-health')
    await insertJob('a-2', 'acme-freight')
    await until('they are told', () => told.acme!.length === 2 && told.borealis!.length === 1)
    expect(told).toEqual({ acme: ['a-1', 'a-2'], borealis: ['b-1'] })
  })

  it('hears every tenant’s with the secret key, as a job processor does', async () => {
    const told: unknown[] = []
    const channel = connect(backend.secretKey).channel('processor')
    const jobs = { event: 'INSERT', schema: 'public', table: 'jobs' } as const
    channel.on('postgres_changes', jobs, ({ new: job }) => told.push(job.id))
    const { system } = watch(channel)
    await until('it is active', () => system.includes('Subscribed to PostgreSQL'))
    await insertJob('p-1', 'acme-freight')
    await insertJob('p-2', 'borealis-health')
    await until('both are told', () => told.length === 2)
    expect(told).toEqual(['p-1', 'p-2'])
  })

  it('talks on its tenant’s private channel, and not on another’s', async () => {
    const heard: unknown[] = []
    const inside = { config: { private: true, broadcast: { ack: true } } }
    const listener = (await signedIn(1)).channel('acme-freight', inside)
    listener.on('broadcast', { event: 'e' }, ({ payload }) => heard.push(payload))
    const speaker = (await signedIn(0)).channel('acme-freight', inside)
    const statuses = [watch(listener), watch(speaker)]
    await until('both are in', () => statuses.every((one) => one.statuses[0] === 'SUBSCRIBED'))
    expect(await speaker.send({ type: 'broadcast', event: 'e', payload: { n: 1 } })).toBe('ok')
    await until('it is heard', () => heard.length === 1)

    const stranger = watch((await signedIn(2)).channel('acme-freight', inside))
    await until('it is refused', () => stranger.errors.length > 0)
    expect(stranger.errors[0]).toContain(
      'You do not have permissions to read from this Channel topic: acme-freight',
    )
  })

  it('loses its channels within a second when the session is ended elsewhere', async () => {
    const client = await signedIn(0)
    const watched = watch(client.channel('until the end'))
    await until('it is in', () => watched.statuses.includes('SUBSCRIBED'))
    const other = await signedIn(0)
    await other.auth.signOut({ scope: 'others' })
    await until('it is closed', () => watched.statuses.includes('CLOSED'))
    expect(watched.system.at(-1)).toMatch(/^session_revoked/)
  })

  it('removes all channels at once', async () => {
    const client = await signedIn(0)
    const watched = ['a', 'b', 'c'].map((name) => watch(client.channel(name)))
    await until('all are in', () => watched.every(({ statuses }) => statuses.length === 1))
    expect(await client.removeAllChannels()).toEqual(['ok', 'ok', 'ok'])
    expect(client.getChannels()).toEqual([])
    expect(watched.map(({ statuses }) => statuses.at(-1))).toEqual(['CLOSED', 'CLOSED', 'CLOSED'])
  })

  it('keeps its secrets out of the log', async () => {
    const client = await signedIn(0)
    const { data } = await client.auth.getSession()
    const log = backend.logLines.join('\n')
    expect(log).not.toContain(data.session?.access_token)
    expect(log).not.toContain(backend.publishableKey)
    expect(log).not.toContain(backend.secretKey)
  })
})
