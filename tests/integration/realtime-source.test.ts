import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPollingSource } from '../../src/main/sources/polling-source.ts'
import { openRealtimeSource } from '../../src/main/sources/realtime-source.ts'
import { Positions } from '../../src/main/workspaces/positions.ts'
import { FakeTokens } from '../support/fake-tokens.ts'
import { ScriptedRealtime } from '../support/scripted-realtime.ts'
import { SourceBench } from '../support/source-bench.ts'
import { secondsLater, tableRow } from '../support/table-rows.ts'
import { until } from '../support/until.ts'

let server: ScriptedRealtime
let bench: SourceBench

const open = (options: Partial<ConstructorParameters<typeof SourceBench>[0]> = {}): SourceBench => {
  bench = new SourceBench({ gatewayUrl: server.url, open: openRealtimeSource, ...options })
  return bench
}
/** Lets time go by in small steps, and the network in between, until it has come to it. */
async function passing(what: string, check: () => boolean, withinMs = 60_000): Promise<void> {
  for (let step = 0; step < withinMs / 50 && !check(); step += 1) {
    await bench.clock.advance(50)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  if (!check()) throw new Error(`${withinMs} ms went by in vain until ${what}`)
}
/** Lets so much time go by, with the network in between. */
async function pass(ms: number): Promise<void> {
  const end = bench.clock.monotonic() + ms
  await passing(`${ms} ms`, () => bench.clock.monotonic() >= end, ms + 50)
}
const live = (): Promise<void> => until('it is live', () => bench.state === 'live')
const polling = (): Promise<void> => passing('it polls', () => bench.state === 'polling')

beforeEach(async () => {
  server = await ScriptedRealtime.listen()
})

afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
  expect(bench.scope.size).toBe(0)
  await until('the server has no connection left', () => server.connections === 0)
  await server.close()
  expect(bench.logged.join('')).not.toContain('token-')
})

