import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { BridgeCaller } from '../../support/bridge-caller.ts'
import { JobHand, startTestGateway, type TestGateway } from '../../support/gateway.ts'
import { connectIo, type IoClient } from '../../support/socketio-client.ts'
import { until } from '../../support/until.ts'

let gateway: TestGateway
let hand: JobHand
const open: IoClient[] = []

beforeAll(async () => {
  gateway = await startTestGateway({ limits: { streamsPerUser: 4, inboundPerMinute: 20 } })
  hand = new JobHand(gateway.backend)
})
afterAll(() => gateway.stop())
afterEach(() => {
  for (const { socket } of open.splice(0)) socket.disconnect()
})

type Options = Parameters<typeof connectIo>[1]

function connect(options: Options = {}): IoClient {
  const client = connectIo(gateway.url, options)
  open.push(client)
  return client
}

async function bridged(user = 0): Promise<{ own: BridgeCaller; token: string; id: string }> {
  const own = new BridgeCaller(gateway.url)
  const token = await gateway.signIn(user)
  const { body } = await own.bridge(token)
  return { own, token, id: body.session_id! }
}

const withCookie = (own: BridgeCaller, more: Options = {}): Options => ({
  extraHeaders: { cookie: own.cookie },
  ...more,
})

const greeted = (client: IoClient): Promise<void> =>
  until('there is a snapshot', () => client.snapshots.length > 0)
/** The next snapshot gets as far as this computer, and goes down with the connection. */
function cutAtSnapshot({ socket: { io } }: IoClient): void {
  io.once('open', () => {
    const { engine } = io
    engine.on('packet', ({ data }) => {
      if (String(data).includes('job:snapshot')) engine.close()
    })
  })
}
const jobsOf = ({ snapshots }: IoClient): string[] => snapshots[0]!.jobs.map(({ id }) => id)
/** The steps of a job; that it began may be told after a snapshot which holds it already. */
const eventsOf = ({ events }: IoClient, id: string): number[] =>
  events.filter(({ job }) => job.id === id && job.progress > 0).map(({ job }) => job.progress)

describe('who has been bridged', () => {
  it.each([['websocket'], ['polling']])(
    'gets a snapshot and then every change, over %s',
    async (transport) => {
      const id = await hand.start(gateway.tenantOf(0))
      const { own } = await bridged()
      const client = connect(withCookie(own, { transports: [transport] }))
      await greeted(client)
      expect(client.socket.io.engine.transport.name).toBe(transport)
      expect(jobsOf(client)).toContain(id)
      for (const percent of [10, 20, 30]) await hand.progress(id, percent)
      await until('all is told', () => eventsOf(client, id).length === 3)
      expect(eventsOf(client, id)).toEqual([10, 20, 30])
      const [before] = client.snapshots
      const newer = client.events.filter(({ offset }) => offset > before!.offset)
      expect(newer.at(-1)?.offset).toBe(before!.offset + newer.length)
      expect(client.events.at(-1)?.tenant_id).toBe(gateway.tenantOf(0))
    },
  )

  it('may come with the token instead of the cookie', async () => {
    const { token } = await bridged()
    const client = connect({ auth: { token } })
    await greeted(client)
    expect(client.socket.connected).toBe(true)
  })

  it('is told of the own tenant only', async () => {
    const mine = await hand.start(gateway.tenantOf(0))
    const theirs = await hand.start(gateway.tenantOf(2))
    const alice = connect(withCookie((await bridged(0)).own))
    const bea = connect(withCookie((await bridged(2)).own))
    await Promise.all([greeted(alice), greeted(bea)])
    for (const id of [mine, theirs]) await hand.progress(id, 40)
    await until('both are told', () => alice.events.length > 0 && bea.events.length > 0)
    expect(jobsOf(bea)).toContain(theirs)
    expect(jobsOf(bea)).not.toContain(mine)
    expect(new Set(alice.events.map((event) => event.tenant_id))).toEqual(
      new Set([gateway.tenantOf(0)]),
    )
    expect(new Set(bea.events.map((event) => event.tenant_id))).toEqual(
      new Set([gateway.tenantOf(2)]),
    )
  })
})

describe('a ping that is an event', () => {
  it('is acknowledged, for a client that has no ping frames', async () => {
    const { own } = await bridged()
    const client = connect(withCookie(own))
    await greeted(client)
    expect(await client.socket.emitWithAck('ping', {})).toEqual({ type: 'pong' })
    client.socket.emit('ping')
    expect(client.disconnects).toEqual([])
  })
})

