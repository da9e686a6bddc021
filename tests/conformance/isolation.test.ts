import fc from 'fast-check'
import { io, type Socket } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startTestBackend, type TestBackend } from '../support/backend.ts'
import { openSocket } from '../support/gateway.ts'

/**
 * What an operator of one tenant gets who asks for another tenant's data in every way that a path
 * allows: nothing, and the same answer as for what is not there. Every request is made twice, once
 * about something of the other tenant and once about something that never was; the two answers may
 * differ in nothing.
 */
const pairs = { http: 4_650, progress: 300, stream: 40, realtime: 40, socketio: 20 }

/** In every text that belongs to the other tenant. */
const canary = 'CANARY-of-acme'
const theirs = { id: 'job-a-000000000001', name: `${canary} nightly`, tenant: 'acme-freight' }
/** Sorted right behind theirs: comparisons put the caller's own rows on the same side of both. */
const nobodys = { id: 'job-a-000000000002', name: 'CANARY-of-acmf nightly', tenant: 'acme-freighu' }
type Subject = typeof theirs

const theirUuid = '11111111-1111-4111-8111-111111111111'
const nobodysUuid = '11111111-1111-4111-8111-111111111112'

let backend: TestBackend
let token: string

beforeAll(async () => {
  backend = await startTestBackend({
    tuning: {
      limits: { requestsPerMinute: 1e9, socketsPerUser: 1e6 },
      work: { scheduled: false },
    },
  })
  await backend.database.query(
    `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at, message, note)
     select $1 || case n when 1 then '' else '-' || n end, $2, 'ETL', $4, 'isolation', 'running',
       'w', clock_timestamp(), $3, jsonb_build_object('text', $3::text)
     from generate_series(1, 20) n`,
    [theirs.id, theirs.name, `${canary} message`, theirs.tenant],
  )
  await backend.database.query(
    `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at)
     select 'job-b-' || n, 'Own ' || n, 'ETL', 'borealis-health', 'isolation', 'running', 'w',
       clock_timestamp() from generate_series(1, 5) n`,
  )
  await backend.database.query(
    `insert into public.translation_jobs (id, tenant_id, name, document, source_language, target_language)
     values ($1, $2, $3, $3, 'de', 'en')`,
    [theirUuid, theirs.tenant, `${canary} letter`],
  )
  await backend.database.query(
    `update public.jobs set message = $1, note = $2 where tenant_id = $3`,
    [`${canary} moved`, { text: `${canary} line` }, theirs.tenant],
  )
  token = await accessToken(2)
})
afterAll(() => backend.stop())