describe('the realtime source', () => {
  it('subscribes with the session token, reads the table, and shows what changes', async () => {
    server.put(tableRow())
    server.put(tableRow({ id: 'old', status: 'completed', progress: 100 }))
    open()
    await live()
    expect(bench.source.view).toMatchObject({ sockets: 1, reason: null, nextTryAtMs: null })
    expect(bench.rows.map(({ id }) => id).sort()).toEqual(['job-1', 'old'])
    server.write(tableRow({ progress: 55, updated_at: secondsLater(1) }))
    await until('the change is shown', () => bench.row()?.progress === 55)
    server.write(tableRow({ id: 'new', updated_at: secondsLater(1) }))
    await until('the new one is shown', () => bench.row('new') !== undefined)
    expect(bench.shown).toEqual(['connecting', 'live'])
  })

  it('F34: says the token in the join and nowhere else, the key in the address and nowhere else', async () => {
    open()
    await live()
    const [dial] = server.dials
    expect(dial?.pathname).toBe('/realtime/v1/websocket')
    expect(Object.fromEntries(dial!.searchParams)).toEqual({
      apikey: 'sb_publishable_fake',
      vsn: '2.0.0',
    })
    expect(server.headers.join('')).not.toContain('token-')
    expect(server.link.payload).toEqual({
      access_token: 'token-1',
      config: {
        broadcast: { ack: false, self: false },
        presence: { key: '', enabled: false },
        private: false,
        postgres_changes: [
          { event: 'DELETE', schema: 'public', table: 'translation_jobs' },
          {
            event: '*',
            schema: 'public',
            table: 'translation_jobs',
            filter: 'tenant_id=eq.acme',
          },
        ],
      },
    })
    for (const { token, apikey, profile } of server.queries) {
      expect([token, apikey, profile]).toEqual(['token-1', 'sb_publishable_fake', 'public'])
    }
  })

  it('F34: neither dials nor asks when an API key stands where the token belongs', async () => {
    open({ publishableKey: 'token-1' })
    await until('it stopped', () => bench.state === 'stopped')
    expect(bench.source.view.reason).toBe('token_wrong_kind')
    await pass(20_000)
    expect([server.dials.length, server.queries.length]).toEqual([0, 0])
  })

  it('is not live before the server says that changes are told', async () => {
    server.put(tableRow())
    server.onJoin = (link) => link.accept()
    open()
    await until('it is joined', () => server.links.length === 1)
    await until('the row is shown', () => bench.row() !== undefined)
    await pass(3_000)
    expect(bench.state).toBe('connecting')
    // Between the answer and the subscription a row was changed that nobody told.
    server.put(tableRow({ progress: 70, updated_at: secondsLater(9) }))
    server.link.subscribe()
    await live()
    expect(bench.row()?.progress).toBe(70)
  })

  it('asks the table no more than once a minute while it is live', async () => {
    server.put(tableRow())
    open()
    await live()
    await pass(1_000)
    const before = server.queries.length
    await pass(300_000)
    expect(server.queries.length - before).toBeLessThanOrEqual(5)
    expect(server.heartbeats).toBeGreaterThanOrEqual(49)
    expect(bench.shown).toEqual(['connecting', 'live'])
  })

  it('finds within a minute what Realtime did not tell', async () => {
    server.put(tableRow())
    open()
    await live()
    server.put(tableRow({ progress: 90, updated_at: secondsLater(20) }))
    await passing('it is found', () => bench.row()?.progress === 90, 61_000)
    expect(bench.shown).toEqual(['connecting', 'live'])
  })

  it('forgets a deleted row of ours, and takes no notice of one it does not know', async () => {
    server.put(tableRow())
    open()
    await live()
    server.rows.clear()
    server.link.change('DELETE', { id: 'of-somebody-else' })
    server.link.change('DELETE', { id: 'job-1' })
    await until('it is gone', () => bench.row() === undefined)
    expect(bench.desk.dropped).toBe(0)
  })

  it('keeps what a change leaves out', async () => {
    server.put(tableRow({ message: 'page 3 of 80' }))
    open()
    await live()
    const changed = Object.entries(tableRow({ progress: 30, updated_at: secondsLater(1) }))
    const told = changed.filter(([column]) => column !== 'message')
    server.link.change('UPDATE', Object.fromEntries(told))
    await until('the change is shown', () => bench.row()?.progress === 30)
    expect(bench.row()?.message).toBe('page 3 of 80')
  })

  it('reads a row that was too large to be told', async () => {
    server.put(tableRow())
    open()
    await live()
    server.put(tableRow({ message: 'a long story', updated_at: secondsLater(5) }))
    server.link.change('UPDATE', { id: 'job-1' }, { errors: ['Error 413: Payload Too Large'] })
    await until('it is in doubt', () => bench.row()?.remembered === true)
    await passing('it is read', () => bench.row()?.message === 'a long story', 6_000)
    expect(bench.row()?.remembered).toBe(false)
    expect(bench.state).toBe('live')
  })

  it('F64: drops and counts binary frames, what is no frame, and events that it does not know', async () => {
    open()
    await live()
    server.link.socket.send(Buffer.from([4, 1, 1, 0, 1, 0x61, 0x62]))
    server.link.socket.send('{"topic":1}')
    server.link.say('greeting', {})
    await until('all are counted', () => bench.desk.dropped === 3)
    expect(bench.state).toBe('live')
  })

  it('F61: drops rows of other tenants, and gives up on a server that keeps telling them', async () => {
    open()
    await live()
    for (const id of ['x', 'y', 'z']) {
      server.link.change('INSERT', tableRow({ id, tenant_id: 'globex' }))
    }
    await until('it stopped', () => bench.state === 'stopped')
    expect(bench.source.view.reason).toBe('protocol_error')
    expect(bench.rows).toEqual([])
  })

  it('subscribes for several tenants with one list', async () => {
    open({ tenantIds: ['acme', 'north, south'] })
    await live()
    expect(server.link.payload.config.postgres_changes[1]?.filter).toBe(
      'tenant_id=in.(acme,"north, south")',
    )
    expect(server.queries[0]?.query.get('tenant_id')).toBe('in.("acme","north, south")')
  })

  it('ends within its scope: socket, timers and requests, at any moment', async () => {
    server.onQuery = () => 'hang'
    server.onJoin = () => undefined
    open()
    await until('all is under way', () => server.links.length === 1 && server.queries.length > 0)
    await bench.scope.close('signed out')
    expect(bench.clock.armed).toBe(0)
    await until('the socket is gone', () => server.connections === 0)
    expect(bench.shown).toEqual(['connecting'])
  })
})