describe('who is refused', () => {
  const codeFor = async (options: Options): Promise<string> => {
    const client = connect({ reconnection: false, ...options })
    await until('it is refused', () => client.refusals.length > 0)
    expect(client.snapshots).toEqual([])
    return client.refusals[0]!
  }

  it('is told why, in one word', async () => {
    const unbridged = await gateway.signIn(0)
    const ended = await bridged()
    await ended.own.end()
    const gone = await bridged()
    const cookie = gone.own.cookie
    await gateway.signOut(gone.token)
    expect(await codeFor({})).toBe('token_missing')
    expect(await codeFor({ auth: { token: 'sb_secret_x' } })).toBe('token_malformed')
    expect(await codeFor({ auth: { token: { a: 1 } } })).toBe('token_malformed')
    expect(await codeFor({ auth: { token: gateway.backend.legacyAnonKey } })).toBe(
      'token_wrong_kind',
    )
    expect(await codeFor({ auth: { token: unbridged } })).toBe('bridge_required')
    expect(await codeFor({ auth: { token: ended.token } })).toBe('bridge_required')
    expect(await codeFor({ auth: { token: gone.token } })).toBe('session_revoked')
    expect(await codeFor({ extraHeaders: { cookie } })).toBe('session_revoked')
    expect(await codeFor({ extraHeaders: { cookie: 'sb_session=x' } })).toBe('token_malformed')
    const foreign = `sb_session=${'x'.repeat(43)}`
    expect(await codeFor({ extraHeaders: { cookie: foreign } })).toBe('token_signature')
  })

  it('is a page of another site that uses a visitor’s cookie', async () => {
    const { own } = await bridged()
    const from = (origin: string): Options => ({ extraHeaders: { cookie: own.cookie, origin } })
    expect(await codeFor(from('https://evil.example'))).toBe('origin_refused')
    const client = connect(from(gateway.url))
    await greeted(client)
  })

  it('is whoever has too many connections', async () => {
    const { own } = await bridged(1)
    const clients = [1, 2, 3, 4].map(() => connect(withCookie(own)))
    for (const client of clients) await greeted(client)
    expect(await codeFor(withCookie(own))).toBe('too_many_sockets')
  })

  it('does not find another namespace, nor the client’s source', async () => {
    const { own } = await bridged()
    const client = connectIo(`${gateway.url}/admin`, withCookie(own, { reconnection: false }))
    open.push(client)
    await until('it is refused', () => client.refusals.length > 0)
    const response = await fetch(`${gateway.url}/socket.io/socket.io.js`)
    expect(response.status).toBe(404)
  })
})

/** Long enough for the server to have noticed. */
const away: Options = {
  reconnectionDelay: 1_000,
  reconnectionDelayMax: 1_000,
  randomizationFactor: 0,
}

