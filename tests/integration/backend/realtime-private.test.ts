import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { RealtimeSocket } from '../../support/realtime-socket.ts'
import { until } from '../../support/until.ts'

const jwtSecret = 'a secret of the tests alone, 32 bytes long'
let backend: TestBackend
const open: RealtimeSocket[] = []

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    auth: { jwtSecret },
    realtime: { limits: { joinErrorDelayMs: 0 } },
  })
  await backend.database.query(`
    create policy read_own on realtime.messages for select to authenticated
      using (realtime.topic() = 'of-' || (auth.jwt() ->> 'tenant'));
    create policy write_as_admin on realtime.messages for insert to authenticated
      with check (
        realtime.topic() = 'of-' || (auth.jwt() ->> 'tenant') and auth.jwt() ->> 'rank' = 'admin'
      );
    create policy breaks on realtime.messages for select to authenticated
      using (
        case when realtime.topic() = 'broken' then 1 / (length(realtime.topic()) - 6) = 1 end
      );
  `)
})
afterEach(() => {
  for (const { socket } of open.splice(0)) socket.terminate()
})
afterAll(() => backend.stop())

async function connect() {
  const socket = await RealtimeSocket.open(backend)
  open.push(socket)
  return socket
}

const token = (tenant: string, rank = 'member'): Promise<string> =>
  new SignJWT({ role: 'authenticated', tenant, rank, exp: Math.floor(Date.now() / 1_000) + 600 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(jwtSecret))
const secret = { private: true, broadcast: { ack: true } }

describe('a private channel', () => {
  it('lets in whom a policy lets read', async () => {
    const socket = await connect()
    expect((await socket.join('of-acme', secret, await token('acme'))).status).toBe('ok')
  })

  it.each([
    ['of another tenant', 'of-other'],
    ['where the policy fails', 'broken'],
    ['with a name made to break out', `of-acme' or 'a'='a`],
  ])('%s is refused', async (_, topic) => {
    const socket = await connect()
    expect(await socket.join(topic, secret, await token('acme'))).toEqual({
      status: 'error',
      response: {
        reason: `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`,
      },
    })
  })

  it('refuses the publishable key', async () => {
    const socket = await connect()
    expect((await socket.join('of-acme', secret)).status).toBe('error')
  })

  it('takes broadcasts only from whom a policy lets write', async () => {
    const [admin, member] = [await connect(), await connect()]
    await admin.join('of-acme', secret, await token('acme', 'admin'))
    await member.join('of-acme', secret, await token('acme'))
    member.send('realtime:of-acme', 'broadcast', { event: 'forbidden' }, '1')
    const track = { event: 'track', payload: { a: 1 } }
    expect((await member.call('realtime:of-acme', 'presence', track, '1')).status).toBe('error')
    const said = { event: 'allowed' }
    expect((await admin.call('realtime:of-acme', 'broadcast', said, '1')).status).toBe('ok')
    const heard = await member.hear('a broadcast', ({ event }) => event === 'broadcast')
    expect(heard.payload).toEqual(said)
    expect(admin.heard.some(({ event }) => event === 'broadcast')).toBe(false)
  })

  it('is another topic than the public one of its name', async () => {
    const [inside, outside] = [await connect(), await connect()]
    await inside.join('of-acme', secret, await token('acme', 'admin'))
    await outside.join('of-acme', { broadcast: { ack: true, self: true } })
    await inside.call('realtime:of-acme', 'broadcast', { event: 'secret' }, '1')
    await outside.call('realtime:of-acme', 'broadcast', { event: 'open' }, '1')
    await until('the own one is back', () =>
      outside.heard.some(({ event }) => event === 'broadcast'),
    )
    const heard = outside.heard.filter(({ event }) => event === 'broadcast')
    expect(heard.map(({ payload }) => payload.event)).toEqual(['open'])
    expect(inside.heard.some(({ event }) => event === 'broadcast')).toBe(false)
  })

  it('closes when the next token may not read it', async () => {
    const socket = await connect()
    await socket.join('of-acme', secret, await token('acme'))
    const next = { access_token: await token('other') }
    socket.send('realtime:of-acme', 'access_token', next, '1')
    await socket.system('You do not have permissions to read from this Channel topic: of-acme')
    await socket.hear('the channel closes', ({ event }) => event === 'phx_close')
  })

  it('hears what the database sends to it, and leaves nothing behind when it asks', async () => {
    const socket = await connect()
    await socket.join('of-acme', secret, await token('acme'))
    const count = async () =>
      (await backend.database.query('select 1 from realtime.messages')).length
    const before = await count()
    await backend.database.query(`select realtime.send('{"n":1}', 'told', 'of-acme')`)
    await socket.hear('a broadcast', ({ event }) => event === 'broadcast')
    expect(await count()).toBe(before + 1)
  })

  it('hears of changed rows through realtime.broadcast_changes', async () => {
    const socket = await connect()
    await socket.join('of-acme', secret, await token('acme'))
    await backend.database.query(`
      create table public.told (id int primary key);
      create function public.tell() returns trigger language plpgsql as $$
      begin
        perform realtime.broadcast_changes(
          'of-acme', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
        return null;
      end $$;
      create trigger tell after insert on public.told for each row execute function public.tell();
      insert into public.told values (7);
    `)
    const heard = await socket.hear('a broadcast', ({ event }) => event === 'broadcast')
    expect(heard.payload).toMatchObject({
      event: 'INSERT',
      payload: { operation: 'INSERT', schema: 'public', table: 'told', record: { id: 7 } },
    })
  })
})

describe('broadcasts over HTTP', () => {
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${backend.supabaseUrl}/realtime/v1/api/broadcast${path}`, {
      method: 'POST',
      headers: {
        apikey: backend.publishableKey,
        'content-type': 'application/json',
        ...headers,
      },
      body: body instanceof Buffer ? new Uint8Array(body) : JSON.stringify(body),
    })

  it('reach the channel, one and many', async () => {
    const socket = await connect()
    await socket.join('web')
    expect((await post('/web/events/one', { n: 1 })).status).toBe(202)
    await until('it came as bytes', () => socket.binary.length === 1)
    expect(socket.binary[0]!.toString()).toContain('{"n":1}')
    const messages = [1, 2].map((n) => ({ topic: 'web', event: 'many', payload: { n } }))
    expect((await post('', { messages })).status).toBe(202)
    const heard = () => socket.heard.filter(({ event }) => event === 'broadcast')
    await until('both came', () => heard().length === 2)
    expect(heard().map(({ payload }) => payload)).toEqual(
      [1, 2].map((n) => ({ type: 'broadcast', event: 'many', payload: { n } })),
    )
  })

  it('may be bytes', async () => {
    const socket = await connect()
    await socket.join('web')
    const type = { 'content-type': 'application/octet-stream' }
    expect((await post('/web/events/bytes', Buffer.from([0, 255]), type)).status).toBe(202)
    await until('it came', () => socket.binary.length === 1)
    expect([...socket.binary[0]!.subarray(-2)]).toEqual([0, 255])
  })

  it('need the right to write to a private topic', async () => {
    const as = async (rank: string) => ({ authorization: `Bearer ${await token('acme', rank)}` })
    const path = '/of-acme/events/e?private=true'
    expect((await post(path, {}, await as('member'))).status).toBe(403)
    expect((await post(path, {}, await as('admin'))).status).toBe(202)
    expect((await post(path, {}, { apikey: backend.secretKey })).status).toBe(202)
  })

  it('name the field that is wrong', async () => {
    const wrong = await post('', { messages: [{ topic: 'web', event: 'e' }] })
    expect(wrong.status).toBe(422)
    expect(Object.keys(((await wrong.json()) as { errors: object }).errors)).toEqual([
      'messages.0.payload',
    ])
    expect((await post('', [])).status).toBe(422)
    expect((await post(`/web/events/${'e'.repeat(256)}`, {})).status).toBe(422)
    expect((await post('', '{', { 'content-type': 'application/xml' })).status).toBe(415)
  })

  it('are refused without a key, and with a wrong one', async () => {
    for (const apikey of ['', 'sb_publishable_wrong', 'a.b.c']) {
      const answer = await post('', { messages: [] }, { apikey })
      expect([answer.status, await answer.json()]).toEqual([401, { message: 'Unauthorized' }])
    }
  })
})
