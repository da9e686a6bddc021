import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway, type Gateway } from '../../../src/backend/gateway/gateway.ts'
import { createHttp, listen } from '../../../src/backend/http.ts'
import { routeUpgrades } from '../../../src/backend/http-upgrades.ts'
import { createLog } from '../../../src/backend/log.ts'
import { createVerifier } from '../../../src/backend/tokens/verifier.ts'
import { BridgeCaller } from '../../support/bridge-caller.ts'
import { JobHand, startTestGateway, type TestGateway } from '../../support/gateway.ts'
import { startTestRedis, type TestRedis } from '../../support/redis.ts'
import { connectIo, type IoClient } from '../../support/socketio-client.ts'
import { until } from '../../support/until.ts'

/** Two gateways over one database and one Redis. */
let redis: TestRedis
let one: TestGateway
let two: { readonly url: string; readonly stop: () => Promise<void> }
let hand: JobHand

beforeAll(async () => {
  redis = await startTestRedis()
  one = await startTestGateway({ gateway: { redisUrl: redis.url } })
  two = await startSecond(one)
  hand = new JobHand(one.backend)
})
afterAll(async () => {
  await two.stop()
  await one.stop()
  await redis.stop()
})

async function startSecond(first: TestGateway): Promise<typeof two> {
  const { database, sessions, supabaseUrl } = first.backend
  const log = createLog('second', () => undefined)
  const verifier = createVerifier({
    keys: { algorithm: 'ES256', jwks: new URL(`${supabaseUrl}/auth/v1/.well-known/jwks.json`) },
    tenantClaim: 'app_metadata.tenant_id',
    leewaySeconds: 30,
    sessionAlive: (id) => sessions.alive(id),
  })
  const gateway: Gateway = createGateway({ database, verifier, sessions, log, redisUrl: redis.url })
  const app = await createHttp(log)
  gateway.register(app)
  routeUpgrades(app.server, [gateway.takeUpgrade], log)
  const port = await listen(app, { host: '127.0.0.1', port: 0 })
  await gateway.start()
  const stop = async (): Promise<void> => {
    await gateway.close()
    await app.close()
  }
  return { url: `http://127.0.0.1:${port}`, stop }
}

const seen = ({ events }: IoClient, id: string): number[] => [
  ...new Set(events.filter(({ job }) => job.id === id).map(({ job }) => job.progress)),
]

describe('two gateways on one Redis', () => {
  it('tell their clients the same, and a session bridged at one is good at the other', async () => {
    const own = new BridgeCaller(one.url)
    await own.bridge(await one.signIn(0))
    const options = { extraHeaders: { cookie: own.cookie } }
    const here = connectIo(one.url, options)
    const there = connectIo(two.url, options)
    await until('both are greeted', () => here.snapshots.length + there.snapshots.length === 2)
    const id = await hand.start(one.tenantOf(0))
    for (const percent of [10, 20, 30]) await hand.progress(id, percent)
    const all = [0, 10, 20, 30]
    await until('here all is told', () => seen(here, id).length === 4)
    await until('there all is told', () => seen(there, id).length === 4)
    expect(seen(here, id)).toEqual(all)
    expect(seen(there, id)).toEqual(all)
    // Ended at one, gone at both.
    await own.end()
    await until('both are closed', () => here.endings.length + there.endings.length === 2)
    for (const { socket } of [here, there]) socket.disconnect()
  })

  it('let a client that was cut from one catch up at the other', async () => {
    const own = new BridgeCaller(one.url)
    await own.bridge(await one.signIn(0))
    // One way in for both, as a balancer would be: the socket is made anew at the other address.
    const client = connectIo(one.url, {
      extraHeaders: { cookie: own.cookie },
      reconnectionDelay: 1_000,
      reconnectionDelayMax: 1_000,
      randomizationFactor: 0,
    })
    await until('it is greeted', () => client.snapshots.length === 1)
    const id = await hand.start(one.tenantOf(0))
    await until('it is told', () => seen(client, id).length === 1)
    const manager = client.socket.io as unknown as { uri: string }
    manager.uri = two.url
    client.socket.io.engine.close()
    await hand.progress(id, 50)
    await until('it has caught up', () => seen(client, id).length === 2)
    expect(client.socket.recovered).toBe(true)
    expect(client.snapshots).toHaveLength(1)
    client.socket.disconnect()
  })

  it('tell their own clients while Redis is away, and all of them when it is back', async () => {
    const token = await one.signIn(0)
    await new BridgeCaller(one.url).bridge(token)
    const clients = [one.url, two.url].map((url) => connectIo(url, { auth: { token } }))
    const all = (what: string, is: (client: IoClient) => boolean): Promise<void> =>
      until(what, () => clients.every(is))
    await all('they are greeted', ({ snapshots }) => snapshots.length === 1)
    await redis.kill()
    const id = await hand.start(one.tenantOf(0))
    await hand.progress(id, 40)
    await all('they are told', (client) => seen(client, id).includes(40))
    await redis.start()
    await all('they are told anew', ({ snapshots }) => snapshots.length === 2)
    await hand.progress(id, 60)
    await all('they are told again', (client) => seen(client, id).includes(60))
    for (const { socket } of clients) socket.disconnect()
  })
})
