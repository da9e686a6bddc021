import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/main/lib/secret.ts'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { Socket, SocketFactory, SocketHandlers } from '../../src/main/ports.ts'
import { openPollingSource } from '../../src/main/sources/polling-source.ts'
import { openProgressSource } from '../../src/main/sources/progress-source.ts'
import { openRealtimeSource } from '../../src/main/sources/realtime-source.ts'
import { startTestBackend } from '../support/backend.ts'
import type { TestBackend } from '../support/backend.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startTestGateway } from '../support/gateway.ts'
import type { TestGateway } from '../support/gateway.ts'
import { SessionSupply } from '../support/session-supply.ts'
import { SourceBench } from '../support/source-bench.ts'
import { SupabaseClients } from '../support/supabase-clients.ts'
import { until } from '../support/until.ts'

const jobs = {
  table: 'jobs',
  columns: {
    kind: 'kind',
    step: 'step',
    counters: 'counters',
    seq: 'seq',
    finishedAt: 'finished_at',
  },
}

let backend: TestBackend
let gateway: TestGateway
let clients: SupabaseClients
let bench: SourceBench
const dialled: { readonly socket: Socket; readonly handlers: SocketHandlers }[] = []

/** Real sockets that a test can cut. */
const cutable: SocketFactory = (request) => {
  const socket = openSocket(request)
  dialled.push({ socket, handlers: request.handlers })
  return socket
}
function cut(): void {
  const { socket, handlers } = dialled.at(-1)!
  socket.terminate()
  handlers.close({ code: 1006, reason: '', status: null, retryAfterMs: null, errorCode: null })
}

type Options = Partial<ConstructorParameters<typeof SourceBench>[0]>

/** A source of the nth demo user. */
async function open(options: Options = {}, nth = 0): Promise<SessionSupply> {
  const supply = await SessionSupply.of(await clients.signedIn(nth))
  bench = new SourceBench({
    open: openRealtimeSource,
    gatewayUrl: gateway.url,
    supabaseUrl: backend.supabaseUrl,
    publishableKey: backend.publishableKey,
    tenantIds: [backend.users[nth]!.tenantId],
    sockets: cutable,
    clock: new FakeClock(Date.now()),
    supply,
    ...options,
  })
  return supply
}
const live = (): Promise<void> => until('it is live', () => bench.state === 'live')
/** The wait before the next dial. */
const redial = (): Promise<void> =>
  bench.clock.advance(bench.source.view.nextTryAtMs! - bench.clock.now())

const sql = (text: string, values: unknown[] = []) => backend.database.query(text, values)
const addJob = (id: string, tenant = 'acme-freight') =>
  sql(`insert into public.jobs (id, name, kind, tenant_id) values ($1, $1, 'import', $2)`, [
    id,
    tenant,
  ])
async function addTranslation(name: string | null, tenant = 'acme-freight'): Promise<string> {
  const [row] = await backend.database.query<{ id: string }>(
    `insert into public.translation_jobs (tenant_id, name, document, source_language, target_language)
     values ($1, $2, 'notes.csv', 'de', 'en') returning id`,
    [tenant, name],
  )
  return row!.id
}
const run = (id: string, progress: number) =>
  sql(
    `update public.jobs set status = 'running', worker = 'w', progress = $2,
       started_at = coalesce(started_at, clock_timestamp()) where id = $1`,
    [id, progress],
  )
const finish = (id: string) =>
  sql(
    `update public.jobs set status = 'succeeded', progress = 100, finished_at = clock_timestamp()
     where id = $1`,
    [id],
  )

beforeAll(async () => {
  backend = await startTestBackend({
    idle: true,
    realtime: { limits: { joinErrorDelayMs: 0, handshakeDelayMs: 0 } },
  })
  gateway = await startTestGateway({ beside: backend })
  clients = new SupabaseClients(backend)
})
beforeEach(async () => {
  await sql('delete from public.translation_jobs')
  await sql('delete from public.jobs')
})
afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
  expect(bench.scope.size).toBe(0)
  dialled.length = 0
})
afterAll(async () => {
  await clients.dispose()
  await gateway.stop()
  await backend.stop()
})

