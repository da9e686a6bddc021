import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLog } from '../../../src/backend/log.ts'
import { createChanges } from '../../../src/backend/supabase/realtime/changes/change-capture.ts'
import type { Changes } from '../../../src/backend/supabase/realtime/changes/changes.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import {
  ChangeListener,
  everything,
  personOf,
  serviceCaller,
} from '../../support/change-listener.ts'
import { until } from '../../support/until.ts'

let backend: TestBackend
let changes: Changes

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  await backend.database.query(`
    create table public.left_rows (id int primary key, tenant_id text, n int);
    create table public.right_rows (id int primary key, tenant_id text, n int);
    alter table public.left_rows enable row level security;
    create policy own on public.left_rows for select to authenticated
      using (tenant_id = any ((select public.caller_tenants())::text[]));
    create table public.slow (id int primary key);
    alter table public.slow enable row level security;
    create policy crawl on public.slow for select to authenticated
      using (auth.uid() is null or pg_sleep(60) is null);
    alter publication supabase_realtime
      add table public.left_rows, public.right_rows, public.slow;
  `)
})
afterAll(() => backend.stop())
beforeEach(async () => {
  await sql('truncate public.left_rows, public.right_rows, public.slow')
  changes = open()
})
afterEach(() => changes.close())

const open = () => createChanges({ database: backend.database, log: createLog('log', () => {}) })
const sql = <Row = unknown>(text: string, params: readonly unknown[] = []) =>
  backend.database.query<Row>(text, params)
const slots = () => sql<{ slot_name: string }>('select slot_name from pg_replication_slots')
const left = everything({ table: 'left_rows' })
const right = everything({ table: 'right_rows' })

async function untilNoSlot(): Promise<void> {
  while ((await slots()).length > 0) await sql('select pg_sleep(0.02)')
}

/** Mixed changes of two tables in transactions of several sizes, and the log of what they did. */
async function mixedChanges(count: number): Promise<string[]> {
  const log: string[] = []
  const alive = { left_rows: new Set<number>(), right_rows: new Set<number>() }
  let id = 0
  while (log.length < count) {
    await backend.database.tx(async (inside) => {
      for (let step = 0; step <= log.length % 7; step += 1) {
        const table = (id + step) % 3 === 0 ? 'right_rows' : 'left_rows'
        const [oldest] = alive[table]
        if (oldest === undefined || log.length % 3 === 0) {
          await inside.query(`insert into public.${table} values ($1, 'acme', 0)`, [++id])
          alive[table].add(id)
          log.push(`INSERT ${table} ${id} 0`)
        } else if (log.length % 3 === 1) {
          await inside.query(`update public.${table} set n = $2 where id = $1`, [
            oldest,
            log.length,
          ])
          log.push(`UPDATE ${table} ${oldest} ${log.length}`)
        } else {
          await inside.query(`delete from public.${table} where id = $1`, [oldest])
          alive[table].delete(oldest)
          log.push(`DELETE ${table} ${oldest}`)
        }
      }
    })
  }
  return log
}

function shown({ heard }: ChangeListener): string[] {
  return heard.map(({ type, table, record, old_record }) =>
    type === 'DELETE'
      ? `DELETE ${table} ${String(old_record?.id)}`
      : `${type} ${table} ${String(record?.id)} ${String(record?.n)}`,
  )
}

describe('two thousand changes', () => {
  it('are told whole and in the order of their commits, with and without row security', async () => {
    const service = await new ChangeListener().subscribe(changes, serviceCaller, left, right)
    const acme = await new ChangeListener().subscribe(changes, personOf('acme'), left, right)
    const borealis = await new ChangeListener().subscribe(changes, personOf('borealis'), left)
    const log = await mixedChanges(2_000)
    await service.hears(log.length)
    expect(shown(service)).toEqual(log)
    await sql(`insert into public.right_rows values (0, 'acme', 0)`)
    await until('the last is heard', () => shown(acme).at(-1) === 'INSERT right_rows 0 0')
    // A row that is gone when it is judged is not told; nothing else may be missing or elsewhere.
    const told = shown(acme).slice(0, -1)
    const deleted = new Set(log.filter((line) => line.startsWith('DELETE left')).map(idOf))
    const certain = (line: string) =>
      line.startsWith('DELETE') || line.includes('right_rows') || !deleted.has(idOf(line))
    expect(told.filter(certain)).toEqual(log.filter(certain))
    expect(inOrder(told, log)).toBe(true)
    expect(shown(borealis)).toEqual(log.filter((line) => line.startsWith('DELETE left')))
  })

  const idOf = (line: string) => line.split(' ')[2]
  const inOrder = (some: readonly string[], all: readonly string[]) => {
    let at = 0
    for (const line of all) if (line === some[at]) at += 1
    return at === some.length
  }
})

describe('a subscription', () => {
  it('misses nothing that is committed after it was granted, however busy the table', async () => {
    let begun = 0
    const writing = { on: true }
    const writer = (async () => {
      while (writing.on) {
        begun += 1
        await sql(`insert into public.left_rows values ($1, 'acme', 0)`, [begun])
      }
    })()
    const callers = [serviceCaller, personOf('acme')]
    const joined: { listener: ChangeListener; from: number }[] = []
    for (let round = 0; round < 20; round += 1) {
      if (round === 10) await changes.close().then(() => (changes = open()))
      const caller = callers[round % 2] ?? serviceCaller
      const listener = await new ChangeListener().subscribe(changes, caller, left)
      if (round >= 10) joined.push({ listener, from: begun + 1 })
    }
    writing.on = false
    await writer
    const last = begun
    for (const { listener, from } of joined) {
      await until('the last row is heard', () => listener.heard.at(-1)?.record?.id === last)
      const ids = listener.heard.map(({ record }) => Number(record?.id))
      const since = ids.filter((id) => id >= from)
      expect(since).toEqual(Array.from({ length: last - from + 1 }, (_, at) => from + at))
    }
  })
})