describe('a token that is renewed', () => {
  it('is given to the open channel, which stays', async () => {
    server.put(tableRow())
    open()
    await live()
    await bench.tokens.renew(await currentToken())
    await until('the server has it', () => server.link.tokens.length === 2)
    expect(server.link.tokens).toEqual(['token-1', 'token-2'])
    await pass(1_000)
    expect(server.dials).toHaveLength(1)
    expect(bench.shown).toEqual(['connecting', 'live'])
  })

  it('is given at the first moment when it came while the join was under way', async () => {
    server.onJoin = () => undefined
    open()
    await until('the join is there', () => server.links.length === 1)
    await bench.tokens.renew(await currentToken())
    expect(server.link.tokens).toEqual(['token-1'])
    server.link.accept()
    server.link.subscribe()
    await until('the server has it', () => server.link.tokens.length === 2)
    expect(server.link.tokens[1]).toBe('token-2')
  })

  it('F31: is asked for once when the channel is closed because the token expired', async () => {
    server.put(tableRow())
    open()
    await live()
    server.link.shutDown('Token has expired 0 seconds ago')
    await until('it joined again', () => server.links.length === 2)
    await live()
    expect(bench.tokens.renewals).toBe(1)
    expect(server.joinTokens).toEqual(['token-1', 'token-2'])
    expect(new Set(server.links.map(({ topic }) => topic)).size).toBe(2)
    expect(bench.shown).toEqual(['connecting', 'live', 'reconnecting', 'live'])
  })

  it('never joins again with the one from before', async () => {
    open()
    await live()
    await bench.tokens.renew(await currentToken())
    await until('the server has it', () => server.link.tokens.length === 2)
    server.cut()
    await passing('it joined again', () => server.links.length === 2)
    await live()
    expect(server.joinTokens).toEqual(['token-1', 'token-2'])
  })

  it('refused again: Realtime is left alone, and the operator told why', async () => {
    server.onJoin = (link) => link.refuse('JwtSignatureError: Failed to validate JWT signature')
    open()
    await until('it has tried twice', () => server.links.length === 2)
    await polling()
    expect(bench.source.view.reason).toBe('token_signature')
    expect(server.joinTokens).toEqual(['token-1', 'token-2'])
    await pass(60_000)
    expect(server.links).toHaveLength(2)
  })
})

const currentToken = async () => {
  const token = await bench.tokens.current()
  if (!token.ok) throw new Error('no token')
  return token.value
}

