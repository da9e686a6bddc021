import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/backend/database/pool.ts'
import { createFanOut, type FanOut } from '../../../src/backend/gateway/fan-out/fan-out.ts'
import type { JobChange } from '../../../src/backend/gateway/feed.ts'
import { pruneRecords } from '../../../src/backend/jobs/pruner.ts'
import { createLog } from '../../../src/backend/log.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { JobHand } from '../../support/gateway.ts'
import { startTestRedis, type TestRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'

let backend: TestBackend
let hand: JobHand
let redis: TestRedis
const lines: string[] = []
const log = createLog('gateway', (line) => void lines.push(line), 'debug')

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  hand = new JobHand(backend)
})
beforeEach(async () => {
  redis = await startTestRedis()
})
const open: Gate[] = []
afterEach(async () => {
  for (const gate of open.splice(0)) await gate.close()
  await redis.stop()
})
afterAll(() => backend.stop())

interface Gate {
  readonly fanOut: FanOut
  readonly heard: JobChange[]
  /** How often some were lost for good. */
  readonly lost: () => number
  readonly close: () => Promise<void>
}

/** The feed of one gateway, with connections of its own. */
async function gate(redisUrl: string | null): Promise<Gate> {
  const database = openDatabase({ connection: backend.database.connection }, log)
  const fanOut = createFanOut({ database, redisUrl, onRelayed: () => undefined, log })
  const heard: JobChange[] = []
  let lost = 0
  fanOut.feed.subscribe((changes) => {
    if (changes === null) lost += 1
    else heard.push(...changes)
  })
  await fanOut.start()
  let closing: Promise<void> | null = null
  const end = async (): Promise<void> => {
    await fanOut.close()
    await database.close()
  }
  const own = { fanOut, heard, lost: () => lost, close: () => (closing ??= end()) }
  open.push(own)
  return own
}

async function newest(): Promise<number> {
  const [row] = await backend.database.query<{ position: number }>(
    'select coalesce(max(position), 0)::float8 as position from public.job_changes',
  )
  return row!.position
}

/** Everything since `from` has arrived at every gate, once and in order. */
async function expectAll(gates: readonly Gate[], from: number): Promise<void> {
  const to = await newest()
  await until('all have heard', () => gates.every(({ fanOut }) => fanOut.feed.position >= to))
  const rows = await backend.database.query<{ position: number }>(
    `select position::float8 as position from public.job_changes
     where position > $1 and position <= $2 order by position`,
    [from, to],
  )
  const expected = rows.map((row) => row.position)
  for (const { heard, lost } of gates) {
    expect(lost()).toBe(0)
    const positions = heard.map((change) => change.position)
    expect(positions.filter((position) => position > from && position <= to)).toEqual(expected)
  }
}

const relays = (): number => lines.filter((line) => line.includes('relays the changes')).length

async function relayed(): Promise<void> {
  const before = relays()
  await until('somebody relays', () => relays() > before)
}

async function write(count: number): Promise<void> {
  const id = await hand.start('acme-freight')
  for (let n = 1; n < count; n += 1) await hand.progress(id, (n / count) * 99)
}

