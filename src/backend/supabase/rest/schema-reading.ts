import { z } from 'zod'
import type { Queryable } from '../../database/database.ts'
import { relationshipsOf } from './relationships.ts'
import { exposedSchema, type Routine, type Schema, type Table } from './schema.ts'

const columnRow = z.object({
  name: z.string(),
  type: z.string(),
  nullable: z.boolean(),
  fallback: z.string().nullable(),
})
const tableRow = z.object({
  name: z.string(),
  columns: z.array(columnRow),
  primary_key: z.array(z.string()),
})
const tablesSql = `
  select c.relname as name,
    (select coalesce(json_agg(json_build_object(
        'name', a.attname,
        'type', format_type(a.atttypid, a.atttypmod),
        'nullable', not a.attnotnull,
        'fallback', case
          when a.attidentity <> '' then
            format('nextval(%L)', pg_get_serial_sequence(c.oid::regclass::text, a.attname))
          when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid)
        end) order by a.attnum), '[]')
      from pg_attribute a
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(json_agg(a.attname order by k.place), '[]')
      from pg_constraint p
      cross join lateral unnest(p.conkey) with ordinality as k (attnum, place)
      join pg_attribute a on a.attrelid = p.conrelid and a.attnum = k.attnum
      where p.conrelid = c.oid and p.contype = 'p') as primary_key
  from pg_class c
  where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'v', 'm', 'f', 'p')
    and not c.relispartition`

const keyRow = z.object({
  name: z.string(),
  table: z.string(),
  columns: z.array(z.string()),
  target: z.string(),
  targetColumns: z.array(z.string()),
  unique: z.boolean(),
})
const keysSql = `
  select f.conname as name, own.relname as "table",
    other.relname as target,
    (select json_agg(a.attname order by k.place)
      from unnest(f.conkey) with ordinality as k (attnum, place)
      join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum) as columns,
    (select json_agg(a.attname order by k.place)
      from unnest(f.confkey) with ordinality as k (attnum, place)
      join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.attnum) as "targetColumns",
    exists (
      select from pg_index i
      where i.indrelid = f.conrelid and i.indisunique and i.indpred is null
        and i.indkey::smallint[] <@ f.conkey and i.indkey::smallint[] @> f.conkey
    ) as "unique"
  from pg_constraint f
  join pg_class own on own.oid = f.conrelid
  join pg_class other on other.oid = f.confrelid
  where f.contype = 'f' and f.conparentid = 0
    and own.relnamespace = to_regnamespace($1) and other.relnamespace = to_regnamespace($1)
  order by f.conname`

const routineRow = z.object({
  name: z.string(),
  args: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      optional: z.boolean(),
      variadic: z.boolean(),
    }),
  ),
  returns: z.enum(['void', 'scalar', 'composite']),
  set: z.boolean(),
  table: z.string().nullable(),
  volatility: z.enum(['volatile', 'stable', 'immutable']),
})
const routinesSql = `
  select p.proname as name, p.proretset as "set", r.relname as "table",
    case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end
      as volatility,
    case
      when t.typname = 'void' then 'void'
      when t.typtype = 'c' or coalesce(p.proargmodes && '{t}', false) then 'composite'
      when t.typname = 'record' then 'composite'
      else 'scalar'
    end as returns,
    (select coalesce(json_agg(json_build_object(
        'name', coalesce(g.name, ''),
        'type', format_type(g.type, null),
        'optional', g.place > p.pronargs - p.pronargdefaults,
        'variadic', g.mode = 'v') order by g.place), '[]')
      from (
        select u.name, u.type, coalesce(u.mode, 'i') as mode,
          row_number() over (order by u.nth) as place
        from rows from (
          unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])),
          unnest(p.proargnames),
          unnest(p.proargmodes)
        ) with ordinality as u (type, name, mode, nth)
        where u.type is not null and coalesce(u.mode, 'i') in ('i', 'b', 'v')
      ) as g) as args
  from pg_proc p
  join pg_type t on t.oid = p.prorettype
  left join pg_class r on r.oid = t.typrelid and r.relkind in ('r', 'v', 'm', 'f', 'p')
    and r.relnamespace = p.pronamespace
  where p.pronamespace = to_regnamespace($1) and p.prokind = 'f'
    and t.typname not in ('trigger', 'event_trigger', 'internal')
  order by p.proname, p.pronargs, p.oid`

const typeRow = z.object({ name: z.string() })
const typesSql = `
  select distinct t.typname as name
  from pg_type t
  where t.typtype in ('b', 'd', 'e', 'r', 'm') and t.typelem = 0
    and t.typnamespace in (
      'pg_catalog'::regnamespace, to_regnamespace($1), to_regnamespace('extensions')
    )`

/** Reads the exposed schema from the catalog, as its owner sees it. */
export async function readSchema(database: Queryable): Promise<Schema> {
  const ask = async <T>(text: string, row: z.ZodType<T>): Promise<T[]> =>
    z.array(row).parse(await database.query(text, [exposedSchema]))
  const [tableRows, keys, routineRows, types] = await Promise.all([
    ask(tablesSql, tableRow),
    ask(keysSql, keyRow),
    ask(routinesSql, routineRow),
    ask(typesSql, typeRow),
  ])
  const tables = new Map(
    tableRows.map(({ name, columns, primary_key: primaryKey }): [string, Table] => [
      name,
      {
        schema: exposedSchema,
        name,
        columns: new Map(columns.map((column) => [column.name, column])),
        primaryKey,
      },
    ]),
  )
  const routines = routineRows.map((row): Routine => ({ schema: exposedSchema, ...row }))
  return {
    tables,
    relationships: relationshipsOf(keys, tables),
    routines: Map.groupBy(routines, ({ name }) => name),
    types: new Set(types.map(({ name }) => name)),
  }
}