describe('when Realtime is down', () => {
  it('polls every 5 s, says so and why, and comes back without a gap or a double', async () => {
    server.put(tableRow())
    open()
    await live()
    server.onUpgrade = () => ({ status: 503 })
    server.cut()
    await until('the loss is noticed', () => bench.state === 'reconnecting')
    server.put(tableRow({ progress: 40, updated_at: secondsLater(3) }))
    await polling()
    expect(bench.row()?.progress).toBe(40)
    expect(bench.source.view).toMatchObject({ reason: 'server_error', sockets: 0 })
    expect(bench.source.view.gap).toMatchObject({ recovered: 1, missing: null })

    const before = server.queries.length
    await pass(30_000)
    const polls = server.queries.length - before
    expect(polls).toBeGreaterThanOrEqual(5)
    expect(polls).toBeLessThanOrEqual(7)
    server.put(tableRow({ progress: 60, updated_at: secondsLater(9) }))
    await passing('the poll shows it', () => bench.row()?.progress === 60, 6_000)

    server.onUpgrade = () => undefined
    await passing('it is live again', () => bench.state === 'live')
    server.write(tableRow({ progress: 80, updated_at: secondsLater(15) }))
    await until('Realtime tells again', () => bench.row()?.progress === 80)
    expect(bench.shown).toEqual(['connecting', 'live', 'reconnecting', 'polling', 'live'])
    expect(bench.rows).toHaveLength(1)
  })

  it('closes a short interruption in one flip, and says what was missed', async () => {
    server.put(tableRow({ id: 'a' }))
    server.put(tableRow({ id: 'b' }))
    server.put(tableRow({ id: 'c' }))
    open()
    await live()
    server.cut()
    await until('the loss is noticed', () => bench.state === 'reconnecting')
    server.put(tableRow({ id: 'a', progress: 20, updated_at: secondsLater(4) }))
    server.put(tableRow({ id: 'd', updated_at: secondsLater(5) }))
    server.rows.delete('b')
    await passing('it is live again', () => bench.state === 'live')
    expect(bench.rows.map(({ id }) => id).sort()).toEqual(['a', 'c', 'd'])
    expect(bench.rows.every(({ remembered }) => !remembered)).toBe(true)
    expect(bench.source.view.gap).toMatchObject({ recovered: 2, missing: null })
    expect(bench.shown).toEqual(['connecting', 'live', 'reconnecting', 'live'])
  })

  it.each([
    ['every number follows', 2, 0],
    ['a number was skipped', 4, null],
  ] as const)('says that nothing is missing only when %s', async (_, seq, missing) => {
    const jobTable = { columns: { seq: 'seq' } }
    server.put(tableRow({ seq: 1 }))
    open({ jobTable })
    await live()
    server.cut()
    await until('the loss is noticed', () => bench.state === 'reconnecting')
    server.put(tableRow({ seq, progress: 20, updated_at: secondsLater(4) }))
    await passing('it is live again', () => bench.state === 'live')
    expect(bench.row()?.progress).toBe(20)
    expect(bench.source.view.gap).toMatchObject({ recovered: 1, missing })
  })

  it('a join that is never answered is given up 15 s after the dial', async () => {
    server.put(tableRow())
    server.onJoin = () => undefined
    open()
    await until('the join is there', () => server.links.length === 1)
    await pass(14_000)
    expect(bench.state).toBe('connecting')
    await passing('it is given up', () => bench.source.view.reason === 'timed_out', 2_000)
    await polling()
    await passing('it tries again, under another name', () => server.links.length === 2)
    expect(server.links[1]?.topic).not.toBe(server.links[0]?.topic)
  })

  it('T3: finds within 12 s that Realtime is dead though its proxy still answers pings', async () => {
    open()
    await live()
    server.answersHeartbeats = false
    await passing('it is found', () => bench.source.view.reason === 'timed_out', 12_100)
    server.answersHeartbeats = true
    await passing('it is live again', () => bench.state === 'live')
  })

  it.each([
    [
      'Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect parameters: [event: *, schema: public, table: translation_jobs, filters: [], select: nil]',
      'realtime_not_enabled',
    ],
    ['Error parsing `filter` params: ["tenant_id"]', 'table_unknown'],
  ])('%s: final for Realtime, so it polls and tries again after minutes', async (said, reason) => {
    server.onJoin = (link) => {
      link.accept()
      link.system('error', said)
    }
    server.put(tableRow())
    open()
    await polling()
    expect(bench.source.view).toMatchObject({ reason, sockets: 0 })
    const { nextTryAtMs } = bench.source.view
    expect(nextTryAtMs! - bench.clock.now()).toBeGreaterThan(120_000)
    await pass(120_000)
    expect(server.links).toHaveLength(1)
    expect(bench.row()).toBeDefined()
    server.onJoin = (link) => {
      link.accept()
      link.subscribe()
    }
    await passing('it tries again', () => bench.state === 'live', 180_000)
  })

  it.each([
    ['MalformedJWT: The token provided is not a valid JWT', 'token_malformed'],
    [
      'Unauthorized: You do not have permissions to read from this Channel topic',
      'permission_denied',
    ],
    ['PrivateOnly: This project only allows private channels', 'realtime_unavailable'],
    ['Channel already exists', 'channel_duplicate'],
    ['ClientJoinRateLimitReached: Too many joins per second', 'rate_limited'],
    ['UnableToConnectToProject: Realtime was unable to connect', 'server_error'],
  ])('a join refused with "%s" is %s', async (said, reason) => {
    server.onJoin = (link) => link.refuse(said)
    open()
    await polling()
    expect(bench.source.view.reason).toBe(reason)
  })

  it('a channel that is closed without a word is a duplicate; the next has another name', async () => {
    open()
    await live()
    server.link.close()
    await until('it is named', () => bench.source.view.reason === 'channel_duplicate')
    await passing('it is live again', () => bench.state === 'live')
    expect(server.links[1]?.topic).not.toBe(server.links[0]?.topic)
  })

  it('a subscription that the server lost and finds again by itself is read after', async () => {
    server.put(tableRow())
    open()
    await live()
    server.link.system('error', 'the database went away')
    await until('the loss is noticed', () => bench.state === 'reconnecting')
    server.put(tableRow({ progress: 33, updated_at: secondsLater(3) }))
    server.link.subscribe()
    await live()
    expect(bench.row()?.progress).toBe(33)
    expect(server.dials).toHaveLength(1)
  })

  it.each([
    [401, 'key_wrong'],
    [404, 'realtime_unavailable'],
    [429, 'rate_limited'],
  ])('a handshake that is answered with %d is named', async (status, reason) => {
    server.onUpgrade = () => ({ status, body: '{"error":"no"}' })
    open()
    await polling()
    expect(bench.source.view.reason).toBe(reason)
    expect(bench.tokens.renewals).toBe(0)
  })

  it('changes that may not be told end Realtime, and polling says more', async () => {
    server.put(tableRow())
    open()
    await live()
    const nothing = { record: {}, errors: ['Error 401: Unauthorized'] }
    server.link.change('INSERT', {}, nothing)
    await polling()
    expect(bench.source.view.reason).toBe('permission_denied')
  })

  it('wakes: dials and reads at once', async () => {
    server.put(tableRow())
    server.onUpgrade = () => ({ status: 404, body: '{"error":"no"}' })
    open()
    await polling()
    server.onUpgrade = () => undefined
    bench.source.wake()
    await live()
  })
})