describe('the realtime source against the embedded Supabase', () => {
  it('follows translation jobs by the mapping that a profile has by itself', async () => {
    const id = await addTranslation('Terms of use')
    await open()
    await live()
    expect(bench.row(id)).toMatchObject({ name: 'Terms of use', status: 'queued', byTime: true })
    await run(id, 30)
    await until('it runs', () => bench.row(id)?.progress === 30)
    expect(bench.row(id)?.status).toBe('running')
    const later = await addTranslation('Privacy')
    await until('the next one is shown', () => bench.row(later) !== undefined)
    await finish(id)
    await until('it has ended', () => bench.row(id)?.status === 'succeeded')
    await sql('delete from public.translation_jobs where id = $1', [later])
    await until('it is gone', () => bench.row(later) === undefined)
    expect(bench.desk.dropped).toBe(0)
  })

  it('follows a numbered table, and proves what an interruption came to', async () => {
    await addJob('a')
    await addJob('b')
    await open({ jobTable: jobs })
    await live()
    await run('a', 20)
    await until('it runs', () => bench.row('a')?.progress === 20)
    expect(bench.row('a')).toMatchObject({ seq: 2, kind: 'import', status: 'running' })
    expect(bench.row('a')?.byTime).toBeUndefined()

    cut()
    await until('the loss is noticed', () => bench.state === 'reconnecting')
    await run('a', 40)
    await addJob('c')
    await redial()
    await live()
    expect(bench.row('a')?.progress).toBe(40)
    expect(bench.source.view.gap).toMatchObject({ recovered: 2, missing: 0 })

    cut()
    await until('the loss is noticed', () => bench.state === 'reconnecting')
    await run('a', 50)
    await run('a', 60)
    await sql('delete from public.jobs where id = $1', ['b'])
    await redial()
    await live()
    expect(bench.rows.map(({ id }) => id).sort()).toEqual(['a', 'c'])
    expect(bench.row('a')?.progress).toBe(60)
    expect(bench.source.view.gap).toMatchObject({ recovered: 1, missing: null })
  })

  it('hears nothing of another tenant', async () => {
    await addJob('theirs', 'borealis-health')
    await open({ jobTable: jobs })
    await live()
    await run('theirs', 50)
    await addJob('ours')
    await until('ours is shown', () => bench.row('ours') !== undefined)
    await sql('delete from public.jobs where id = $1', ['theirs'])
    await run('ours', 70)
    await until('ours moves', () => bench.row('ours')?.progress === 70)
    expect(bench.rows.map(({ id }) => id)).toEqual(['ours'])
    expect(bench.desk.dropped).toBe(0)
  })

  it('is understood with a filter for several tenants', async () => {
    await open({ jobTable: jobs, tenantIds: ['acme-freight', 'a, b and "c"'] })
    await live()
    await addJob('ours')
    await until('it is told', () => bench.row('ours') !== undefined)
  })

  it('keeps hearing while its token is renewed on the open channel', async () => {
    const supply = await open({ jobTable: jobs })
    await live()
    const before = supply.token
    await supply.renew(new Secret(before))
    expect(supply.token).not.toBe(before)
    await addJob('after')
    await until('it is told', () => bench.row('after') !== undefined)
    expect(dialled).toHaveLength(1)
    expect(bench.shown).toEqual(['connecting', 'live'])
  })

  it('is not enabled on a table: it polls, says why, and comes back when it is', async () => {
    await sql('alter publication supabase_realtime drop table public.jobs')
    try {
      await addJob('a')
      await open({ jobTable: jobs })
      await until('it polls', () => bench.state === 'polling')
      expect(bench.source.view.reason).toBe('realtime_not_enabled')
      await run('a', 35)
      await bench.clock.advance(2_500)
      await until('the poll shows it', () => bench.row('a')?.progress === 35)
      expect(dialled).toHaveLength(1)
    } finally {
      await sql('alter publication supabase_realtime add table public.jobs')
    }
    bench.source.wake()
    await live()
    await run('a', 45)
    await until('Realtime tells', () => bench.row('a')?.progress === 45)
  })

  it('may not be read: it stops, and says so', async () => {
    await sql('revoke select on public.jobs from authenticated')
    try {
      await open({ jobTable: jobs })
      await until('it stopped', () => bench.state === 'stopped')
      expect(bench.source.stopped).toBe('permission_denied')
    } finally {
      await sql('grant select on public.jobs to authenticated')
    }
  })

  it.each([
    ['table', { table: 'nowhere' }],
    ['column', { ...jobs, columns: { ...jobs.columns, message: 'remarks' } }],
  ])('has no such %s: it stops, and says so', async (_, jobTable) => {
    await open({ jobTable })
    await until('it stopped', () => bench.state === 'stopped')
    expect(bench.source.stopped).toBe('table_unknown')
  })

  it('finds unfinished jobs also where the status is an enum with words of its own', async () => {
    await sql(`
      create type public.state as enum ('pending', 'completed');
      create table public.sheets (id int primary key, tenant_id text, status public.state,
        updated_at timestamptz default clock_timestamp(), completed_at timestamptz);
      grant select on public.sheets to authenticated;
      insert into public.sheets values (1, 'acme-freight', 'pending', '2020-01-01T00:00:00Z');
      insert into public.sheets select n, 'acme-freight', 'completed', clock_timestamp(), now()
        from generate_series(2, 5200) n;
      notify pgrst, 'reload schema';
    `)
    const none = { name: null, progress: null, message: null, attempt: null, error: null }
    const jobTable = {
      table: 'sheets',
      columns: { ...none, createdAt: null, startedAt: null },
    }
    await open({ open: openPollingSource, jobTable })
    await until('it is live', () => bench.state === 'live')
    expect(bench.row('1')?.status).toBe('queued')
    expect(bench.row('5200')?.status).toBe('succeeded')
  })

  it('tells one job by two sources as one row', async () => {
    await addJob('a')
    await open({ jobTable: jobs })
    await live()
    const beside = openProgressSource(bench.context)
    await until('both are live', () => beside.view.state === 'live' && beside.view.sockets === 1)
    await run('a', 25)
    await until('it runs', () => bench.row('a')?.progress === 25)
    await finish('a')
    await until('it has ended', () => bench.row('a')?.status === 'succeeded')
    await until('its socket is gone', () => beside.view.sockets === 0)
    expect(bench.rows).toHaveLength(1)
    expect(bench.row('a')).toMatchObject({ seq: 3, progress: 100 })
  })
})

