import { RealtimeClient, type RealtimeChannel } from '@supabase/realtime-js'
import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { until } from '../support/until.ts'

const jwtSecret = 'a secret of the tests alone, 32 bytes long'
let backend: TestBackend
const clients: RealtimeClient[] = []
/** Every socket that a client made, to be cut. */
const sockets: WebSocket[] = []

class CutableSocket extends WebSocket {
  constructor(...args: ConstructorParameters<typeof WebSocket>) {
    super(...args)
    sockets.push(this)
  }
}

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    auth: { jwtSecret },
    realtime: { limits: { joinErrorDelayMs: 0, handshakeDelayMs: 0 } },
  })
  await backend.database.query(`
    create table public.notes (id int primary key, tenant text, text text);
    alter table public.notes enable row level security;
    create policy own on public.notes for select to authenticated
      using (tenant = auth.jwt() ->> 'tenant');
    alter publication supabase_realtime add table public.notes;
  `)
})
afterEach(async () => {
  for (const client of clients.splice(0)) {
    await client.removeAllChannels()
    await client.disconnect()
  }
  for (const socket of sockets.splice(0)) socket.terminate()
})
afterAll(() => backend.stop())

const tokenOf = (tenant: string, seconds = 600): Promise<string> =>
  new SignJWT({
    role: 'authenticated',
    tenant,
    exp: Math.floor(Date.now() / 1_000) + seconds,
  })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(jwtSecret))

interface Watched {
  readonly channel: RealtimeChannel
  readonly statuses: string[]
  readonly errors: string[]
  readonly system: { readonly status: string; readonly message: string }[]
}

/** Subscribes, and keeps what the callbacks were told. */
function watch(channel: RealtimeChannel): Watched {
  const watched: Watched = { channel, statuses: [], errors: [], system: [] }
  channel.on('system', {}, (told: Watched['system'][number]) => void watched.system.push(told))
  channel.subscribe((status, error) => {
    watched.statuses.push(status)
    if (error !== undefined) watched.errors.push(error.message)
  })
  return watched
}

async function joined(channel: RealtimeChannel): Promise<Watched> {
  const watched = watch(channel)
  await until('it is subscribed', () => watched.statuses.includes('SUBSCRIBED'))
  return watched
}

async function active(channel: RealtimeChannel): Promise<Watched> {
  const watched = await joined(channel)
  const ok = (): boolean => watched.system.some(({ status }) => status === 'ok')
  await until('its changes are active', ok)
  return watched
}

const sql = (text: string) => backend.database.query(text)