describe('a connection', () => {
  it('ends with the session, and is told so first', async () => {
    const { own } = await bridged()
    const client = connect(withCookie(own))
    await greeted(client)
    await own.end()
    await until('it is closed', () => client.disconnects.length > 0)
    expect(client.endings).toEqual(['session_revoked'])
    expect(client.disconnects).toEqual(['io server disconnect'])
  })

  it('ends with the Supabase session, over polling as well', async () => {
    const { token } = await bridged()
    const client = connect({ auth: { token }, transports: ['polling'] })
    await greeted(client)
    await gateway.signOut(token)
    await until('it is closed', () => client.disconnects.length > 0)
    expect(client.endings).toEqual(['session_revoked'])
  })

  it('ends with its cookie, unless that is refreshed', async () => {
    const { own, id } = await bridged()
    await gateway.backend.database.query(
      `update public.user_sessions set expires_at = now() + interval '2 s' where id = $1`,
      [id],
    )
    const client = connect(withCookie(own))
    await greeted(client)
    await until('it is closed', () => client.disconnects.length > 0)
    expect(client.endings).toEqual(['token_expired'])
    await own.refresh()
    await gateway.backend.database.query(
      `update public.user_sessions set expires_at = now() + interval '2 s' where id = $1`,
      [id],
    )
    const again = connect(withCookie(own))
    await greeted(again)
    await own.refresh()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    setTimeout(() => resolve(undefined), 2_500)
    await promise
    expect(again.endings).toEqual([])
    expect(again.socket.connected).toBe(true)
  })

  it('takes a newer token of the same session, and says what is wrong with any other', async () => {
    const { token } = await bridged()
    const client = connect({ auth: { token } })
    await greeted(client)
    const renew = (message: unknown): Promise<{ ok: boolean; code?: string }> =>
      client.socket.emitWithAck('auth', message) as Promise<{ ok: boolean }>
    expect(await renew({ token })).toMatchObject({ ok: true })
    expect(await renew({ token: 7 })).toEqual({ ok: false, code: 'token_malformed' })
    expect(await renew(null)).toEqual({ ok: false, code: 'token_malformed' })
    const other = await bridged()
    expect(await renew({ token: other.token })).toEqual({ ok: false, code: 'forbidden' })
    expect(client.socket.connected).toBe(true)
  })

  it('that is cut comes back with what it missed, and without another snapshot', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const { own } = await bridged()
    const client = connect(withCookie(own, away))
    await greeted(client)
    await hand.progress(id, 10)
    await until('it is told', () => eventsOf(client, id).length === 1)
    client.socket.io.engine.close()
    await hand.progress(id, 20)
    await hand.progress(id, 30)
    await until('it has caught up', () => eventsOf(client, id).length === 3)
    expect(client.socket.recovered).toBe(true)
    expect(eventsOf(client, id)).toEqual([10, 20, 30])
    expect(client.snapshots).toHaveLength(1)
  })

  it('that is cut again and again while much happens still knows how each job ended', async () => {
    const { own } = await bridged()
    const client = connect(withCookie(own, { reconnectionDelay: 5, reconnectionDelayMax: 30 }))
    await greeted(client)
    const ids: string[] = []
    for (let n = 0; n < 12; n += 1) {
      const id = await hand.start(gateway.tenantOf(0))
      ids.push(id)
      client.socket.io.engine.close()
      for (let percent = 1; percent <= 15; percent += 1) await hand.progress(id, percent)
      await until('it is back', () => client.socket.connected)
    }
    const known = (id: string): number =>
      Math.max(
        ...eventsOf(client, id),
        ...client.snapshots.flatMap(({ jobs }) =>
          jobs.filter((job) => job.id === id).map(({ progress }) => progress),
        ),
      )
    await until('all is known', () => ids.every((id) => known(id) === 15))
  })

  it('that is cut while it is told where things stand is told again', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const { own } = await bridged()
    const client = connect(withCookie(own, away))
    await greeted(client)
    await hand.progress(id, 10)
    await until('it is told', () => eventsOf(client, id).length === 1)
    // As when what it missed is kept no more: it comes back as another connection, with what it
    // heard of the last one.
    Object.assign(client.socket, { _pid: 'gone' })
    cutAtSnapshot(client)
    client.socket.io.engine.close()
    await until('it is cut again', () => client.disconnects.length === 2)
    await until('it is told again', () => client.snapshots.length === 2)
    expect(client.socket.recovered).toBe(false)
  })

  it('that is cut gets nothing of what it missed once its session has ended', async () => {
    const id = await hand.start(gateway.tenantOf(0))
    const { own } = await bridged()
    const client = connect(withCookie(own, away))
    await greeted(client)
    await hand.progress(id, 10)
    await until('it is told', () => eventsOf(client, id).length === 1)
    client.socket.io.engine.close()
    await own.end()
    await hand.progress(id, 20)
    await until('it is refused', () => client.refusals.length > 0)
    expect(client.refusals).toEqual(['session_revoked'])
    expect(eventsOf(client, id)).toEqual([10])
  })

  it('that talks too much is closed', async () => {
    const { own } = await bridged()
    const client = connect(withCookie(own))
    await greeted(client)
    for (let n = 0; n < 30; n += 1) client.socket.emit('noise', n)
    await until('it is closed', () => client.endings.length > 0)
    expect(client.endings).toEqual(['too_many_messages'])
  })

  it('that sends too much at once is closed', async () => {
    const { own } = await bridged()
    const client = connect(withCookie(own, { reconnection: false }))
    await greeted(client)
    client.socket.emit('noise', 'x'.repeat(80_000))
    await until('it is closed', () => client.disconnects.length > 0)
  })
})

it('is written down with who, from where and the answer', async () => {
  const { own, id } = await bridged()
  await greeted(connect(withCookie(own)))
  await gateway.gateway.close()
  const rows = await gateway.backend.database.query(
    `select email, remote_address as address, result from public.audit_log
     where action = 'socketio.connect' and subject = $1`,
    [id],
  )
  expect(rows).toEqual([{ email: 'alice@acme.test', address: '127.0.0.1', result: 'accepted' }])
  const refused = await gateway.backend.database.query<{ result: string }>(
    `select distinct result from public.audit_log
     where action = 'socketio.connect' and email is null`,
  )
  expect(refused.map(({ result }) => result)).toContain('bridge_required')
})
