import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SocketFactory } from '../../src/main/ports.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { JobHand, startTestGateway } from '../support/gateway.ts'
import type { TestGateway } from '../support/gateway.ts'
import { RealTokens } from '../support/real-tokens.ts'
import { SocketIoBench } from '../support/socketio-bench.ts'
import { until, untilAsked } from '../support/until.ts'

/** The real gateway over a real database, with a cable in between that can be pulled. */
let gateway: TestGateway
let hand: JobHand
let proxy: FaultProxy
let tokens: RealTokens
let bench: SocketIoBench
let job: string

beforeAll(async () => {
  gateway = await startTestGateway()
  hand = new JobHand(gateway.backend)
  proxy = await FaultProxy.start(gateway.url)
})
afterAll(async () => {
  await proxy.stop()
  await gateway.stop()
})
afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
  expect(bench.tally).toEqual({ sockets: 0, timersAndRequests: 0, subscriptions: 0 })
  await untilAsked('the gateway has no connection left', async () => (await connections()) === 0)
  expect(bench.logged.join('')).not.toContain(tokens.token)
})

type Readings = Awaited<ReturnType<TestGateway['gateway']['readings']>>
async function reading(fits: (one: Readings[number]) => boolean): Promise<number> {
  return (await gateway.gateway.readings()).find(fits)?.value ?? Number.NaN
}
/** Socket.IO connections that the gateway counts. */
const connections = (): Promise<number> => reading(({ labels }) => labels?.kind === 'socketio')
/** How many changes it has told, ever. */
const told = (): Promise<number> => reading(({ name }) => name === 'feed_position')

async function open(sockets?: SocketFactory): Promise<void> {
  job = await hand.start(gateway.tenantOf(0))
  tokens = await RealTokens.signIn(gateway.backend, 0)
  bench = new SocketIoBench({
    gatewayUrl: proxy.url,
    tenantIds: [gateway.tenantOf(0)],
    supply: tokens,
    ...(sockets !== undefined && { sockets }),
  })
  await bench.live()
}
const isDial = ({ path }: { readonly path: string }): boolean =>
  path.startsWith('/socket.io/') && !path.includes('sid=')
const shows = (progress: number): Promise<void> =>
  until(`${progress} is shown`, () => bench.row(job)?.progress === progress)

const gap = () => bench.source.view.gap
const lost = (): Promise<void> => until('the drop is noticed', () => bench.state !== 'live')

interface BridgedRow {
  readonly id: string
  readonly revoked_because: string | null
  readonly rotated: number
}
/** The bridged sessions of the token in hand, with how often their refresh token was rotated. */
async function bridged(): Promise<readonly BridgedRow[]> {
  const { session_id: id } = decodeJwt(tokens.token)
  return gateway.backend.database.query<BridgedRow>(
    `select s.id, s.revoked_because, count(r.rotated_at)::int as rotated
     from public.user_sessions s join public.refresh_tokens r on r.session_id = s.id
     where s.supabase_session_id = $1 group by s.id, s.revoked_because order by s.created_at`,
    [id],
  )
}

/** WebSockets do not get through here. */
const blocked: SocketFactory = () => {
  throw Object.assign(new Error('blocked'), { code: 'ECONNREFUSED' })
}

describe.each([
  ['a websocket', undefined],
  ['polling', blocked],
])('the Socket.IO source at the gateway, over %s', (_way, sockets) => {
  it('S4: shows the jobs of its tenant, and every change', async () => {
    const theirs = await hand.start(gateway.tenantOf(2))
    await open(sockets)
    expect(bench.row(job)).toMatchObject({ status: 'running', remembered: false })
    for (const progress of [10, 20, 30]) {
      await hand.progress(job, progress)
      await shows(progress)
    }
    await hand.finish(job)
    await until('the end is shown', () => bench.row(job)?.status === 'succeeded')
    expect(bench.row(theirs)).toBeUndefined()
    expect(await connections()).toBe(1)
    expect(bench.desk.dropped).toBe(0)
  })

  it('S4: is renewed on the open socket, and the bridge rotates its cookies', async () => {
    await open(sockets)
    const before = proxy.requests.length
    await tokens.refresh()
    await untilAsked('the cookies are rotated', async () => (await bridged())[0]?.rotated === 1)
    expect(await bridged()).toHaveLength(1)
    await hand.progress(job, 40)
    await shows(40)
    const dials = proxy.requests.slice(before).filter(isDial)
    expect(dials).toEqual([])
    expect(bench.shown).toEqual(['live'])
  })

  it('S4: ends its bridged session with itself', async () => {
    await open(sockets)
    await bench.scope.close('signed out')
    expect(await bridged()).toMatchObject([{ revoked_because: 'signed_out' }])
  })
})

describe('the Socket.IO source, when the cable is pulled', () => {
  it('has 12 missed events told in order, and proves that none is missing', async () => {
    await open()
    await hand.progress(job, 10)
    await shows(10)
    proxy.mode = 'reset'
    proxy.cut()
    await lost()
    await untilAsked('the gateway sees it go', async () => (await connections()) === 0)
    const before = await told()
    for (let percent = 11; percent <= 22; percent += 1) await hand.progress(job, percent)
    await untilAsked('all are told', async () => (await told()) === before + 12)
    proxy.mode = 'pass'
    await bench.pass('it is back', () => gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 12, missing: 0 })
    expect(bench.row(job)).toMatchObject({ progress: 22, remembered: false })
    expect(await bridged()).toHaveLength(1)
  })

  it('S4: bridges again when its session was ended meanwhile, and does not claim to know all', async () => {
    await open()
    proxy.mode = 'reset'
    proxy.cut()
    await lost()
    await gateway.backend.database.query(
      "update public.user_sessions set revoked_at = clock_timestamp(), revoked_because = 'test'",
    )
    await hand.progress(job, 50)
    proxy.mode = 'pass'
    await bench.pass('it is back', () => gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 0, missing: null })
    expect(bench.row(job)?.progress).toBe(50)
    expect(await bridged()).toHaveLength(2)
  })
})

describe('the Socket.IO source, when its session ends', () => {
  it('S4: a bridged session that is ended elsewhere is bridged anew', async () => {
    await open()
    await gateway.backend.database.query(
      "update public.user_sessions set revoked_at = clock_timestamp(), revoked_because = 'test'",
    )
    await lost()
    await bench.pass('it is back', () => bench.state === 'live')
    expect(await bridged()).toHaveLength(2)
  })

  it('F45: a Supabase session that is ended stops it', async () => {
    await open()
    await gateway.signOut(tokens.token)
    await bench.pass('it stops', () => bench.source.stopped !== null)
    expect(bench.source.stopped).toBe('session_revoked')
  })
})
