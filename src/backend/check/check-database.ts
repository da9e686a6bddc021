import { TLSSocket } from 'node:tls'
import type pg from 'pg'
import type { Connection, Queryable } from '../database/database.ts'
import { missingTables, ownTables, readsChanges } from '../database/schema-state.ts'
import { fail, pass, type Finding } from './finding.ts'

/** Tables that the console hears of through Realtime. */
const heard = ['jobs', 'translation_jobs']
const publication = 'supabase_realtime'

/** What is inside a database that was entered. */
export async function checkDatabase(
  client: pg.Client,
  connection: Connection,
): Promise<readonly Finding[]> {
  const inside: Queryable = {
    query: async <Row>(sql: string, params: readonly unknown[] = []) =>
      (await client.query(sql, [...params])).rows as Row[],
  }
  const { host, port } = connection
  const [row] = await inside.query<{ version: string }>(
    `select current_setting('server_version') as version`,
  )
  const where = `PostgreSQL ${row?.version ?? ''} at ${host}:${port}, ${describeTls(client)}`
  const missing = await missingTables(inside)
  return [
    pass('database', where),
    missing.length === 0
      ? pass('schema', 'every table is there')
      : fail(
          'schema',
          `missing: ${missing.map((name) => `public.${name}`).join(', ')}: run "supabase db push" with the folder resources/supabase (the backend's own database is brought up to date at its start)`,
        ),
    await checkRowSecurity(inside),
    await checkSessions(inside),
    (await readsChanges(inside))
      ? pass('wal_level', 'logical')
      : fail(
          'wal_level',
          'Realtime cannot read changes: set wal_level=logical and restart the server',
        ),
    await checkPublication(inside),
  ]
}

function describeTls({ connection: { stream } }: pg.Client): string {
  if (!(stream instanceof TLSSocket)) return 'without TLS'
  const { subject, issuer, valid_to: until } = stream.getPeerCertificate()
  const proven = stream.authorized ? 'verified' : 'not verified'
  const names = [subject, issuer].map((each) => String((each as Partial<typeof each>).CN ?? '?'))
  return `${stream.getProtocol() ?? 'TLS'}, certificate of ${names[0]} by ${names[1]} until ${until} (${proven})`
}

async function checkRowSecurity(inside: Queryable): Promise<Finding> {
  const rows = await inside.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
       and relname = any($1) and not relrowsecurity order by 1`,
    [await ownTables()],
  )
  if (rows.length === 0) return pass('row security', 'on for every table')
  const names = rows.map(({ name }) => `public.${name}`).join(', ')
  return fail('row security', `off for ${names}: run "alter table … enable row level security"`)
}

async function checkSessions(inside: Queryable): Promise<Finding> {
  const rows = await inside
    .query<{ trigger: boolean }>(
      `select exists (
         select from pg_trigger where tgrelid = 'auth.sessions'::regclass and tgname = 'session_ended'
       ) as trigger from (select from auth.sessions limit 1) as readable
       right join (select 1) as always on true`,
    )
    .catch(() => null)
  if (rows === null) {
    return fail(
      'sessions',
      "auth.sessions cannot be read: use the project's own database, entered as postgres",
    )
  }
  const heard = rows[0]?.trigger === true
  return pass(
    'sessions',
    heard ? 'their ends are told by a trigger' : 'they are asked for, every 0.8 s',
  )
}

async function checkPublication(inside: Queryable): Promise<Finding> {
  const rows = await inside.query<{ name: string }>(
    `select tablename as name from pg_publication_tables
     where pubname = $1 and schemaname = 'public' and tablename = any($2)`,
    [publication, heard],
  )
  const there = new Set(rows.map(({ name }) => name))
  const missing = heard.filter((name) => !there.has(name)).map((name) => `public.${name}`)
  if (missing.length === 0) return pass('realtime', `on for ${heard.join(' and ')}`)
  const tables = missing.join(', ')
  return fail(
    'realtime',
    `not enabled on ${tables}: run "alter publication ${publication} add table ${tables}"`,
  )
}