describe('a table that tells less than another source', () => {
  it('leaves the row as the other one told it, at every moment', async () => {
    const id = await addTranslation(null)
    await open()
    await live()
    const beside = openProgressSource(bench.context)
    await until('both are live', () => beside.view.state === 'live' && beside.view.sockets === 1)
    await until('the name is known', () => bench.row(id)?.name === 'notes.csv')
    const seen = new Set<string>()
    for (const progress of [10, 20, 30, 40]) {
      await run(id, progress)
      await until('it moves', () => {
        const row = bench.row(id)
        seen.add(`${row?.name} ${row?.kind}`)
        return row?.progress === progress
      })
    }
    expect([...seen]).toEqual(['notes.csv Translation'])
    expect(bench.rows).toHaveLength(1)
  })
})

describe('a session token that expires', () => {
  it('closes the channel; it is renewed once and the channel joined again', async () => {
    const short = await startTestBackend({
      idle: true,
      auth: { tokenLifetimeSeconds: 3 },
      realtime: { limits: { joinErrorDelayMs: 0 } },
    })
    const own = new SupabaseClients(short)
    try {
      const supply = await SessionSupply.of(await own.signedIn(0))
      await open({
        supabaseUrl: short.supabaseUrl,
        publishableKey: short.publishableKey,
        supply,
        jobTable: jobs,
      })
      await live()
      await until('it joined again', () => dialled.length === 2)
      await live()
      expect(supply.renewals).toBe(1)
      expect(bench.shown).toEqual(['connecting', 'live', 'reconnecting', 'live'])
      await bench.scope.close('test over')
    } finally {
      await own.dispose()
      await short.stop()
    }
  })
})
