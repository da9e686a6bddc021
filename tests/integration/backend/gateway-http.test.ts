import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wireJobSchema, type WireJob } from '../../../src/shared/job.ts'
import { JobHand, startTestGateway, type Got, type TestGateway } from '../../support/gateway.ts'

let gateway: TestGateway
let hand: JobHand
let alice: string
let bea: string
let mine: string[]
let theirs: string

beforeAll(async () => {
  gateway = await startTestGateway({ limits: { requestsPerMinute: 400 } })
  hand = new JobHand(gateway.backend)
  alice = await gateway.signIn(0)
  bea = await gateway.signIn(2)
  mine = []
  for (let n = 1; n <= 7; n += 1) {
    mine.push(await hand.start(gateway.tenantOf(0), { name: `Import 100%_${n}` }))
  }
  theirs = await hand.start(gateway.tenantOf(2), { name: 'Private import' })
  await hand.say(theirs, 'a private line')
  await hand.finish(mine[0]!)
})
afterAll(() => gateway.stop())

interface Page {
  readonly jobs: WireJob[]
  readonly next_cursor: string | null
  readonly epoch: string
  readonly offset: number
}
const jobs = async (query = '', token = alice): Promise<Page> => {
  const { status, body } = await gateway.get(`/api/v1/jobs${query}`, token)
  expect(status).toBe(200)
  return body as Page
}
const idsOf = (page: Page): string[] => page.jobs.map((job) => job.id)
const errorOf = ({ status, body }: Got): unknown => {
  const { error } = body as { error: { code: string; message: string } }
  return { status, code: error.code, message: error.message }
}

describe('discovery', () => {
  it('lists the active jobs of the tenants in the token, in the agreed shape', async () => {
    const { status, body } = await gateway.get('/api/v1/websocket/status?active_jobs=true', alice)
    expect(status).toBe(200)
    const found = body as { tenant_ids: string[]; active_jobs: WireJob[]; connections: number }
    expect(found.tenant_ids).toEqual([gateway.tenantOf(0)])
    expect(found.connections).toBe(0)
    expect(found.active_jobs.map((job) => job.id).sort()).toEqual(mine.slice(1).sort())
    for (const job of found.active_jobs) expect(wireJobSchema.parse(job)).toEqual(job)
  })

  it('counts only the sockets of the caller’s tenants', async () => {
    const watcher = gateway.open(`/ws/progress/${theirs}`, bea)
    await watcher.until(1)
    const count = async (token: string) =>
      ((await gateway.get('/api/v1/websocket/status', token)).body as { connections: number })
        .connections
    expect(await count(alice)).toBe(0)
    expect(await count(bea)).toBe(1)
    watcher.socket.terminate()
  })
})

