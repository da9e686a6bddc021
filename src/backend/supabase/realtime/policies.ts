import type { Caller, Database, Queryable } from '../../database/database.ts'

export interface Rights {
  readonly broadcast: boolean
  readonly presence: boolean
}

/** What row level security on `realtime.messages` lets a caller do on a private topic. */
export interface Policies {
  /** @throws when the database cannot be asked */
  read: (topic: string, caller: Caller) => Promise<Rights>
  /** @throws when the database cannot be asked */
  write: (topic: string, caller: Caller) => Promise<Rights>
}

const extensions = ['broadcast', 'presence'] as const

/**
 * Nothing is guessed from the policies: rows are really inserted and really selected, under the
 * caller's role, claims and `realtime.topic`, and everything is rolled back (supabase.md §3).
 */
export function createPolicies(database: Database): Policies {
  return {
    read: (topic, caller) =>
      tried(database, async (inside) => {
        const rows = await inside.query<{ id: string }>(
          `insert into realtime.messages (topic, extension)
           select $1, unnest($2::text[]) returning id`,
          [topic, extensions],
        )
        await assume(inside, topic, caller)
        const ids = rows.map(({ id }) => id)
        const seen = await allowed<{ extension: string }>(
          inside,
          'select extension from realtime.messages where topic = $1 and id = any($2::uuid[])',
          [topic, ids],
        )
        const has = (name: string): boolean =>
          seen?.some(({ extension }) => extension === name) ?? false
        return { broadcast: has('broadcast'), presence: has('presence') }
      }),
    write: (topic, caller) =>
      tried(database, async (inside) => {
        await assume(inside, topic, caller)
        const insert = 'insert into realtime.messages (topic, extension) values ($1, $2)'
        const broadcast = (await allowed(inside, insert, [topic, 'broadcast'])) !== null
        const presence = (await allowed(inside, insert, [topic, 'presence'])) !== null
        return { broadcast, presence }
      }),
  }
}

/** Carries the answer out of a transaction that must not be committed. */
class RolledBack extends Error {
  readonly rights: Rights

  constructor(rights: Rights) {
    super('rolled back on purpose')
    this.rights = rights
  }
}

async function tried(
  database: Database,
  ask: (inside: Queryable) => Promise<Rights>,
): Promise<Rights> {
  try {
    return await database.tx(async (inside) => {
      throw new RolledBack(await ask(inside))
    })
  } catch (error) {
    if (error instanceof RolledBack) return error.rights
    throw error
  }
}

async function assume(inside: Queryable, topic: string, caller: Caller): Promise<void> {
  await inside.query(
    `select set_config('role', $1, true), set_config('request.jwt.claims', $2, true),
            set_config('realtime.topic', $3, true)`,
    [caller.role, JSON.stringify(caller.claims), topic],
  )
}

/** Null when a policy, or its failure, forbids it; the transaction goes on. */
async function allowed<Row>(
  inside: Queryable,
  sql: string,
  params: readonly unknown[],
): Promise<Row[] | null> {
  await inside.query('savepoint tried')
  try {
    return await inside.query<Row>(sql, params)
  } catch (error) {
    if (!isSqlError(error)) throw error
    await inside.query('rollback to savepoint tried')
    return null
  }
}

/** Five characters of SQLSTATE; a lost connection has a code of another kind, or none. */
function isSqlError(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && /^(?!08|57P)[0-9A-Z]{5}$/.test(String(error.code))
  )
}
