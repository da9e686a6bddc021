import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { environmentOf } from '../support/gateway-alone.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { StreamClient } from '../support/stream-client.ts'
import { until as untilTrue } from '../support/until.ts'

/** `STREAM_EVENTS=20000` is a quick look; what counts is the whole. */
const events = Number(process.env.STREAM_EVENTS ?? 200_000)
const drops = 50
const jobs = 200

let redis: TestRedis
let first: TestGateway
let token: string

beforeAll(async () => {
  redis = await startTestRedis()
  first = await startTestGateway()
  token = await first.signIn(0)
  // Another tenant's jobs are in the same log, and must not be counted.
  await first.backend.database.query(
    `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at)
     select 'job_' || n, 'Job ' || n, 'ETL', case when n % 10 = 0 then $2 else $1 end, 'by-hand',
       'running', 'hand', clock_timestamp()
     from generate_series(1, $3::int) as n`,
    [first.tenantOf(0), first.tenantOf(2), jobs],
  )
})
afterAll(async () => {
  await first.stop()
  await redis.stop()
})

const offsetOf = async (tenant: string): Promise<number> => {
  const [row] = await first.backend.database.query<{ offset: number }>(
    'select max("offset")::float8 as offset from public.job_changes where tenant_id = $1',
    [tenant],
  )
  return row!.offset
}

/** A client is told so many events while it loses its connection so often; `origins` are tried in turn. */
async function stream(count: number, origins: () => readonly string[]): Promise<StreamClient> {
  const client = new StreamClient(token)
  let dialled = 0
  const connect = async (): Promise<void> => {
    for (let connected = false; !connected; dialled += 1) {
      const known = origins()
      connected = await client.connect(known[dialled % known.length]!).then(
        () => true,
        () => false,
      )
    }
  }
  const until = async (offset: number): Promise<void> => {
    while (!(await client.until(offset))) await connect()
  }
  await connect()
  const began = client.offset
  // Nine of ten are this tenant's.
  const turns = Math.ceil(count / (jobs * 0.9))
  const expected = turns * jobs * 0.9
  const writing = (async () => {
    for (let written = jobs; written <= turns * jobs; written += jobs) {
      await first.backend.database.query(
        `update public.jobs set progress = $1::float8 where queue = 'by-hand'`,
        [(written % 9_000) / 100 + written / (count * 10)],
      )
    }
  })()
  const at = fc.sample(fc.integer({ min: 1, max: expected - 1 }), drops).sort((a, b) => a - b)
  for (const moment of at) {
    await until(began + moment)
    client.drop()
    await connect()
  }
  await writing
  await until(began + expected)
  client.drop()
  expect(client.events).toBe(expected)
  return client
}

async function expectWhole(client: StreamClient): Promise<void> {
  expect(client.faults).toEqual([])
  expect(client.snapshots).toBe(1)
  expect(client.resumes).toBeGreaterThanOrEqual(drops)
  expect(client.offset).toBe(await offsetOf(first.tenantOf(0)))
  const rows = await first.backend.database.query<{ id: string; job: unknown }>(
    'select id, public.job_wire(j) as job from public.jobs j where tenant_id = $1',
    [first.tenantOf(0)],
  )
  expect(client.jobs.size).toBe(rows.length)
  for (const { id, job } of rows) expect(client.jobs.get(id)).toEqual(job)
}

describe(`${events.toLocaleString('en')} events with ${drops} lost connections`, () => {
  it('arrive once and in order', async () => {
    await expectWhole(await stream(events, () => [first.url]))
  }, 300_000)

  it('arrive once and in order from two gateways, when the one that relays is killed', async () => {
    const killable = await startProcess()
    const left = await startTestGateway({
      beside: first.backend,
      gateway: { redisUrl: redis.url },
    })
    const began = await offsetOf(first.tenantOf(0))
    let alive = [killable.url, left.url]
    const killed = (async () => {
      const watcher = new StreamClient(token)
      await watcher.connect(left.url)
      await watcher.until(began + events * 0.4)
      watcher.drop()
      alive = [left.url]
      await killable.kill()
    })()
    const client = await stream(events, () => alive)
    await killed
    await expectWhole(client)
    await untilTrue('the one that is left relays', () =>
      left.logLines.some((line) => line.includes('relays the changes')),
    )
    await left.stop()
  }, 300_000)
})

interface GatewayProcess {
  readonly url: string
  /** Without a word of goodbye. */
  readonly kill: () => Promise<void>
}

/** A gateway in a process of its own, before the same project; it relays. */
async function startProcess(): Promise<GatewayProcess> {
  const main = fileURLToPath(new URL('../../src/backend/main.ts', import.meta.url))
  const { PATH = '', HOME = '' } = process.env
  const own = { PATH, HOME, REDIS_URL: redis.url, SIGNALBOX_JOBS: 'off' }
  const child = spawn(process.execPath, [main, '--port', '0'], {
    env: { ...environmentOf(first.backend), ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const relays = Promise.withResolvers<undefined>()
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.includes('relays the changes')) relays.resolve(undefined)
  })
  const [ready] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  await relays.promise
  return {
    url: (JSON.parse(ready) as { gatewayUrl: string }).gatewayUrl,
    kill: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
