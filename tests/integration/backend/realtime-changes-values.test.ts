import fc from 'fast-check'
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

let backend: TestBackend
let changes: Changes

beforeAll(async () => {
  backend = await startTestBackend({ idle: true })
  await backend.database.query(`
    create type public.mood as enum ('ok', 'not, "ok"');
    create domain public.percent as numeric(5, 2) check (value between 0 and 100);
    create type public.place as (street text, door int);
    create table public.every_type (
      id bigint primary key, b boolean, i2 smallint, f4 real, f8 double precision, n numeric,
      money money, t text, vc varchar(20), c character(6), "char" "char", name name, uuid uuid,
      bytes bytea, j json, jb jsonb, d date, ti time, tz timetz, ts timestamp, tstz timestamptz,
      iv interval, inet inet, mac macaddr, bits bit varying, point point, r int4range, x xml,
      oid oid, mood public.mood, percent public.percent, place public.place,
      ints int[], texts text[], stamps timestamptz[], jsons jsonb[], moods public.mood[],
      places public.place[], percents public.percent[], vector int2vector, "odd ""name" text,
      doubled bigint generated always as (id * 2) stored
    );
    create table public.filtered (
      id int primary key, label text, short varchar(8), flag boolean, amount numeric,
      big bigint, at timestamptz, uid uuid, mood public.mood, padded character(4)
    );
    create table public.secretive (id int primary key, open text, hidden text);
    revoke all on public.secretive from authenticated;
    grant select (id, open) on public.secretive to authenticated;
    create table public.unpublished (id int primary key);
    alter publication supabase_realtime
      add table public.every_type, public.filtered, public.secretive;
  `)
})
afterAll(() => backend.stop())
beforeEach(async () => {
  await backend.database.query('truncate public.every_type, public.filtered, public.secretive')
  changes = createChanges({ database: backend.database, log: createLog('changes', () => {}) })
})
afterEach(() => changes.close())

const sql = <Row = unknown>(text: string, params: readonly unknown[] = []) =>
  backend.database.query<Row>(text, params)

describe('values of every type', () => {
  const rows = [
    `(9007199254740993, true, -3, 1.5, 'NaN', 12345678901234567890.1234567890, 12.5, e'a"\\\\\\n\\u00e9',
      'vc', 'c', 'x', 'name', gen_random_uuid(), '\\xdeadbeef', '{"b": 1,  "a": [1]}',
      '{"b": 1, "a": null}', '2026-02-28', '12:34:56.789', '12:34+02', '2026-02-28 01:02:03.004',
      '2026-02-28 01:02:03.004+05', '1 year 2 days 03:00', '10.0.0.0/8', '08:00:2b:01:02:03',
      '0101', '(1,2)', '[1,5)', '<a/>', 42, 'not, "ok"', 12.5, row('Main "St", 1', 7),
      '{{1,2},{3,null}}', array['a', null, 'NULL', '', 'q"\\,{}'], array[now(), null],
      array['{"a": "x,y"}'::jsonb], '{ok,"not, \\"ok\\""}', array[row('a,b', 1)::public.place],
      '{1,2.5}', '1 2 3', 'odd')`,
    `(-1, false, 0, '-Infinity', '-0', 'NaN', -1, '', '', '', '', '', null, '', 'null', 'null',
      'infinity', '00:00', '00:00+00', '-infinity', '0044-03-15 00:00:00+00 BC', '-1 mon', '::1',
      '08:00:2b:01:02:03', '', '(0,0)', 'empty', '', 0, null, 0, row(null, null), '{}',
      '{}', '{infinity}', '{}', '{}', '{}', '[2:3]={1,2}', '', null)`,
    `(1)`,
  ]

  it('are told as to_jsonb prints them, nothing rounded', async () => {
    const everyType = everything({ table: 'every_type' })
    const listener = await new ChangeListener().subscribe(changes, serviceCaller, everyType)
    for (const row of rows) await sql(`insert into public.every_type values ${row}`)
    const heard = await listener.hears(rows.length)
    const stored = await sql<{ json: string }>(
      'select to_jsonb(every_type)::text as json from public.every_type order by ctid',
    )
    expect(heard.map(({ record }) => record)).toEqual(
      stored.map(({ json }) => JSON.parse(json) as unknown),
    )
    expect(listener.payloads[0]?.data).toContain('"id":9007199254740993,')
    expect(listener.payloads[0]?.data).toContain('12345678901234567890.1234567890')
    const types = heard[0]?.columns.map(({ type }) => type)
    expect(types?.slice(0, 6)).toEqual(['int8', 'bool', 'int2', 'float4', 'float8', 'numeric'])
    expect(types).toEqual(expect.arrayContaining(['timestamptz', '_int4', 'mood', '_place']))
  })
})