describe('the list of jobs', () => {
  it('comes newest first, in pages without a gap or a double', async () => {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`
      const page: Page = await jobs(`?limit=3${query}`)
      seen.push(...idsOf(page))
      cursor = page.next_cursor
      // A job that comes in between moves no page.
      if (cursor !== null && seen.length === 3)
        await hand.start(gateway.tenantOf(0), { name: 'late' })
    } while (cursor !== null)
    expect(seen).toEqual([...mine].reverse())
    await gateway.backend.database.query(`delete from public.jobs where name = 'late'`)
  })

  it('filters by status, by time and by text taken literally', async () => {
    expect(idsOf(await jobs('?status=succeeded'))).toEqual([mine[0]])
    expect(idsOf(await jobs('?status=running,succeeded'))).toHaveLength(7)
    expect(idsOf(await jobs(`?search=${encodeURIComponent('100%_3')}`))).toEqual([mine[2]])
    expect(idsOf(await jobs(`?search=${encodeURIComponent('%3')}`))).toEqual([])
    expect(idsOf(await jobs(`?search=${encodeURIComponent("' or 1=1 --")}`))).toEqual([])
    const since = (await jobs('?status=succeeded')).jobs[0]!.updated_at
    expect(idsOf(await jobs(`?since=${encodeURIComponent(since)}`))).toEqual([mine[0]])
  })

  it('names epoch and offset, and the offset rises with events of the own tenant', async () => {
    const before = await jobs()
    await hand.progress(theirs, 12)
    expect((await jobs()).offset).toBe(before.offset)
    await hand.progress(mine[1]!, 12)
    const after = await jobs()
    expect(after.offset).toBeGreaterThan(before.offset)
    expect(after.epoch).toBe(before.epoch)
  })
})

describe('the lines of a job', () => {
  it('come oldest first, page by page, and only lines', async () => {
    const id = mine[2]!
    for (let n = 1; n <= 5; n += 1) {
      await hand.progress(id, n)
      await hand.say(id, `line ${n}`)
    }
    const texts: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await gateway.get(`/api/v1/jobs/${id}/events?limit=2${query}`, alice)
      const page = body as { events: { text: string; seq: number }[]; next_cursor: string | null }
      texts.push(...page.events.map((event) => event.text))
      cursor = page.next_cursor
    }
    expect(texts).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5'])
    const newest = await gateway.get(`/api/v1/jobs/${id}/events?order=desc`, alice)
    const turned = newest.body as { events: { text: string }[] }
    expect(turned.events.map((event) => event.text)).toEqual([...texts].reverse())
    const { body } = await gateway.get(`/api/v1/jobs/${id}/events?attempt=2`, alice)
    expect(body).toEqual({ events: [], next_cursor: null })
  })
})

describe('another tenant', () => {
  it('gets nothing, and cannot tell a foreign job from none', async () => {
    expect(idsOf(await jobs('', bea))).toEqual([theirs])
    expect(idsOf(await jobs(`?search=${mine[1]}`, bea))).toEqual([])
    for (const suffix of ['', '/events']) {
      const foreign = await gateway.get(`/api/v1/jobs/${mine[1]}${suffix}`, bea)
      const unknown = await gateway.get(`/api/v1/jobs/job_nowhere${suffix}`, bea)
      const byName = await gateway.get(`/api/v1/jobs/Import%20100%25_2${suffix}`, bea)
      expect(errorOf(foreign)).toEqual({
        status: 404,
        code: 'job_unknown',
        message: 'There is no such job.',
      })
      expect(errorOf(unknown)).toEqual(errorOf(foreign))
      expect(errorOf(byName)).toEqual(errorOf(foreign))
      const named = ({ headers }: Got) => [...headers.keys()].sort()
      expect(named(unknown)).toEqual(named(foreign))
    }
  })

  it('gets nothing from the tables either, asked under its own claims', async () => {
    const claims = { app_metadata: { tenant_id: gateway.tenantOf(2) } }
    const { database } = gateway.backend
    const rows = await database.asCaller({ role: 'authenticated', claims }, async (inside) => ({
      jobs: await inside.query('select distinct tenant_id from public.jobs'),
      events: await inside.query('select distinct tenant_id from public.job_events'),
    }))
    const only = [{ tenant_id: gateway.tenantOf(2) }]
    expect(rows).toEqual({ jobs: only, events: only })
    const anonymous = database.asCaller({ role: 'anon', claims: {} }, (inside) =>
      inside.query('select * from public.jobs'),
    )
    await expect(anonymous).rejects.toMatchObject({ code: '42501' })
    const audit = database.asCaller({ role: 'authenticated', claims }, (inside) =>
      inside.query('select * from public.audit_log'),
    )
    await expect(audit).rejects.toMatchObject({ code: '42501' })
    const writing = database.asCaller({ role: 'authenticated', claims }, (inside) =>
      inside.query(`update public.jobs set message = 'x'`),
    )
    await expect(writing).rejects.toMatchObject({ code: '42501' })
  })
})

const cursorOf = (created: string): string =>
  Buffer.from(JSON.stringify([created, 'job_1'])).toString('base64url')

describe('a hostile request', () => {
  it.each([
    ['?limit=0', 'limit'],
    ['?limit=501', 'limit'],
    ['?limit=1e2', 'limit'],
    ['?limit=1&limit=2', 'limit'],
    ['?status=running,nonsense', 'status'],
    ['?since=yesterday', 'since'],
    ['?since=0000-01-01T00:00:00Z', 'since'],
    ['?since=9999-12-31T23:59:59-01:00', 'since'],
    ['?search=', 'search'],
    ['?search=a%00b', 'search'],
    [`?cursor=${cursorOf('2026-02-30 00:00:00+00')}`, 'cursor'],
    [`?cursor=${cursorOf('0000-01-01 00:00:00+00')}`, 'cursor'],
    [`?search=${'x'.repeat(101)}`, 'search'],
    ['?cursor=%00', 'cursor'],
    ['?cursor=WyJ4IiwieSJd', 'cursor'],
    ['?tenant_id=1', 'tenant_id'],
    ['?__proto__=1', '__proto__'],
  ])('is answered with the field at fault: jobs%s', async (query, field) => {
    const answer = errorOf(await gateway.get(`/api/v1/jobs${query}`, alice)) as { message: string }
    expect(answer).toMatchObject({ status: 422, code: 'query_invalid' })
    expect(answer.message.startsWith(`${field}:`)).toBe(true)
  })

  it.each(['..%2F..%2Fetc', '%00', 'a%0d%0ab', "'%20or%201=1", 'x'.repeat(129), '%252e%252e'])(
    'finds no job: %s',
    async (segment) => {
      const answer = await gateway.get(`/api/v1/jobs/${segment}`, alice)
      expect(errorOf(answer)).toMatchObject({ status: 404, code: 'job_unknown' })
    },
  )

  it.each([
    '/ws/',
    '/ws/',
    '/ws/progress',
    '/ws/progress/',
    '/ws/progress/a/b',
    '/ws/progress/../x',
    '/ws/other/a',
    '//ws/progress/a',
  ])('upgrades nowhere but on a path of sockets: %s', async (path) => {
    const { ended } = gateway.open('', null)
    expect((await ended).code).toBe(404)
    const { port } = new URL(gateway.url)
    const { get } = await import('node:http')
    const status = await new Promise((resolve) => {
      const request = get({
        port,
        host: '127.0.0.1',
        path,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': Buffer.alloc(16).toString('base64'),
          authorization: `Bearer ${alice}`,
        },
      })
      request.on('response', (response) => resolve(response.statusCode))
      request.on('upgrade', (_response, socket) => {
        socket.destroy()
        resolve(101)
      })
    })
    expect(status).toBe(404)
  })

  it('may name any time zone that there is', async () => {
    const since = encodeURIComponent('2026-01-01T00:00:00+23:59')
    expect((await gateway.get(`/api/v1/jobs?since=${since}`, alice)).status).toBe(200)
  })

  it('has its error in the one shape even where the address cannot be read', async () => {
    const answer = await gateway.get(`/api/v1/jobs/%E0%A4%A`, alice)
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 'request_invalid' })
    const nowhere = await gateway.get('/nowhere')
    expect(nowhere).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found', ref: expect.any(String) as string } },
    })
  })

  it('finds a job by an id or a name as long as they may be', async () => {
    const id = 'j'.repeat(128)
    const name = 'ü'.repeat(128)
    await hand.start(gateway.tenantOf(0), { id, name })
    for (const key of [id, encodeURIComponent(name)]) {
      expect(await gateway.get(`/api/v1/jobs/${key}`, alice)).toMatchObject({ body: { id } })
    }
  })

  it('is slowed down when it comes too often', async () => {
    const amir = await gateway.signIn(1)
    let last = await gateway.get('/api/v1/jobs?limit=1', amir)
    for (let n = 0; n < 600 && last.status === 200; n += 1) {
      last = await gateway.get('/api/v1/jobs?limit=1', amir)
    }
    expect(errorOf(last)).toMatchObject({ status: 429, code: 'rate_limited' })
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await gateway.get('/api/v1/jobs', bea)).status).toBe(200)
  })
})
