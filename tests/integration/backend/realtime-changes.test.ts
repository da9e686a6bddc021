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
    create table public.notes (id int primary key, tenant_id text not null, body text);
    alter table public.notes enable row level security;
    create policy own on public.notes for select to authenticated
      using (tenant_id = any ((select public.caller_tenants())::text[]));
    create table public.open_notes (id int primary key, body text);
    create table public.keyless (body text);
    create table public.told_in_full (id int primary key, tenant_id text, body text, big text);
    alter table public.told_in_full replica identity full;
    alter publication supabase_realtime
      add table public.notes, public.open_notes, public.keyless, public.told_in_full;
  `)
})
afterAll(() => backend.stop())
beforeEach(async () => {
  await backend.database.query(
    'truncate public.notes, public.open_notes, public.keyless, public.told_in_full',
  )
  changes = createChanges({ database: backend.database, log: createLog('changes', () => {}) })
  await changes.start()
})
afterEach(() => changes.close())

const sql = (text: string, params: readonly unknown[] = []) => backend.database.query(text, params)
const notes = everything({ table: 'notes' })

let ends = 1_000

/** A change that everybody hears, so that whatever came before it has been told. */
async function afterwards(...listeners: ChangeListener[]): Promise<void> {
  const id = ++ends
  await sql(`insert into public.open_notes values ($1, 'the end')`, [id])
  await until('the last change is heard', () =>
    listeners.every(({ heard }) => heard.at(-1)?.record?.id === id),
  )
}
const end = everything({ table: 'open_notes' })

describe('changes of a table', () => {
  it('are told in the form of the real server', async () => {
    const listener = await new ChangeListener().subscribe(changes, serviceCaller, notes)
    await sql(`insert into public.notes values (1, 'acme', 'one')`)
    await sql(`update public.notes set body = 'two'`)
    await sql('delete from public.notes')
    const columns = [
      { name: 'id', type: 'int4' },
      { name: 'tenant_id', type: 'text' },
      { name: 'body', type: 'text' },
    ]
    const common = { ids: [0], schema: 'public', table: 'notes', columns, errors: null }
    const commit_timestamp: unknown = expect.stringMatching(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    )
    const one = { id: 1, tenant_id: 'acme', body: 'one' }
    expect(await listener.hears(3)).toEqual([
      { ...common, commit_timestamp, type: 'INSERT', record: one },
      {
        ...common,
        commit_timestamp,
        type: 'UPDATE',
        record: { ...one, body: 'two' },
        old_record: { id: 1 },
      },
      { ...common, commit_timestamp, type: 'DELETE', old_record: { id: 1 } },
    ])
  })

  it('are told from the moment of subscribing, not from before', async () => {
    await sql(`insert into public.notes values (1, 'acme', 'before')`)
    const first = await new ChangeListener().subscribe(changes, serviceCaller, notes)
    await sql(`insert into public.notes values (2, 'acme', 'between')`)
    const second = await new ChangeListener().subscribe(changes, serviceCaller, notes)
    await sql(`insert into public.notes values (3, 'acme', 'after')`)
    await first.hears(2)
    await second.hears(1)
    expect(first.heard.map(({ record }) => record?.id)).toEqual([2, 3])
    expect(second.heard.map(({ record }) => record?.id)).toEqual([3])
  })

  it('are never told after stop, also when they were under way', async () => {
    const listener = new ChangeListener()
    await listener.subscribe(changes, serviceCaller, notes, end)
    listener.onDeliver = () => listener.subscription.stop()
    const other = await new ChangeListener().subscribe(changes, serviceCaller, notes, end)
    await sql(`insert into public.notes select n, 'acme', 'x' from generate_series(1, 10) as n`)
    await afterwards(other)
    expect(other.heard).toHaveLength(11)
    expect(listener.heard).toHaveLength(1)
  })

  it('carry the ids of all that they fit, and only of those', async () => {
    const listener = await new ChangeListener()
      .subscribe(
        changes,
        serviceCaller,
        everything({ event: 'INSERT', table: 'notes' }),
        everything({ event: 'DELETE', table: 'notes' }),
        everything(),
        everything({ schema: '*', table: '*' }),
        everything({ schema: 'auth', table: '*' }),
      )
      .catch((error: unknown) => String(error))
    expect(listener).toContain('schema: auth, table: *, filters: [], select: nil]')
    const accepted = await new ChangeListener().subscribe(
      changes,
      serviceCaller,
      everything({ event: 'INSERT', table: 'notes' }),
      everything({ event: 'DELETE', table: 'notes' }),
      everything(),
      everything({ schema: '*', table: '*' }),
    )
    await sql(`insert into public.notes values (1, 'acme', 'one')`)
    await sql('delete from public.notes')
    expect((await accepted.hears(2)).map(({ ids }) => ids)).toEqual([
      [0, 2, 3],
      [1, 2, 3],
    ])
  })
})

describe('row level security', () => {
  it('keeps two tenants apart, and a service key sees both', async () => {
    const [acme, borealis, service] = await Promise.all([
      new ChangeListener().subscribe(changes, personOf('acme'), notes, end),
      new ChangeListener().subscribe(changes, personOf('borealis'), notes, end),
      new ChangeListener().subscribe(changes, serviceCaller, notes, end),
    ])
    await sql(`insert into public.notes values (1, 'acme', 'a'), (2, 'borealis', 'b')`)
    await sql(`update public.notes set body = body || '!'`)
    await afterwards(acme, borealis, service)
    const bodies = ({ heard }: ChangeListener) => heard.map(({ record }) => record?.body)
    expect(bodies(acme)).toEqual(['a', 'a!', 'the end'])
    expect(bodies(borealis)).toEqual(['b', 'b!', 'the end'])
    expect(bodies(service)).toEqual(['a', 'b', 'a!', 'b!', 'the end'])
  })

  it('lets everybody hear of a deletion, but only by its key', async () => {
    await sql(`insert into public.notes values (1, 'acme', 'secret')`)
    await sql('alter table public.notes replica identity full')
    const [stranger, owner] = await Promise.all([
      new ChangeListener().subscribe(changes, personOf('borealis'), notes),
      new ChangeListener().subscribe(changes, personOf('acme'), notes),
    ])
    await sql('delete from public.notes')
    for (const listener of [stranger, owner]) {
      expect((await listener.hears(1))[0]?.old_record).toEqual({ id: 1 })
    }
    await sql('alter table public.notes replica identity default')
  })

  it('is obeyed as it is when a change is told: a row that has gone is not told', async () => {
    const listener = await new ChangeListener().subscribe(changes, personOf('acme'), notes, end)
    await backend.database.tx(async (inside) => {
      await inside.query(`insert into public.notes values (1, 'acme', 'short-lived')`)
      await inside.query('delete from public.notes')
    })
    await afterwards(listener)
    expect(listener.heard.map(({ type }) => type)).toEqual(['DELETE', 'INSERT'])
  })

  it('applies at once when it is switched on or a right is taken away', async () => {
    await sql('create table public.late (id int primary key, body text)')
    await sql('alter publication supabase_realtime add table public.late')
    const late = everything({ table: 'late' })
    const listener = await new ChangeListener().subscribe(changes, personOf('acme'), late, end)
    const told = async (body: string) => {
      await sql(`insert into public.late values ((select count(*) from public.late), $1)`, [body])
      await afterwards(listener)
      const { record, errors } = listener.heard.findLast(({ table }) => table === 'late') ?? {}
      return errors ?? record
    }
    expect(await told('open')).toEqual({ id: 0, body: 'open' })
    await sql('revoke select on public.late from authenticated')
    await sql('grant select (id) on public.late to authenticated')
    expect(await told('hidden column')).toEqual({ id: 1 })
    await sql('alter table public.late enable row level security')
    expect(await told('hidden row')).toEqual({ id: 1 })
    await sql('revoke select (id) on public.late from authenticated')
    expect(await told('refused')).toEqual(['Error 401: Unauthorized'])
    await sql('drop table public.late')
  })

  it('judges for the new token once it was given', async () => {
    const listener = await new ChangeListener().subscribe(changes, personOf('acme'), notes, end)
    await sql(`insert into public.notes values (1, 'acme', 'a'), (2, 'borealis', 'b')`)
    await listener.hears(1)
    expect(await listener.subscription.update(personOf('borealis'))).toBeNull()
    await sql(`insert into public.notes values (3, 'acme', 'a'), (4, 'borealis', 'b')`)
    await afterwards(listener)
    expect(listener.heard.map(({ record }) => record?.id)).toEqual([1, 4, ends])
  })

  it('asks once for all who see the same, however many they are', async () => {
    const listeners = await Promise.all(
      Array.from({ length: 200 }, () =>
        new ChangeListener().subscribe(changes, personOf('acme'), notes),
      ),
    )
    await sql(`insert into public.notes values (1, 'acme', 'a')`)
    await Promise.all(listeners.map((listener) => listener.hears(1)))
    const texts = new Set(listeners.map(({ payloads }) => payloads[0]?.data))
    expect(texts.size).toBe(1)
  })
})

describe('what cannot be told as it is', () => {
  it('is an error when the table has no primary key', async () => {
    const keyless = everything({ table: 'keyless' })
    const listener = await new ChangeListener().subscribe(changes, personOf('acme'), keyless)
    await sql(`insert into public.keyless values ('x')`)
    expect((await listener.hears(1))[0]).toMatchObject({
      record: {},
      errors: ['Error 400: Bad Request, no primary key'],
    })
  })

  it('loses its long fields past 1 MiB', async () => {
    const listener = await new ChangeListener().subscribe(changes, serviceCaller, notes)
    await sql(`insert into public.notes values (1, 'acme', repeat('x', 1100000))`)
    expect((await listener.hears(1))[0]).toMatchObject({
      record: { id: 1, tenant_id: 'acme' },
      errors: ['Error 413: Payload Too Large'],
    })
    expect(listener.payloads[0]?.data.length).toBeLessThan(1_000)
  })

  it('leaves out a large value that an update did not touch, or takes it from the old row', async () => {
    const full = everything({ table: 'told_in_full' })
    const large = `(select string_agg(md5(n::text), '') from generate_series(1, 2000) as n)`
    await sql(`insert into public.notes select 1, 'acme', ${large}`)
    await sql(`insert into public.told_in_full select 1, 'acme', 'b', ${large}`)
    const listener = await new ChangeListener().subscribe(changes, serviceCaller, notes, full)
    await sql(`update public.notes set tenant_id = 'other'`)
    await sql(`update public.told_in_full set body = 'c'`)
    const [left, whole] = await listener.hears(2)
    expect(left?.record).toEqual({ id: 1, tenant_id: 'other' })
    expect(whole?.record).toMatchObject({ id: 1, body: 'c' })
    expect(whole?.record?.big).toHaveLength(64_000)
    expect(whole?.old_record).toEqual({ ...whole?.record, body: 'b' })
  })

  it('is silent about truncation', async () => {
    const listener = await new ChangeListener().subscribe(changes, serviceCaller, notes, end)
    await sql(`insert into public.notes values (1, 'acme', 'a')`)
    await sql('truncate public.notes')
    await afterwards(listener)
    expect(listener.heard.map(({ type }) => type)).toEqual(['INSERT', 'INSERT'])
  })
})