describe('filters', () => {
  const texts = fc.constantFrom(
    '',
    'a',
    'A',
    'ab',
    'a%',
    'a_b',
    'é',
    'x,y',
    '(p)',
    '"q"',
    "it's",
    'z\\',
  )
  const numbers = fc.constantFrom('-1', '0', '1', '1.50', '2', '100')
  const integers = fc.constantFrom('-9007199254740993', '-1', '0', '7', '9007199254740993')
  const times = fc.constantFrom('2026-01-01T00:00:00Z', '2026-06-01 12:00+02', 'infinity')
  const uids = fc.constantFrom(
    '00000000-0000-4000-8000-00000000000a',
    '00000000-0000-4000-8000-00000000000A',
    'ffffffff-ffff-4fff-bfff-ffffffffffff',
  )
  const moods = fc.constantFrom('ok', 'not, "ok"')
  const values: Record<string, fc.Arbitrary<string>> = {
    label: texts,
    short: texts,
    padded: fc.constantFrom('a', 'a  ', 'ab', ''),
    amount: numbers,
    big: integers,
    at: times,
    uid: uids,
    mood: moods,
    flag: fc.constantFrom('true', 'false', 't', 'f'),
  }
  const comparing = { eq: '=', neq: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' }
  const texting = { like: 'like', ilike: 'ilike', match: '~', imatch: '~*' }
  const quoted = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`

  interface Both {
    readonly filter: string
    readonly where: string
  }
  const column = fc.constantFrom(...Object.keys(values))
  const types: Record<string, string> = {
    label: 'text',
    short: 'varchar',
    padded: 'bpchar',
    amount: 'numeric',
    big: 'bigint',
    at: 'timestamptz',
    uid: 'uuid',
    mood: 'public.mood',
    flag: 'boolean',
  }
  const literal = (name: string, value: string) =>
    `${pg.escapeLiteral(value)}::${types[name] ?? 'text'}`

  const compared: fc.Arbitrary<Both> = column.chain((name) =>
    fc
      .tuple(
        fc.constantFrom(...(Object.keys(comparing) as (keyof typeof comparing)[])),
        values[name] ?? texts,
      )
      .map(([op, value]) => ({
        filter: `${name}=${op}.${quoted(value)}`,
        where: `${name} ${comparing[op]} ${literal(name, value)}`,
      })),
  )
  const patterned: fc.Arbitrary<Both> = fc
    .tuple(
      fc.constantFrom('label', 'short'),
      fc.constantFrom(...(Object.keys(texting) as (keyof typeof texting)[])),
      fc.constantFrom('a', 'A%', '%', '_', '^a', 'b$', 'é', 'x,.', '(p|q)'),
    )
    .map(([name, op, value]) => ({
      filter: `${name}=${op}.${quoted(value)}`,
      where: `${name} ${texting[op]} ${literal(name, value)}`,
    }))
  const listed: fc.Arbitrary<Both> = column.chain((name) =>
    fc.array(values[name] ?? texts, { maxLength: 3 }).map((list) => ({
      filter: `${name}=in.(${list.map(quoted).join(',')})`,
      where: `${name} = any (array[${list.map((one) => literal(name, one)).join(',')}]::${types[name] ?? 'text'}[])`,
    })),
  )
  const single = fc
    .tuple(fc.oneof(compared, patterned, listed), fc.boolean())
    .map(([{ filter, where }, negate]) =>
      negate
        ? { filter: filter.replace('=', '=not.'), where: `not (${where})` }
        : { filter, where },
    )
  const distinct: fc.Arbitrary<Both> = column.chain((name) =>
    fc.tuple(values[name] ?? texts, fc.boolean()).map(([value, negate]) => ({
      filter: `${name}=${negate ? 'not.' : ''}isdistinct.${quoted(value)}`,
      where: `${name} is ${negate ? 'not ' : ''}distinct from ${literal(name, value)}`,
    })),
  )
  const is: fc.Arbitrary<Both> = fc
    .tuple(fc.constantFrom('null', 'true', 'false', 'unknown'), column, fc.boolean())
    .map(([keyword, some, negate]) => {
      const name = keyword === 'null' ? some : 'flag'
      const not = negate ? 'not ' : ''
      return {
        filter: `${name}=${negate ? 'not.' : ''}is.${keyword}`,
        where: `${name} is ${not}${keyword}`,
      }
    })
  const filters = fc
    .array(fc.oneof({ weight: 3, arbitrary: single }, distinct, is), { minLength: 1, maxLength: 3 })
    .map((all) => ({
      filter: all.map(({ filter }) => filter).join(','),
      where: all.map(({ where }) => `(${where})`).join(' and '),
    }))
  const nullable = (values: fc.Arbitrary<string>) => fc.option(values, { nil: null })
  const names = ['label', 'short', 'flag', 'amount', 'big', 'at', 'uid', 'mood', 'padded']
  const row = fc.tuple(...names.map((name) => nullable(values[name] ?? texts)))

  it('choose what PostgreSQL would choose', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(filters, { minLength: 30, maxLength: 30 }),
        fc.array(row, { minLength: 15, maxLength: 15 }),
        async (asked, rows) => {
          await sql('truncate public.filtered')
          const params = asked.map(({ filter }) => everything({ table: 'filtered', filter }))
          const all = everything({ table: 'filtered' })
          const listener = await new ChangeListener().subscribe(
            changes,
            serviceCaller,
            ...params,
            all,
          )
          for (const [id, cells] of rows.entries()) {
            await sql(
              `insert into public.filtered values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
              [id, ...cells],
            )
          }
          const heard = await listener.hears(rows.length)
          listener.subscription.stop()
          for (const [at, { filter, where }] of asked.entries()) {
            const wanted = await sql<{ id: number }>(
              `select id from public.filtered where ${where} order by id`,
            )
            const told = heard.filter(({ ids }) => ids.includes(at)).map(({ record }) => record?.id)
            expect(told, filter).toEqual(wanted.map(({ id }) => id))
          }
        },
      ),
      { numRuns: 10, endOnFailure: true },
    )
  })

  it('see of a deleted row only what its replica identity holds', async () => {
    const listener = await new ChangeListener().subscribe(
      changes,
      serviceCaller,
      everything({ table: 'filtered', filter: 'id=eq.1' }),
      everything({ table: 'filtered', filter: 'label=eq.a' }),
      everything({ table: 'filtered' }),
    )
    await sql(`insert into public.filtered (id, label) values (1, 'a'), (2, 'a')`)
    await sql('delete from public.filtered')
    const heard = await listener.hears(4)
    expect(heard.map(({ type, ids }) => [type, ids])).toEqual([
      ['INSERT', [0, 1, 2]],
      ['INSERT', [1, 2]],
      ['DELETE', [0, 2]],
      ['DELETE', [2]],
    ])
  })
})