const cutAll = (): Promise<unknown> =>
  backend.database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where pid <> pg_backend_pid() and backend_type = 'client backend'`,
  )

describe('several gateways', () => {
  it('hear every change once and in order, through Redis', async () => {
    const leading = relayed()
    const gates = [await gate(redis.url), await gate(redis.url), await gate(null)]
    await leading
    const from = await newest()
    await Promise.all([write(60), write(60)])
    await expectAll(gates, from)
    const [change] = gates[1]!.heard
    expect(change?.job).toMatchObject({ id: change?.jobId, tenant_id: 'acme-freight' })
    expect(change?.changes).toMatchObject({ status: 'running' })
  })

  it('hear on when the one that relays is gone', async () => {
    const leading = relayed()
    const first = await gate(redis.url)
    await leading
    const others = [await gate(redis.url), await gate(redis.url)]
    const from = await newest()
    await write(30)
    const next = relayed()
    await Promise.all([first.close(), write(60)])
    await expectAll(others, from)
    await next
    await write(30)
    await expectAll(others, from)
  })

  it('hear on without Redis, and with a Redis that comes back empty', async () => {
    const leading = relayed()
    const gates = [await gate(redis.url), await gate(redis.url)]
    await leading
    const from = await newest()
    await write(20)
    await redis.kill()
    await write(40)
    await expectAll(gates, from)
    const again = relayed()
    await redis.start()
    await again
    await write(40)
    await expectAll(gates, from)
    expect(lines.join('\n')).toContain('Redis cannot be reached')
  })

  it('start without Redis', async () => {
    await redis.kill()
    const alone = await gate(redis.url)
    const from = await newest()
    await write(5)
    await expectAll([alone], from)
  })

  it('take no notice of what strangers write into Redis', async () => {
    const leading = relayed()
    const gates = [await gate(redis.url), await gate(redis.url)]
    await leading
    const from = await newest()
    const client = await createClient({ url: redis.url }).connect()
    await write(5)
    await until('it came through Redis', () => gates[1]!.heard.length >= 5)
    const [key = ''] = await client.keys('signalbox:job-changes:*')
    expect(await client.xLen(key)).toBeGreaterThan(0)
    const forged = { ...gates[0]!.heard[0]!, position: from + 6, tenantId: 'borealis-health' }
    for (const batch of ['', '{', '[]', JSON.stringify({ after: from + 5, changes: [forged] })]) {
      await client.xAdd(key, '*', { batch })
    }
    await client.xAdd(key, '*', { other: 'x' })
    await write(5)
    await expectAll(gates, from)
    client.destroy()
  })

  it('hear on when the database has cut their connections', async () => {
    const leading = relayed()
    const gates = [await gate(redis.url), await gate(null)]
    await leading
    const from = await newest()
    await write(10)
    await cutAll()
    await write(30).catch(() => write(30))
    await expectAll(gates, from)
  })
})

describe('the log of changes', () => {
  const epoch = () => backend.database.query('select epoch from public.job_stream')
  it('starts over where the database has come back without its last changes', async () => {
    const one = await gate(null)
    const from = await newest()
    await write(10)
    await expectAll([one], from)
    const before = await epoch()
    // As after a crash, which takes along the commits that nobody waited for.
    await backend.database.query('delete from public.job_changes where position > $1', [from + 5])
    await backend.database.query(`select setval('public.job_changes_position', $1)`, [from + 5])
    await cutAll()
    await until('it is noticed', () => one.lost() === 1)
    expect(await epoch()).not.toEqual(before)
    one.heard.splice(0)
    await write(3)
    await until('what comes then is heard', () => one.heard.length === 3)
  })

  it('is told to all, also beside one who fails, who then starts over', async () => {
    const one = await gate(null)
    const told: (number | null)[] = []
    one.fanOut.feed.subscribe((changes) => {
      told.push(changes?.length ?? null)
      if (changes !== null) throw new Error('cannot')
    })
    const heard: JobChange[] = []
    one.fanOut.feed.subscribe((changes) => heard.push(...(changes ?? [])))
    await write(1)
    await until('the last one has heard', () => heard.length === 1)
    expect(told).toEqual([1, null])
  })

  it('is in the order of commits, however transactions overlap', async () => {
    const one = await gate(null)
    const from = await newest()
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const id = await hand.start(n % 2 === 0 ? 'acme-freight' : 'borealis-health')
        for (let step = 1; step <= 20; step += 1) {
          await backend.database.tx(async (inside) => {
            await inside.query('update public.jobs set progress = $2 where id = $1', [id, step])
            await inside.query('update public.jobs set progress = $2 where id = $1', [
              id,
              step + 0.5,
            ])
          })
        }
      }),
    )
    await expectAll([one], from)
    const offsets = Map.groupBy(one.heard, (change) => change.tenantId)
    for (const changes of offsets.values()) {
      const first = changes[0]!.offset
      expect(changes.map((change) => change.offset)).toEqual(changes.map((_, n) => first + n))
    }
  })

  it('keeps 10,000 changes of each tenant, and all of the last ten minutes', async () => {
    const { database } = backend
    await database.query(
      `insert into public.job_changes
         (tenant_id, "offset", position, job_id, attempt, seq, job, changes, at)
       select tenant, n, nextval('public.job_changes_position'), 'j', 1, n, '{}', '{}',
         clock_timestamp() - case tenant when 'old' then interval '11 minutes' else '9 minutes' end
       from unnest(array['old', 'new']) as tenant, generate_series(1, 16000) as n`,
    )
    await pruneRecords(database)
    const left = await database.query(
      `select tenant_id as tenant, min("offset")::int as first, max("offset")::int as last
       from public.job_changes where tenant_id in ('old', 'new') group by 1 order by 1`,
    )
    expect(left).toEqual([
      { tenant: 'new', first: 1, last: 16_000 },
      { tenant: 'old', first: 6_001, last: 16_000 },
    ])
  })

  it('starts another epoch when it is emptied', async () => {
    const before = await epoch()
    await backend.database.query('truncate public.job_changes')
    expect(await epoch()).not.toEqual(before)
  })
})