describe('the table', () => {
  it.each([
    [403, '{"code":"42501","message":"permission denied for table jobs"}', 'permission_denied'],
    [404, '{"code":"PGRST205","message":"Could not find the table"}', 'table_unknown'],
    [400, '{"code":"42703","message":"column x does not exist"}', 'table_unknown'],
    [401, '{"message":"Invalid API key","hint":""}', 'key_wrong'],
  ])('that is refused with %d %s stops the source', async (status, body, reason) => {
    server.onQuery = () => ({ status, body })
    open()
    await until('it stopped', () => bench.state === 'stopped')
    expect(bench.source.stopped).toBe(reason)
  })

  it('F31: renews a refused token once', async () => {
    const body = '{"code":"PGRST303","message":"JWT expired"}'
    server.onQuery = ({ token }) => (token === 'token-1' ? { status: 401, body } : undefined)
    server.put(tableRow())
    open({ open: openPollingSource })
    await live()
    expect(bench.tokens.renewals).toBe(1)
    expect(bench.row()).toBeDefined()
  })

  it('F13: a page of a captive portal is neither rows nor a refusal', async () => {
    server.onQuery = () => ({ status: 200, type: 'text/html', body: '<html>' })
    open({ open: openPollingSource })
    await until('it is named', () => bench.source.view.reason === 'captive_portal')
    expect(bench.state).toBe('reconnecting')
    server.onQuery = () => undefined
    await passing('it is live', () => bench.state === 'live')
  })

  it('S2: asks for nothing before there is a token', async () => {
    const tokens = new FakeTokens()
    tokens.failure = { code: 'unreachable', message: '' }
    open({ tokens })
    await passing('it says why', () => bench.source.view.reason === 'unreachable')
    await pass(20_000)
    expect([server.queries.length, server.dials.length]).toEqual([0, 0])
  })

  it('is read from where it was, after a restart', async () => {
    const position = new Positions().of('realtime')
    server.put(tableRow({ id: 'a' }))
    open({ position })
    await live()
    await bench.scope.close('quit')
    await until('it is gone', () => server.connections === 0)
    const before = server.queries.length
    server.put(tableRow({ id: 'b', updated_at: secondsLater(9) }))
    open({ position })
    await live()
    expect(bench.rows.map(({ id }) => id).sort()).toEqual(['a', 'b'])
    expect(bench.source.view.gap).toMatchObject({ recovered: 1, missing: null })
    const since = server.queries.slice(before).map(({ query }) => query.get('updated_at'))
    expect(since).toContain('gte.2026-11-20T13:58:57.000001Z')
  })

  it('is not read from where another table was', async () => {
    const position = new Positions().of('realtime')
    position.write(() => 'public.other 99999999999999')
    server.put(tableRow())
    open({ position })
    await live()
    expect(bench.row()).toBeDefined()
  })
})

