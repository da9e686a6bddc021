import { once } from 'node:events'
import { SignJWT, type JWTPayload } from 'jose'
import WebSocket from 'ws'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { encodePush, RealtimeSocket } from '../../support/realtime-socket.ts'
import { until } from '../../support/until.ts'

const jwtSecret = 'a secret of the tests alone, 32 bytes long'
let backend: TestBackend
const open: RealtimeSocket[] = []

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    auth: { jwtSecret },
    realtime: { limits: { joinErrorDelayMs: 0, handshakeDelayMs: 0 } },
  })
})
afterEach(() => {
  for (const { socket } of open.splice(0)) socket.terminate()
})
afterAll(() => backend.stop())

async function connect(options: Parameters<typeof RealtimeSocket.open>[1] = {}, to = backend) {
  const socket = await RealtimeSocket.open(to, options)
  open.push(socket)
  return socket
}

const sign = (claims: JWTPayload, secret = jwtSecret): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds
const person = (seconds = 600, more: JWTPayload = {}): Promise<string> =>
  sign({ role: 'authenticated', sub: 'a', exp: inSeconds(seconds), ...more })

describe('the handshake', () => {
  async function refusal(query: string, headers: Record<string, string> = {}) {
    const url = `${backend.supabaseUrl.replace('http', 'ws')}/realtime/v1/${query}`
    const socket = new WebSocket(url, { headers })
    socket.on('error', () => undefined)
    const [, response] = (await once(socket, 'unexpected-response')) as [
      unknown,
      AsyncIterable<Buffer> & { statusCode: number },
    ]
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return [response.statusCode, Buffer.concat(chunks).toString()]
  }

  it.each([
    ['websocket', '{"error":"API key is missing"}'],
    ['websocket?apikey=sb_publishable_wrong', '{"error":"The token provided is not a valid JWT"}'],
    ['websocket?apikey=a.b.c', '{"error":"The token provided is not a valid JWT"}'],
  ])('refuses %s', async (query, body) => {
    expect(await refusal(query)).toEqual([401, body])
  })

  it('tells an old, a foreign and an incomplete token apart', async () => {
    const old = await person(-10)
    expect(await refusal(`websocket?apikey=${old}`)).toEqual([401, '{"error":"Token has expired"}'])
    const foreign = await sign({ role: 'anon', exp: inSeconds(60) }, 'x'.repeat(32))
    expect(await refusal(`websocket?apikey=${foreign}`)).toEqual([
      401,
      '{"error":"Failed to validate JWT signature"}',
    ])
    const bare = await sign({ role: 'anon' })
    expect(await refusal(`websocket?apikey=${bare}`)).toEqual([
      401,
      '{"error":"Fields `role` and `exp` are required in JWT"}',
    ])
  })

  it('knows no other address, and no other version', async () => {
    expect((await refusal('elsewhere'))[0]).toBe(404)
    const key = backend.publishableKey
    expect((await refusal(`websocket?apikey=${key}&vsn=3.0.0`))[0]).toBe(400)
  })

  it('takes the key as a header, too', async () => {
    const url = `${backend.supabaseUrl.replace('http', 'ws')}/realtime/v1/websocket`
    for (const name of ['apikey', 'x-api-key']) {
      const socket = new WebSocket(url, { headers: { [name]: backend.legacyAnonKey } })
      await once(socket, 'open')
      socket.terminate()
    }
  })
})

