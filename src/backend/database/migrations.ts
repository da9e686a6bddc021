import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { Database } from './database.ts'

/** The schema that a hosted Supabase takes as well. */
const folder = new URL('../../../resources/supabase/migrations/', import.meta.url)
/** What a hosted Supabase has by itself: roles, and the schemas `auth` and `realtime`. */
const bootstrapFolder = new URL('../supabase/bootstrap/', import.meta.url)

interface Migration {
  readonly version: string
  readonly name: string
  readonly sql: string
}

interface Schema {
  readonly bootstrap: Migration
  readonly migrations: readonly Migration[]
  /** Changes with every byte of the schema. */
  readonly fingerprint: string
}

const bootstrapVersion = '000'

export async function readSchema(): Promise<Schema> {
  const names = (await readdir(folder)).filter((name) => /^\d+_.+\.sql$/.test(name)).sort()
  const migrations = await Promise.all(
    names.map(async (file) => ({
      version: file.slice(0, file.indexOf('_')),
      name: file.slice(file.indexOf('_') + 1, -'.sql'.length),
      sql: await readFile(new URL(file, folder), 'utf8'),
    })),
  )
  const sql = await readBootstrap()
  const bootstrap = { version: bootstrapVersion, name: `bootstrap ${digest(sql)}`, sql }
  const fingerprint = digest([bootstrap, ...migrations].map((one) => one.sql).join('\n--\n'))
  return { bootstrap, migrations, fingerprint }
}

async function readBootstrap(): Promise<string> {
  const names = (await readdir(bootstrapFolder)).filter((name) => name.endsWith('.sql')).sort()
  const read = (name: string) => readFile(new URL(name, bootstrapFolder), 'utf8')
  return (await Promise.all(names.map(read))).join('\n')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/**
 * Brings the schema up to date, all or nothing. The table of applied versions is the one that the
 * Supabase CLI keeps.
 */
export async function migrate(database: Database): Promise<readonly string[]> {
  const { bootstrap, migrations } = await readSchema()
  return database.tx(async (inside) => {
    await inside.query(`
      select pg_advisory_xact_lock(hashtext('supabase_migrations'));
      create schema if not exists supabase_migrations;
      create table if not exists supabase_migrations.schema_migrations
        (version text primary key, name text, statements text[]);`)
    const rows = await inside.query<{ version: string; name: string }>(
      'select version, name from supabase_migrations.schema_migrations',
    )
    const applied = new Map(rows.map((row) => [row.version, row.name]))
    // The bootstrap may be run again and again; it is, whenever it changed.
    const due = [
      ...(applied.get(bootstrap.version) === bootstrap.name ? [] : [bootstrap]),
      ...migrations.filter((one) => !applied.has(one.version)),
    ]
    for (const { version, name, sql } of due) {
      await inside.query(sql)
      await inside.query(
        `insert into supabase_migrations.schema_migrations (version, name) values ($1, $2)
         on conflict (version) do update set name = excluded.name`,
        [version, name],
      )
    }
    return due.map(({ version, name }) => `${version}_${name}`)
  })
}