describe('columns', () => {
  it('are those that were chosen, and the key', async () => {
    const listener = await new ChangeListener().subscribe(
      changes,
      serviceCaller,
      everything({ table: 'secretive', select: ['hidden'] }),
      everything({ table: 'secretive', select: [] }),
      everything({ table: 'secretive' }),
    )
    await sql(`insert into public.secretive values (1, 'o', 'h')`)
    const told = (await listener.hears(3)).map(({ ids, record }) => [ids, record])
    expect(told).toEqual([
      [[0], { id: 1, hidden: 'h' }],
      [[1], { id: 1 }],
      [[2], { id: 1, open: 'o', hidden: 'h' }],
    ])
  })

  it('are only those that the role may read', async () => {
    const secretive = everything({ table: 'secretive' })
    const listener = await new ChangeListener().subscribe(changes, personOf('acme'), secretive)
    await sql(`insert into public.secretive values (1, 'o', 'h')`)
    const [heard] = await listener.hears(1)
    expect(heard?.record).toEqual({ id: 1, open: 'o' })
    expect(heard?.columns.map(({ name }) => name)).toEqual(['id', 'open'])
  })
})

describe('a subscription that makes no sense', () => {
  const exception = (filters: string, table = 'filtered', select = 'nil') =>
    `Unable to subscribe to changes with given parameters. An exception happened so please check your connect parameters: [event: *, schema: public, table: ${table}, filters: [${filters}], select: ${select}]. Exception: ERROR `
  const cases: [string, Parameters<typeof everything>[0], string][] = [
    [
      'an unpublished table',
      { table: 'unpublished' },
      'Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect parameters: [event: *, schema: public, table: unpublished, filters: [], select: nil]',
    ],
    [
      'no filter at all',
      { table: 'filtered', filter: 'undefined' },
      'Error parsing `filter` params: ["undefined"]',
    ],
    [
      'an unknown operator',
      { table: 'filtered', filter: 'id=foo.1' },
      'Error parsing `filter` params: ["foo", "1"]',
    ],
    [
      'an unknown column',
      { table: 'filtered', filter: 'nope=eq.1' },
      `${exception('{"nope", "eq", "1", false}')}P0001 (raise_exception) invalid column for filter nope`,
    ],
    [
      'a hidden column',
      { table: 'secretive', filter: 'hidden=eq.1' },
      `${exception('{"hidden", "eq", "1", false}', 'secretive')}P0001 (raise_exception) invalid column for filter hidden`,
    ],
    [
      'a hidden column to select',
      { table: 'secretive', select: ['hidden'] },
      `${exception('', 'secretive', '["hidden"]')}P0001 (raise_exception) invalid column for select hidden`,
    ],
    [
      'a value of another type',
      { table: 'filtered', filter: 'id=eq.x' },
      `${exception('{"id", "eq", "x", false}')}22P02 (invalid_text_representation) invalid input syntax for type integer: "x"`,
    ],
    [
      'a pattern for a number',
      { table: 'filtered', filter: 'id=like.1%' },
      `${exception('{"id", "like", "1%", false}')}P0001 (raise_exception) operator like requires a text-compatible column type, got int4`,
    ],
    [
      'a broken pattern',
      { table: 'filtered', filter: 'label=not.match.(' },
      `${exception('{"label", "match", "(", true}')}P0001 (raise_exception) invalid regular expression for match filter: invalid regular expression: parentheses () not balanced`,
    ],
    [
      'too many values',
      { table: 'filtered', filter: `id=in.(${Array.from({ length: 101 }, () => '1').join(',')})` },
      'P0001 (raise_exception) too many values for `in` filter. Maximum 100',
    ],
    [
      'columns of every table',
      { table: '*', select: ['id'] },
      'Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.',
    ],
    [
      'a filter without a table',
      { filter: 'id=eq.1' },
      'No subscription params provided. Please provide at least a `schema` or `table` to subscribe to: %{"event" => "*", "filter" => "id=eq.1", "schema" => "public"}',
    ],
  ]
  it.each(cases)('is refused for good, in the words of the real server: %s', async (...one) => {
    const [, params, message] = one
    const attempt = new ChangeListener().subscribe(changes, personOf('acme'), everything(params))
    const refusal = await attempt.then(String, String)
    expect(refusal).toMatch(/^Error: final: /)
    expect(refusal).toContain(message)
  })

  it('harms nothing, whatever it asks for', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc
        .tuple(
          fc.constantFrom('id', 'label', '__proto__'),
          fc.constantFrom('eq', 'in', 'match'),
          fc.string(),
        )
        .map(([name, op, value]) => `${name}=${op}.${value}`),
      fc.constantFrom(
        "label=eq.x'; drop table public.filtered; --",
        `label=in.({"a"})`,
        `label"=eq.1`,
        'id=in.({1,2})',
        '('.repeat(5_000),
        `label=match.${'(a+)+'.repeat(200)}`,
      ),
    )
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (filter, table) => {
        const listener = new ChangeListener()
        await listener
          .subscribe(changes, serviceCaller, everything({ table: 'filtered', filter }))
          .then(() => listener.subscription.stop())
          .catch((error: unknown) => expect(String(error)).toContain('Error: final: '))
        const other = new ChangeListener().subscribe(changes, serviceCaller, everything({ table }))
        await expect(other).rejects.toThrow('final: ')
      }),
      { numRuns: 150 },
    )
    const listener = await new ChangeListener().subscribe(
      changes,
      serviceCaller,
      everything({ table: 'filtered' }),
    )
    await sql('insert into public.filtered (id) values (1)')
    await listener.hears(1)
  })
})