async function accessToken(nth: number): Promise<string> {
  const { email, password } = backend.users[nth]!
  const answer = await fetch(`${backend.supabaseUrl}/auth/v1/token?grant_type=password`, {
    method: 'POST',
    headers: { apikey: backend.publishableKey, 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

/** What is left when the subject's own words, and what differs by chance, are taken out. */
function blind(text: string): string {
  return [theirs, nobodys]
    .flatMap((subject) => Object.values(subject))
    .concat(theirUuid, nobodysUuid)
    .reduce(
      (left, word) => left.replaceAll(word, '·').replaceAll(encodeURIComponent(word), '·'),
      text,
    )
    .replaceAll(/"ref":"[^"]*"/g, '"ref":"·"')
    .replaceAll(/"(epoch|at|timestamp|expires_at)":"[^"]*"/g, '"$1":"·"')
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}
type Ask = (subject: Subject, uuid: string) => Asked

const get = (path: string, headers: Asked['headers'] = {}): Asked => ({
  method: 'GET',
  path,
  headers,
  body: null,
})

const word = encodeURIComponent
const keys = ['id', 'name'] as const
const tables = [
  'jobs',
  'job_events',
  'job_changes',
  'job_heads',
  'translation_jobs',
  'user_sessions',
  'refresh_tokens',
  'audit_log',
] as const

const jobsApi: fc.Arbitrary<Ask> = fc.oneof(
  fc.record({ key: fc.constantFrom(...keys), events: fc.boolean() }).map(
    ({ key, events }): Ask =>
      (subject) =>
        get(`/api/v1/jobs/${word(subject[key])}${events ? '/events?limit=5&order=desc' : ''}`),
  ),
  fc.record({ key: fc.constantFrom(...keys), length: fc.integer({ min: 3, max: 30 }) }).map(
    ({ key, length }): Ask =>
      (subject) =>
        get(`/api/v1/jobs?search=${word(subject[key].slice(0, length))}&limit=50`),
  ),
  fc
    .record({ key: fc.constantFrom(...keys), act: fc.constantFrom('cancel', 'retry') })
    .map(({ key, act }): Ask => (subject) => ({
      ...get(`/api/v1/jobs/${word(subject[key])}/${act}`),
      method: 'POST',
      body: '{}',
    })),
  fc.constant<Ask>((subject) => ({
    ...get('/api/v1/jobs'),
    method: 'POST',
    body: JSON.stringify({ recipe: 'lab-results', tenant_id: subject.tenant }),
  })),
  fc.nat(1e6).map((hours): Ask => (subject) => {
    const at = new Date(Date.now() - (hours % 48) * 3_600_000)
    const created = at.toISOString().replace('T', ' ').replace('Z', '000+00')
    const cursor = Buffer.from(JSON.stringify([created, subject.id])).toString('base64url')
    return get(`/api/v1/jobs?cursor=${cursor}&status=running&limit=100`)
  }),
)

const columnOf = { id: 'id', name: 'name', tenant: 'tenant_id' } as const
const condition = fc.record({
  what: fc.constantFrom('id', 'name', 'tenant' as const),
  operator: fc.constantFrom('eq', 'like', 'ilike', 'in', 'gte', 'lte', 'not.neq', 'match'),
})

const rest: fc.Arbitrary<Ask> = fc
  .record({
    table: fc.constantFrom(...tables),
    where: condition,
    column: fc.constantFrom('id', 'job_id', 'name', 'tenant_id', 'user_id', 'subject'),
    select: fc.constantFrom('*', 'id', 'tenant_id', '*,job_events(*)', 'job_id,jobs(*)', 'count()'),
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'PATCH', 'DELETE', 'POST'),
    wrap: fc.constantFrom('plain', 'or', 'and'),
    prefer: fc.constantFrom('', 'count=exact', 'return=representation', 'return=minimal'),
    single: fc.boolean(),
  })
  .map(({ table, where, column, select, method, wrap, prefer, single }): Ask => (subject, uuid) => {
    const isUuid = table === 'translation_jobs' && where.what === 'id'
    const value = isUuid ? uuid : subject[where.what]
    const name = column === 'id' ? columnOf[where.what] : column
    const operand = where.operator === 'in' ? `("${value}")` : value
    const test = `${name}.${where.operator}.${operand}`
    const filter =
      wrap === 'plain'
        ? `${name}=${where.operator}.${word(operand)}`
        : `${wrap}=(${word(`${test},${test}`)})`
    return {
      method,
      path: `/rest/v1/${table}?select=${word(select)}&${method === 'POST' ? '' : filter}`,
      headers: {
        ...(prefer === '' ? {} : { prefer }),
        ...(single ? { accept: 'application/vnd.pgrst.object+json' } : {}),
      },
      body:
        method === 'PATCH' || method === 'POST'
          ? JSON.stringify(bodyFor(table, subject, uuid))
          : null,
    }
  })

const bodyFor = (table: string, subject: Subject, uuid: string): object =>
  table === 'translation_jobs'
    ? {
        id: uuid,
        tenant_id: subject.tenant,
        document: 'x.csv',
        source_language: 'de',
        target_language: 'en',
      }
    : { id: subject.id, tenant_id: subject.tenant, name: 'mine now' }

const rpc: fc.Arbitrary<Ask> = fc
  .constantFrom(
    'caller_tenants',
    'caller_admin_tenants',
    'job_wire',
    'record_job_event',
    'prune',
    'nothing',
  )
  .map((name): Ask => (subject) => ({
    ...get(`/rest/v1/rpc/${name}`),
    method: 'POST',
    body: JSON.stringify(name.startsWith('caller') ? {} : { job: { id: subject.id } }),
  }))

const anything = fc.oneof(
  { weight: 4, arbitrary: jobsApi },
  { weight: 7, arbitrary: rest },
  { weight: 1, arbitrary: rpc },
)

interface Seen {
  readonly status: number
  readonly text: string
}

async function send({ method, path, headers, body }: Asked, by = token): Promise<Seen> {
  const answer = await fetch(`${backend.gatewayUrl}${path}`, {
    method,
    body,
    headers: {
      apikey: backend.publishableKey,
      authorization: `Bearer ${by}`,
      ...(body === null ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  })
  const range = answer.headers.get('content-range') ?? ''
  return { status: answer.status, text: `${range} ${await answer.text()}` }
}

function expectSame(subject: string, about: Seen, twin: Seen): void {
  for (const told of ['message', 'moved', 'line', 'letter']) {
    expect(about.text, subject).not.toContain(`${canary} ${told}`)
  }
  expect({ status: about.status, text: blind(about.text) }, subject).toEqual({
    status: twin.status,
    text: blind(twin.text),
  })
}

describe('an operator of another tenant', () => {
  it(
    `learns nothing from ${2 * pairs.http} requests to the jobs API and to REST`,
    { timeout: 240_000 },
    async () => {
      const asks = fc.sample(anything, pairs.http)
      const statuses = new Map<number, number>()
      await inParallel(16, asks, async (ask) => {
        const about = ask(theirs, theirUuid)
        const seen = await send(about)
        const twin = await send(ask(nobodys, nobodysUuid))
        expect(seen.status, `${about.method} ${about.path}`).toBeLessThan(500)
        expectSame(`${about.method} ${about.path}`, seen, twin)
        statuses.set(seen.status, (statuses.get(seen.status) ?? 0) + 1)
      })
      // The question was understood often enough for the answer to mean something.
      expect(statuses.get(200) ?? 0).toBeGreaterThan(pairs.http / 10)
      expect(statuses.get(404) ?? 0).toBeGreaterThan(pairs.http / 20)
      const [row] = await backend.database.query<{ left: number }>(
        `select count(*)::int as left from public.jobs
         where tenant_id = $1 and name = $2 and status = 'running'`,
        [theirs.tenant, theirs.name],
      )
      expect(row?.left).toBe(20)
    },
  )

  it('is the only one to be kept in the dark: its own operator is answered', async () => {
    const own = await accessToken(0)
    let told = 0
    const reads = fc.sample(anything, 300).filter((ask) => ask(theirs, '').method === 'GET')
    await inParallel(8, reads, async (ask) => {
      const seen = await send(ask(theirs, theirUuid), own)
      const twin = await send(ask(nobodys, nobodysUuid), own)
      if (blind(seen.text) !== blind(twin.text)) told += 1
    })
    expect(told).toBeGreaterThan(reads.length / 10)
  })

  it('is told the same of a job of others as of none, on a progress socket', async () => {
    const forms = fc.sample(
      fc.record({
        key: fc.constantFrom(...keys),
        form: fc.constantFrom('header', 'query' as const),
        hint: fc.constantFrom('', '?tenant_id=acme-freight', '?tenant=acme-freight&admin=true'),
      }),
      pairs.progress,
    )
    const ask = async (subject: Subject, { key, form, hint }: (typeof forms)[number]) => {
      const path = `/ws/progress/${word(subject[key])}${form === 'header' ? hint : ''}`
      const socket = openSocket(`${backend.gatewayUrl}${path}`, token, form)
      const ending = await socket.ended
      return { ...ending, frames: socket.frames.length }
    }
    await inParallel(16, forms, async (form) => {
      const about = await ask(theirs, form)
      expect(about).toEqual(await ask(nobodys, form))
      expect(about).toMatchObject({ code: 4404, frames: 0 })
    })
  })
})

/** Runs over all of them, so many at a time; the first failure ends it. */
async function inParallel<T>(
  width: number,
  all: readonly T[],
  run: (one: T) => Promise<void>,
): Promise<void> {
  const left = all.values()
  const worker = async (): Promise<void> => {
    for (const one of left) await run(one)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

describe('while the other tenant’s jobs move', () => {
  let moving: Promise<void>
  let stop = false

  beforeAll(() => {
    moving = (async () => {
      for (let turn = 0; !stop; turn += 1) {
        await backend.database.query(
          `update public.jobs set progress = 100 * random(),
             message = case tenant_id when $1 then $2 else 'own' end
           where tenant_id = $1 or id = 'job-b-1'`,
          [theirs.tenant, `${canary} moving ${turn}`],
        )
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })()
  })
  afterAll(async () => {
    stop = true
    await moving
  })

  it('a stream resumed from anywhere tells of the own tenant only', async () => {
    const starts = fc.sample(
      fc.record({ epoch: fc.constantFrom('none', 'own', 'theirs'), offset: fc.nat(5_000) }),
      pairs.stream,
    )
    const epochs = { none: 'none', own: await epochOf(2), theirs: await epochOf(0) }
    await inParallel(8, starts, async ({ epoch, offset }) => {
      const socket = openSocket(`${backend.gatewayUrl}/ws`, token)
      socket.socket.on('open', () => {
        socket.socket.send(JSON.stringify({ type: 'resume', epoch: epochs[epoch], offset }))
      })
      const frames = await socket.until(6)
      const tenants = new Set(JSON.stringify(frames).match(/"tenant_id":"[^"]*"/g))
      expect([...tenants]).toEqual(['"tenant_id":"borealis-health"'])
      socket.socket.terminate()
    })
  })

  it('Realtime delivers nothing of it, whatever is subscribed to', async () => {
    const configs = fc.sample(
      fc.record({
        table: fc.constantFrom('jobs', 'translation_jobs', 'job_events', 'user_sessions', '*'),
        filter: fc.constantFrom(
          undefined,
          'tenant_id=eq.acme-freight',
          `id=eq.${theirs.id}`,
          `name=like.${canary}%`,
          'progress=gte.0',
          'tenant_id=in.(acme-freight,borealis-health)',
        ),
        event: fc.constantFrom('*', 'UPDATE', 'INSERT'),
      }),
      pairs.realtime,
    )
    await inParallel(8, configs, async ({ table, filter, event }) => {
      const heard = await listen({ event, schema: 'public', table, ...(filter && { filter }) })
      for (const text of heard) expect(text).not.toContain(`"tenant_id":"${theirs.tenant}"`)
      for (const text of heard) expect(text).not.toContain(canary)
    })
  })

  it('Socket.IO emits nothing of it, whatever the handshake claims', async () => {
    const bridged = await fetch(`${backend.gatewayUrl}/api/auth/session/bridge`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(bridged.status).toBe(200)
    const claims = fc.sample(
      fc.record({
        query: fc.constantFrom(
          {},
          { tenant_id: theirs.tenant },
          { room: `tenant:${theirs.tenant}` },
        ),
        transport: fc.constantFrom('websocket' as const, 'polling' as const),
      }),
      pairs.socketio,
    )
    await inParallel(4, claims, async ({ query, transport }) => {
      const socket: Socket = io(backend.gatewayUrl, {
        transports: [transport],
        query,
        auth: { token, ...query },
        forceNew: true,
        reconnection: false,
      })
      const heard: unknown[] = []
      const enough = Promise.withResolvers<undefined>()
      socket.on('connect_error', (error) => enough.reject(error))
      socket.onAny((...message) => {
        heard.push(message)
        if (heard.length > 5) enough.resolve(undefined)
      })
      await enough.promise
      socket.disconnect()
      expect(JSON.stringify(heard)).not.toContain(canary)
    })
  })
})

async function epochOf(nth: number): Promise<string> {
  const answer = await fetch(`${backend.gatewayUrl}/api/v1/jobs?limit=1`, {
    headers: { authorization: `Bearer ${await accessToken(nth)}` },
  })
  return ((await answer.json()) as { epoch: string }).epoch
}

/** Everything that a Realtime channel hears within a second after it is told to be active. */
function listen(params: object): Promise<string[]> {
  const url = `${backend.supabaseUrl.replace('http', 'ws')}/realtime/v1/websocket?vsn=2.0.0&apikey=${backend.publishableKey}`
  const socket = new WebSocket(url)
  const { promise, resolve, reject } = Promise.withResolvers<string[]>()
  const heard: string[] = []
  socket.on('open', () => {
    const config = { postgres_changes: [params] }
    const join = ['1', '1', 'realtime:isolation', 'phx_join', { config, access_token: token }]
    socket.send(JSON.stringify(join))
  })
  socket.on('message', (data: Buffer) => {
    const text = data.toString('utf8')
    if (text.includes('"postgres_changes",{"data"') || text.includes('"postgres_changes",{"ids"')) {
      heard.push(text)
    }
    if (!text.includes('"system"')) return
    setTimeout(() => {
      socket.terminate()
      resolve(heard)
    }, 1_000)
  })
  socket.on('error', reject)
  return promise
}
