import { z } from 'zod'
import type { Caller, Queryable } from '../../../database/database.ts'
import type { JsonKind } from './json-value.ts'

type Role = Caller['role']
const roles: readonly Role[] = ['anon', 'authenticated', 'service_role']

export interface ColumnFacts {
  readonly name: string
  /** As walrus names types: `int8`, `_text`. */
  readonly type: string
  /** The same, to be written into SQL. */
  readonly sqlType: string
  readonly json: JsonKind
  readonly readers: readonly Role[]
}

/** What has to be known of a table to tell its changes. */
export interface TableFacts {
  readonly schema: string
  readonly table: string
  readonly rowSecurity: boolean
  readonly primaryKey: readonly string[]
  readonly columns: ReadonlyMap<string, ColumnFacts>
  /** To whom row security does not apply. */
  readonly unbound: readonly Role[]
}

const role = z.enum(['anon', 'authenticated', 'service_role'])
const row = z.object({
  schema: z.string(),
  table: z.string(),
  row_security: z.boolean(),
  primary_key: z.array(z.string()),
  unbound: z.array(role),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      type_oid: z.number(),
      sql_type: z.string(),
      readers: z.array(role),
    }),
  ),
  kinds: z.array(
    z.object({
      oid: z.number(),
      base: z.number(),
      element: z.number(),
      delimiter: z.string(),
      foreign: z.boolean(),
    }),
  ),
})
type Row = z.infer<typeof row>

/** As it is now; null when the table is gone. */
export async function readTableFacts(
  database: Queryable,
  oid: number | bigint,
): Promise<TableFacts | null> {
  const [found] = await database.query(factsOf, [String(oid), roles])
  if (found === undefined) return null
  const { schema, table, row_security, primary_key, columns, unbound, kinds } = row.parse(found)
  const types = new Map(kinds.map((kind) => [kind.oid, kind]))
  const facts = columns.map(({ name, type, type_oid, sql_type, readers }) => {
    return { name, type, sqlType: sql_type, readers, json: jsonKind(type_oid, types) }
  })
  return {
    schema,
    table,
    rowSecurity: row_security,
    primaryKey: primary_key,
    columns: new Map(facts.map((column) => [column.name, column])),
    unbound,
  }
}

/** The built-in types that `to_jsonb` does not simply print. */
const jsonKinds: Readonly<Record<number, JsonKind['kind']>> = {
  16: 'boolean',
  20: 'number',
  21: 'number',
  23: 'number',
  700: 'number',
  701: 'number',
  1700: 'number',
  114: 'json',
  3802: 'json',
  1114: 'timestamp',
  1184: 'timestamptz',
}

function jsonKind(oid: number, types: ReadonlyMap<number, Row['kinds'][number]>): JsonKind {
  const type = types.get(oid)
  if (type === undefined || type.foreign) return { kind: 'foreign' }
  if (type.base !== 0) return jsonKind(type.base, types)
  if (type.element === 0) {
    const kind = jsonKinds[oid] ?? 'string'
    return kind === 'array' ? { kind: 'foreign' } : { kind }
  }
  const of = jsonKind(type.element, types)
  return of.kind === 'foreign' ? of : { kind: 'array', of, delimiter: type.delimiter }
}

/** A role that may not even use the schema reads none of its columns. */
const factsOf = `
with recursive types(oid) as (
  select distinct atttypid from pg_attribute where attrelid = $1::oid and attnum > 0 and atttypid <> 0
  union
  select part.oid from types join pg_type t using (oid)
  cross join lateral (values (t.typbasetype), (t.typelem)) as part(oid)
  where part.oid <> 0
)
select n.nspname as schema, c.relname as table, c.relrowsecurity as row_security,
  coalesce((
    select jsonb_agg(a.attname order by k.place)
    from pg_index i
    cross join lateral unnest(i.indkey::int2[]) with ordinality as k(attnum, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts
  ), '[]') as primary_key,
  coalesce((
    select jsonb_agg(rolname) from pg_roles
    where rolname = any($2::text[]) and (rolbypassrls or rolsuper)
  ), '[]') as unbound,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', a.attname, 'type', t.typname, 'type_oid', t.oid::int8,
      'sql_type', format('%I.%I', tn.nspname, t.typname),
      'readers', coalesce((
        select jsonb_agg(r.rolname) from pg_roles r
        where r.rolname = any($2::text[])
          and has_schema_privilege(r.oid, c.relnamespace, 'usage')
          and has_column_privilege(r.oid, c.oid, a.attnum, 'select')
      ), '[]')
    ) order by a.attnum)
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    join pg_namespace tn on tn.oid = t.typnamespace
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ), '[]') as columns,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'oid', t.oid::int8, 'base', t.typbasetype::int8, 'delimiter', t.typdelim,
      'element', case when t.typoutput = 'array_out'::regproc then t.typelem else 0 end::int8,
      'foreign', t.typtype = 'c' or t.typname in ('int2vector', 'oidvector') or exists (
        select from pg_cast
        where castsource = t.oid and t.oid >= 16384
          and casttarget in ('json'::regtype, 'jsonb'::regtype)
      )
    ))
    from types join pg_type t using (oid)
  ), '[]') as kinds
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.oid = $1::oid`