describe('the stream', () => {
  it('is there only while somebody listens, and leaves nothing behind', async () => {
    await changes.start()
    expect(changes.state).toEqual({ kind: 'idle' })
    expect(await slots()).toEqual([])
    const listener = await new ChangeListener().subscribe(changes, serviceCaller, left)
    expect(changes.state).toEqual({ kind: 'up' })
    expect(await slots()).toHaveLength(1)
    listener.subscription.stop()
    await until('it is idle again', () => changes.state.kind === 'idle')
    await untilNoSlot()
  })

  it('asks the database nothing while nothing changes', async () => {
    const listener = await new ChangeListener().subscribe(changes, serviceCaller, left)
    const queries = async () => {
      const [row] = await sql<{ at: string }>(
        `select max(query_start)::text as at from pg_stat_activity
         where application_name = 'signalbox-backend' and pid <> pg_backend_pid()
           and query like '%realtime%'`,
      )
      return row?.at
    }
    const before = await queries()
    await sql('select pg_sleep(2)')
    expect(await queries()).toBe(before)
    expect(listener.heard).toEqual([])
  })

  it('that breaks tells its subscribers, and the next subscription is whole again', async () => {
    const listener = await new ChangeListener().subscribe(changes, serviceCaller, left)
    await sql(`select pg_terminate_backend(active_pid) from pg_replication_slots`)
    await until('the loss is told', () => listener.losses.length > 0)
    expect(listener.losses).toEqual([
      'The connection to the database was lost; changes may be missing',
    ])
    await untilNoSlot()
    const again = await new ChangeListener().subscribe(changes, serviceCaller, left)
    await sql(`insert into public.left_rows values (1, 'acme', 1)`)
    expect(await again.hears(1)).toHaveLength(1)
    expect(listener.heard).toEqual([])
    expect(listener.losses).toHaveLength(1)
  })

  it('that breaks where rows are judged tells it as well', async () => {
    const listener = await new ChangeListener().subscribe(changes, personOf('acme'), left)
    await sql(`insert into public.left_rows values (1, 'acme', 1)`)
    await listener.hears(1)
    await sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like '%rows_visible%' and pid <> pg_backend_pid()`,
    )
    await until('the loss is told', () => listener.losses.length > 0)
    await untilNoSlot()
  })

  it('without a slot to have says so, and comes up when there is one', async () => {
    const [row] = await sql<{ most: string }>(
      `select current_setting('max_replication_slots') as most`,
    )
    const taken = Array.from({ length: Number(row?.most) }, (_, at) => `taken_${at}`)
    for (const name of taken) {
      await sql(`select pg_create_physical_replication_slot($1)`, [name])
    }
    await expect(new ChangeListener().subscribe(changes, serviceCaller, left)).rejects.toThrow(
      'retry: All replication slots of PostgreSQL are in use: raise max_replication_slots.',
    )
    expect(changes.state.kind).toBe('unavailable')
    for (const name of taken) await sql(`select pg_drop_replication_slot($1)`, [name])
    const second = open()
    await new ChangeListener().subscribe(second, serviceCaller, left)
    expect(second.state.kind).toBe('up')
    await second.close()
  })

  it('does not begin in the middle of a transaction that holds it up, and is not stuck by it', async () => {
    const other = new pg.Client({ ...backend.database.connection, ssl: false })
    await other.connect()
    await other.query('begin')
    await other.query(`insert into public.left_rows values (1, 'acme', 1)`)
    const subscribing = new ChangeListener().subscribe(changes, serviceCaller, left)
    await sql(`select pg_sleep(0.3)`)
    await other.query('commit')
    await other.end()
    const listener = await subscribing
    await sql(`insert into public.left_rows values (2, 'acme', 1)`)
    await until('the second row is heard', () =>
      listener.heard.some(({ record }) => record?.id === 2),
    )
  })

  it('is not held up for everybody by a policy that crawls for some', async () => {
    const slow = everything({ table: 'slow' })
    const crawling = await new ChangeListener().subscribe(
      changes,
      personOf('acme', '00000000-0000-4000-8000-000000000001'),
      slow,
    )
    const nobody = { role: 'authenticated', claims: { role: 'authenticated' } } as const
    const quick = await new ChangeListener().subscribe(changes, nobody, slow)
    const service = await new ChangeListener().subscribe(changes, serviceCaller, slow)
    await sql('insert into public.slow values (1)')
    await service.hears(1)
    expect(quick.heard).toEqual([])
    await quick.hears(1)
    await until('the loss is told', () => crawling.losses.length > 0)
    expect(crawling.losses).toEqual([
      'Unable to check who may see a change; changes may be missing',
    ])
    expect(quick.losses).toEqual([])
  })

  it('closes in the middle of everything', async () => {
    const listener = await new ChangeListener().subscribe(changes, personOf('acme'), left)
    const writing = sql(
      `insert into public.left_rows select n, 'acme', n from generate_series(1, 20000) n`,
    )
    await listener.hears(1)
    const opening = new ChangeListener().subscribe(changes, personOf('acme'), left)
    await changes.close()
    await opening.catch(() => undefined)
    const heard = listener.heard.length
    await writing
    await untilNoSlot()
    expect(listener.heard).toHaveLength(heard)
    await expect(new ChangeListener().subscribe(changes, serviceCaller, left)).rejects.toThrow(
      'Realtime is shutting down',
    )
  })
})