describe.each(['1.0.0', '2.0.0'])('realtime-js with vsn %s', (vsn) => {
  function connect(key = backend.publishableKey, more: object = {}): RealtimeClient {
    const client = new RealtimeClient(`${backend.supabaseUrl.replace('http', 'ws')}/realtime/v1`, {
      params: { apikey: key },
      transport: CutableSocket as never,
      vsn,
      ...more,
    })
    clients.push(client)
    return client
  }

  async function as(tenant: string, seconds?: number): Promise<RealtimeClient> {
    const client = connect()
    await client.setAuth(await tokenOf(tenant, seconds))
    return client
  }

  it('subscribes and unsubscribes', async () => {
    const client = connect()
    const { channel, statuses } = await joined(client.channel('one'))
    expect(await channel.unsubscribe()).toBe('ok')
    expect(statuses).toEqual(['SUBSCRIBED', 'CLOSED'])
    expect(client.getChannels()).toEqual([])
  })

  it('hears inserts, updates and deletes of its own tenant, as far as its filter goes', async () => {
    await sql('truncate public.notes')
    const told: Record<string, unknown[]> = { acme: [], borealis: [], filtered: [] }
    for (const tenant of ['acme', 'borealis']) {
      const channel = (await as(tenant)).channel(`notes of ${tenant}`)
      channel.on('postgres_changes', { event: '*', schema: 'public', table: 'notes' }, (change) =>
        told[tenant]!.push([change.eventType, change.new, change.old]),
      )
      const filter = {
        event: 'UPDATE',
        schema: 'public',
        table: 'notes',
        filter: 'id=eq.2',
      } as const
      if (tenant === 'acme') {
        channel.on('postgres_changes', filter, (change) => told.filtered!.push(change.new))
      }
      await active(channel)
    }
    await sql(
      `insert into public.notes values (1, 'acme', 'a'), (2, 'acme', 'b'), (3, 'borealis', 'c')`,
    )
    await until('they are told', () => told.acme!.length === 2 && told.borealis!.length === 1)
    await sql(`update public.notes set text = 'd' where tenant = 'acme'`)
    await until('the updates are told', () => told.acme!.length === 4)
    await sql('delete from public.notes where id = 1')
    await until('the delete is told', () => told.acme!.length === 5)
    expect(told.acme).toEqual([
      ['INSERT', { id: 1, tenant: 'acme', text: 'a' }, {}],
      ['INSERT', { id: 2, tenant: 'acme', text: 'b' }, {}],
      ['UPDATE', { id: 1, tenant: 'acme', text: 'd' }, { id: 1 }],
      ['UPDATE', { id: 2, tenant: 'acme', text: 'd' }, { id: 2 }],
      ['DELETE', {}, { id: 1 }],
    ])
    expect(told.filtered).toEqual([{ id: 2, tenant: 'acme', text: 'd' }])
    expect(told.borealis![0]).toEqual(['INSERT', { id: 3, tenant: 'borealis', text: 'c' }, {}])
  })

  it.each([
    [{ table: 'nowhere' }, /^Unable to subscribe to changes with given parameters/],
    [{ table: 'notes', filter: 'id' }, /^Error parsing `filter` params/],
    [{ table: 'notes', filter: 'nothing=eq.1' }, /./],
  ])('is told of wrong changes: %o', async (wrong, message) => {
    const channel = (await as('acme')).channel('wrong')
    const asked = { event: '*', schema: 'public', ...wrong } as const
    const watched = await joined(channel.on('postgres_changes', asked, () => undefined))
    await until('it is told', () => watched.system.length > 0)
    expect(watched.system[0]).toMatchObject({ status: 'error' })
    expect(watched.system[0]?.message).toMatch(message)
    expect(watched.statuses).toEqual(['SUBSCRIBED'])
  })

  it('broadcasts to others, and to itself when it asks for that', async () => {
    const heard: Record<string, unknown[]> = { sender: [], self: [], other: [] }
    const member = async (name: string, self: boolean): Promise<RealtimeChannel> => {
      const channel = connect().channel('room', { config: { broadcast: { self, ack: true } } })
      channel.on('broadcast', { event: 'said' }, ({ payload }) => heard[name]!.push(payload))
      return (await joined(channel)).channel
    }
    const sender = await member('sender', false)
    const self = await member('self', true)
    await member('other', false)
    const say = (payload: object) => ({ type: 'broadcast', event: 'said', payload }) as const
    expect(await sender.send(say({ n: 1, text: 'ä😀' }))).toBe('ok')
    expect(await self.send(say({ n: 2 }))).toBe('ok')
    await until('all have heard', () => heard.other!.length === 2 && heard.self!.length === 2)
    expect(heard.other).toEqual([{ n: 1, text: 'ä😀' }, { n: 2 }])
    expect(heard.self).toEqual(heard.other)
    expect(heard.sender).toEqual([{ n: 2 }])
  })

  it('broadcasts over HTTP, before it has subscribed', async () => {
    const heard: unknown[] = []
    const channel = connect().channel('by http')
    await joined(channel.on('broadcast', { event: 'e' }, ({ payload }) => heard.push(payload)))
    const outside = connect().channel('by http')
    expect(await outside.httpSend('e', { n: 1 })).toEqual({ success: true })
    await until('it is heard', () => heard.length === 1)
    expect(heard).toEqual([{ n: 1 }])
  })

  it('sees who is there: joins, changes and leaves of another', async () => {
    const enter = async (key: string) => {
      const channel = connect().channel('lobby', { config: { presence: { key } } })
      const seen = { joined: [] as string[], left: [] as string[] }
      channel.on('presence', { event: 'join' }, ({ key: who }) => seen.joined.push(who))
      channel.on('presence', { event: 'leave' }, ({ key: who }) => seen.left.push(who))
      await joined(channel)
      return { channel, seen }
    }
    const [one, two] = [await enter('one'), await enter('two')]
    const moods = () =>
      Object.fromEntries(
        Object.entries(one.channel.presenceState<{ mood: string }>()).map(([key, metas]) => [
          key,
          metas.map(({ mood }) => mood),
        ]),
      )
    expect(await one.channel.track({ mood: 'calm' })).toBe('ok')
    expect(await two.channel.track({ mood: 'glad' })).toBe('ok')
    await until('both are seen', () => Object.keys(moods()).length === 2)
    expect(moods()).toEqual({ one: ['calm'], two: ['glad'] })
    await two.channel.track({ mood: 'sad' })
    await until('the change is seen', () => moods().two?.[0] === 'sad')
    expect(moods().two).toEqual(['sad'])
    expect(await two.channel.untrack()).toBe('ok')
    await until('the leave is seen', () => one.seen.left.includes('two'))
    await two.channel.track({ mood: 'back' })
    await until('it is back', () => moods().two?.[0] === 'back')
    sockets[1]?.terminate()
    await until('the cut is seen', () => moods().two === undefined)
    expect(Object.keys(moods())).toEqual(['one'])
  })

  it('shows who was there before', async () => {
    const early = connect().channel('before', { config: { presence: { key: 'early' } } })
    await joined(early)
    await early.track({})
    const late = connect().channel('before')
    let synced = false
    late.on('presence', { event: 'sync' }, () => (synced = true))
    await joined(late)
    await until('it is in sync', () => synced)
    expect(Object.keys(late.presenceState())).toEqual(['early'])
  })

  it('changes its rights with a token that comes after the subscription', async () => {
    await sql('truncate public.notes')
    const told: unknown[] = []
    const client = await as('borealis')
    const channel = client.channel('later')
    const notes = { event: 'INSERT', schema: 'public', table: 'notes' } as const
    const watched = await active(
      channel.on('postgres_changes', notes, (change) => told.push(change.new.id)),
    )
    await client.setAuth(await tokenOf('acme'))
    await until('it is subscribed again', () => watched.system.length === 2)
    await sql(`insert into public.notes values (1, 'borealis', ''), (2, 'acme', '')`)
    await until('one is told', () => told.length > 0)
    expect(told).toEqual([2])
  })

  it('is closed for good when its token expires', async () => {
    const { statuses, system } = await joined((await as('acme', 2)).channel('short'))
    await until('it is closed', () => statuses.includes('CLOSED'))
    expect(statuses).toEqual(['SUBSCRIBED', 'CLOSED'])
    expect(system.at(-1)).toMatchObject({
      status: 'error',
      message: expect.stringMatching(/^Token has expired \d+ seconds ago$/) as unknown,
    })
  })

  it('is told why a join is refused, and tries again', async () => {
    const client = connect()
    await client.setAuth(await tokenOf('acme', -5))
    const { statuses, errors } = watch(client.channel('refused'))
    await until('it has tried twice', () => errors.length >= 2)
    expect(statuses.every((status) => status === 'CHANNEL_ERROR')).toBe(true)
    expect(errors[0]).toMatch(/^InvalidJWTToken: Token has expired \d+ seconds ago/)
    await client.setAuth(await tokenOf('acme'))
    await until('it is in', () => statuses.includes('SUBSCRIBED'))
  })

  it('does not come in with a wrong key', async () => {
    const { statuses } = watch(connect('sb_publishable_wrong').channel('no'))
    await until('it is refused', () => statuses.includes('CHANNEL_ERROR'))
    expect(statuses).not.toContain('SUBSCRIBED')
  })

  it('has its heartbeats answered', async () => {
    const beats: string[] = []
    const client = connect(undefined, { heartbeatIntervalMs: 50 })
    client.onHeartbeat((status) => beats.push(status))
    await joined(client.channel('beating'))
    await until('three are answered', () => beats.filter((status) => status === 'ok').length >= 3)
    expect(beats).not.toContain('timeout')
  })

  it('comes back after a cut, and hears again', async () => {
    const told: unknown[] = []
    const channel = (await as('acme')).channel('cut')
    const notes = { event: 'INSERT', schema: 'public', table: 'notes' } as const
    const watched = await active(
      channel.on('postgres_changes', notes, (change) => told.push(change.new.id)),
    )
    sockets.at(-1)?.terminate()
    await until('it is subscribed again', () => watched.system.length === 2)
    expect(watched.statuses).toEqual(['SUBSCRIBED', 'CHANNEL_ERROR', 'SUBSCRIBED'])
    await sql(`truncate public.notes; insert into public.notes values (77, 'acme', '')`)
    await until('it is told', () => told.length > 0)
    expect(told).toEqual([77])
  })

  it('gets the same channel for a topic, and a new one once that is removed', async () => {
    const client = connect()
    const first = client.channel('topic')
    expect(client.channel('topic')).toBe(first)
    await joined(first)
    expect(await client.removeChannel(first)).toBe('ok')
    const second = client.channel('topic')
    expect(second).not.toBe(first)
    await joined(second)
  })
})