describe('the polling source', () => {
  it('is live by polls alone, and opens no socket', async () => {
    server.put(tableRow())
    open({ open: openPollingSource })
    await live()
    server.put(tableRow({ progress: 44, updated_at: secondsLater(4) }))
    await passing('the change is shown', () => bench.row()?.progress === 44, 6_000)
    expect(bench.source.view).toMatchObject({ kind: 'polling', state: 'live', sockets: 0 })
    expect(server.dials).toEqual([])
  })

  it('finds out within a minute that a row is gone', async () => {
    server.put(tableRow())
    open({ open: openPollingSource })
    await live()
    server.rows.clear()
    await passing('it is gone', () => bench.row() === undefined, 66_000)
  })

  it('misses no end, however late its row shows', async () => {
    server.put(tableRow())
    server.put(tableRow({ id: 'other', updated_at: secondsLater(50) }))
    open({ open: openPollingSource })
    await live()
    // Written long before the cursor, by a transaction that ended only now.
    server.put(tableRow({ status: 'completed', progress: 100, updated_at: secondsLater(1) }))
    await passing('the end is shown', () => bench.row()?.status === 'succeeded', 66_000)
  })

  it('gives up a poll that is not answered, and says what happened meanwhile', async () => {
    server.put(tableRow())
    open({ open: openPollingSource })
    await live()
    server.onQuery = () => 'hang'
    await passing('it is noticed', () => bench.source.view.reason === 'timed_out')
    expect(bench.state).toBe('reconnecting')
    server.put(tableRow({ progress: 50, updated_at: secondsLater(30) }))
    server.onQuery = () => undefined
    await passing('it is live again', () => bench.state === 'live')
    expect(bench.source.view.gap).toMatchObject({ recovered: 1, missing: null })
  })

  it('reads a long table page by page, and the newest 5,000 of a longer one', async () => {
    for (let at = 0; at < 7_000; at += 1) {
      const micros = String(at).padStart(6, '0')
      const updated_at = `2026-11-20T10:00:00.${micros}+00:00`
      server.put(tableRow({ id: `j${at}`, status: at === 5 ? 'pending' : 'completed', updated_at }))
    }
    open({ open: openPollingSource })
    await live()
    expect(bench.row('j6999')).toBeDefined()
    expect(bench.row('j2000')).toBeDefined()
    expect(bench.row('j1999')).toBeUndefined()
    expect(bench.row('j5')?.status).toBe('queued')
    expect(server.queries.every(({ query }) => Number(query.get('limit')) <= 1_000)).toBe(true)
  })
})
