import type { Queryable } from './database.ts'
import { readSchema } from './migrations.ts'

/** Tables of `public` that our migrations make. */
export async function ownTables(): Promise<readonly string[]> {
  const { migrations } = await readSchema()
  const made = migrations.flatMap(({ sql }) =>
    [...sql.matchAll(/^create table (?:if not exists )?public\.(\w+)/gim)].map(
      ([, name]) => name ?? '',
    ),
  )
  return [...new Set(made)].sort()
}

/** Those of them that a database does not have. */
export async function missingTables(database: Queryable): Promise<readonly string[]> {
  const rows = await database.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where to_regclass('public.' || name) is null`,
    [await ownTables()],
  )
  return rows.map(({ name }) => name)
}

/** Without `logical` nothing can be read from the log of changes. */
export async function readsChanges(database: Queryable): Promise<boolean> {
  const [row] = await database.query<{ level: string }>(
    `select current_setting('wal_level') as level`,
  )
  return row?.level === 'logical'
}