describe.each(['1.0.0', '2.0.0'] as const)('frames of vsn %s', (vsn) => {
  it('answers a heartbeat', async () => {
    const socket = await connect({ vsn })
    expect(await socket.call('phoenix', 'heartbeat')).toEqual({ status: 'ok', response: {} })
  })

  it('joins, leaves, and closes the channel for the client', async () => {
    const socket = await connect({ vsn })
    expect(await socket.join('one')).toEqual({ status: 'ok', response: { postgres_changes: [] } })
    expect(await socket.call('realtime:one', 'phx_leave', {}, '1')).toEqual({
      status: 'ok',
      response: {},
    })
    const closed = await socket.hear('the channel closes', ({ event }) => event === 'phx_close')
    expect(closed).toMatchObject({ topic: 'realtime:one', joinRef: '1' })
  })

  it('repeats what was asked of postgres_changes, in order, with numbers', async () => {
    const socket = await connect({ vsn })
    const asked = [
      { event: '*', schema: 'public', table: 'jobs', filter: 'id=eq.1', anything: [1] },
      { event: 'INSERT', schema: 'public', table: 'jobs' },
    ]
    const { response } = await socket.join('changes', { postgres_changes: asked }, await person())
    expect(response.postgres_changes).toEqual([
      { ...asked[0], id: expect.any(Number) as unknown },
      { ...asked[1], id: expect.any(Number) as unknown },
    ])
    await socket.system('Subscribed to PostgreSQL')
  })

  it('closes the older channel when a topic is joined again', async () => {
    const socket = await connect({ vsn })
    await socket.join('twice')
    await socket.join('twice')
    const closed = await socket.hear('the older closes', ({ event }) => event === 'phx_close')
    expect(closed.joinRef).toBe('1')
    // What was meant for the older one does not end the newer.
    await socket.call('realtime:twice', 'phx_leave', {}, '1')
    expect(
      (await socket.call('realtime:twice', 'presence', { event: 'untrack' }, '2')).status,
    ).toBe('ok')
  })

  it('says that a topic is unknown, and lets unknown events pass', async () => {
    const socket = await connect({ vsn })
    const unmatched = { status: 'error', response: { reason: 'unmatched topic' } }
    expect(await socket.call('elsewhere', 'phx_join')).toEqual(unmatched)
    expect(await socket.call('realtime:never', 'broadcast')).toEqual(unmatched)
    await socket.join('known')
    socket.send('realtime:known', 'no_such_event', {}, '3')
    expect((await socket.call('phoenix', 'heartbeat')).status).toBe('ok')
  })

  it('drops what is no frame, and stays', async () => {
    const socket = await connect({ vsn })
    const deep = '['.repeat(50_000) + ']'.repeat(50_000)
    for (const text of [
      '',
      'null',
      '[]',
      '{}',
      '[1,2,3,4,5]',
      '["1","1","realtime:x","phx_join",[]]',
      '{"topic":"realtime:x","event":"phx_join","payload":7,"ref":"1"}',
      deep,
      `["1","0","realtime:deep","broadcast",{"a":${deep}}]`,
      '{"__proto__":{"topic":"realtime:x"}}',
    ]) {
      socket.socket.send(text)
    }
    for (const bytes of [[], [3], [3, 255, 255, 255, 255, 255, 1, 1], [4, 0, 0, 0, 0], [9]]) {
      socket.socket.send(Buffer.from(bytes))
    }
    socket.socket.send(encodePush(['1', '1', 'realtime:x', 'e', ''], Buffer.from('{no json')))
    expect((await socket.call('phoenix', 'heartbeat')).status).toBe('ok')
    const answered = socket.heard.filter(({ topic }) => topic !== 'realtime:deep')
    expect(answered).toHaveLength(1)
  })
})

describe('broadcasts', () => {
  it('reach every version in its own form', async () => {
    const [sender, newer, older] = [
      await connect(),
      await connect(),
      await connect({ vsn: '1.0.0' }),
    ]
    for (const socket of [sender, newer, older]) await socket.join('room')
    sender.socket.send(encodePush(['1', '9', 'realtime:room', 'é', ''], Buffer.from('{"n":1}')))
    const said = await older.hear('a broadcast', ({ event }) => event === 'broadcast')
    expect(said.payload).toEqual({ type: 'broadcast', event: 'é', payload: { n: 1 } })
    await until('the newer has it', () => newer.binary.length === 1)
    expect([...newer.binary[0]!.subarray(0, 5)]).toEqual([4, 13, 2, 0, 1])
    older.send('realtime:room', 'broadcast', { type: 'broadcast', event: 'e', payload: 2 }, '1')
    const answer = await newer.hear('an answer', ({ event }) => event === 'broadcast')
    expect(answer.payload).toEqual({ type: 'broadcast', event: 'e', payload: 2 })
    expect(sender.binary).toHaveLength(0)
  })

  it('keep bytes from those whose version has no form for them', async () => {
    const [sender, older] = [await connect(), await connect({ vsn: '1.0.0' })]
    for (const socket of [sender, older]) await socket.join('bytes')
    const bytes = encodePush(['1', '9', 'realtime:bytes', 'e', ''], Buffer.from([0, 255]), 0)
    sender.socket.send(bytes)
    sender.send('realtime:bytes', 'broadcast', { event: 'last' }, '1')
    const heard = await older.hear('the last', ({ event }) => event === 'broadcast')
    expect(heard.payload).toEqual({ event: 'last' })
  })

  it('are answered when asked for, also when they are too large', async () => {
    const small = await startTestBackend({
      idle: true,
      realtime: { limits: { broadcastBytes: 50 } },
    })
    try {
      const socket = await connect({}, small)
      await socket.join('acked', { broadcast: { ack: true } })
      const say = (payload: string) =>
        socket.call('realtime:acked', 'broadcast', { event: 'e', payload }, '1')
      expect(await say('short')).toEqual({ status: 'ok', response: {} })
      expect(await say('long'.repeat(50))).toEqual({
        status: 'error',
        response: { reason: 'payload_size_exceeded' },
      })
    } finally {
      await small.stop()
    }
  })

  it('come from the database, in order, with their id', async () => {
    const socket = await connect()
    await socket.join('news')
    await backend.database.query(
      `select realtime.send(jsonb_build_object('n', n), 'told', 'news', false)
       from generate_series(1, 30) n`,
    )
    const told = () => socket.heard.filter(({ event }) => event === 'broadcast')
    await until('all have come', () => told().length === 30)
    const numbers = told().map(({ payload }) => (payload.payload as { n: number }).n)
    expect(numbers).toEqual(Array.from({ length: 30 }, (_, at) => at + 1))
    expect(told()[0]?.payload).toMatchObject({
      event: 'told',
      meta: { id: expect.any(String) as unknown },
    })
  })
})

describe('tokens', () => {
  it.each([
    ['too old', () => person(-30), /^InvalidJWTToken: Token has expired \d+ seconds ago$/],
    ['no JWT', () => Promise.resolve('nonsense'), /^MalformedJWT: The token provided is not/],
    [
      'signed by somebody else',
      () => sign({ role: 'anon', exp: inSeconds(60) }, 'y'.repeat(32)),
      /^JwtSignatureError: Failed to validate JWT signature$/,
    ],
    ['without exp', () => sign({ role: 'anon' }), /^InvalidJWTToken: Fields `role` and `exp`/],
    [
      'of a role that only PostgreSQL knows',
      () => sign({ role: 'postgres', exp: inSeconds(60) }),
      /^InvalidJWTToken: The role/,
    ],
    [
      'of a session that is over',
      () => person(60, { session_id: '7f3b6a52-6a3e-4a57-8d3c-0123456789ab' }),
      /session_revoked/,
    ],
  ])('refuse a join when %s', async (_, make, reason) => {
    const socket = await connect()
    const { status, response } = await socket.join('token', {}, await make())
    expect([status, response.reason]).toEqual(['error', expect.stringMatching(reason)])
  })

  it('close the channel when they expire, and only the channel', async () => {
    const socket = await connect()
    await socket.join('short', {}, await person(2))
    const said = await socket.system(/^Token has expired \d+ seconds ago$/)
    expect(said.payload).toMatchObject({ extension: 'system', status: 'error', channel: 'short' })
    await socket.hear('the channel closes', ({ event }) => event === 'phx_close')
    expect((await socket.call('phoenix', 'heartbeat')).status).toBe('ok')
  })

  it('are renewed on the open channel', async () => {
    const socket = await connect()
    await socket.join('renewed', {}, await person(3))
    socket.send('realtime:renewed', 'access_token', { access_token: await person(600) }, '1')
    await socket.join('witness', {}, await person(3))
    await socket.hear(
      'the witness closes',
      ({ event, topic }) => event === 'phx_close' && topic === 'realtime:witness',
    )
    const untrack = { event: 'untrack' }
    expect((await socket.call('realtime:renewed', 'presence', untrack, '1')).status).toBe('ok')
  })

  it('subscribe anew with a new message, unless they say nothing new', async () => {
    const socket = await connect()
    const token = await person()
    const config = { postgres_changes: [{ event: '*', schema: 'public', table: 'jobs' }] }
    await socket.join('again', config, token)
    await socket.system('Subscribed to PostgreSQL')
    for (const same of [token, null, backend.publishableKey]) {
      socket.send('realtime:again', 'access_token', { access_token: same }, '1')
    }
    const subscribed = () => socket.heard.filter(({ event }) => event === 'system').length
    await socket.call('realtime:again', 'presence', { event: 'untrack' }, '1')
    expect(subscribed()).toBe(1)
    socket.send('realtime:again', 'access_token', { access_token: await person(700) }, '1')
    await until('it is subscribed again', () => subscribed() === 2)
  })

  it('close the channel when the new one is refused', async () => {
    const socket = await connect()
    await socket.join('refused', {}, await person())
    socket.send('realtime:refused', 'access_token', { access_token: 'a.b.c' }, '1')
    await socket.system('The token provided is not a valid JWT')
    await socket.hear('the channel closes', ({ event }) => event === 'phx_close')
  })

  it('end with their session, within a second, for no one else', async () => {
    const session = async (): Promise<{ id: string; token: string }> => {
      const [row] = await backend.database.query<{ id: string }>(
        `insert into auth.sessions (user_id) select id from auth.users limit 1 returning id`,
      )
      return { id: row!.id, token: await person(600, { session_id: row!.id }) }
    }
    const [mine, other] = [await session(), await session()]
    const socket = await connect()
    await socket.join('mine', {}, mine.token)
    await socket.join('other', {}, other.token)
    await backend.sessions.revoke(mine.id)
    const said = await socket.system(/^session_revoked/)
    expect(said.topic).toBe('realtime:mine')
    const untrack = { event: 'untrack' }
    expect((await socket.call('realtime:other', 'presence', untrack, '2')).status).toBe('ok')
  })
})
