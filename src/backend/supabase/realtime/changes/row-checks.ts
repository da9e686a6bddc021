import pg from 'pg'
import type { Caller, Connection } from '../../../database/database.ts'
import { applicationName } from '../../../database/pool.ts'
import type { Condition } from './filter.ts'
import type { TableFacts } from './table-facts.ts'

/** A policy or a pattern that takes longer is the fault of whoever it is for. */
const statementTimeoutMs = 3_000

/** Primary keys of rows, and who asks whether they can be seen. */
export interface Ask {
  readonly caller: Caller
  readonly keys: readonly (readonly (string | null | undefined)[])[]
}

/**
 * One connection that asks PostgreSQL what only it can tell, for many callers in one statement.
 * What fails is asked again in halves, so that one bad policy or pattern harms only whom it is for:
 * they get null.
 */
export class RowChecks {
  readonly #client: pg.Client

  private constructor(client: pg.Client) {
    this.#client = client
  }

  static async open(connection: Connection, onLost: (why: string) => void): Promise<RowChecks> {
    const client = new pg.Client({
      ...connection,
      application_name: applicationName,
      connectionTimeoutMillis: 5_000,
      statement_timeout: statementTimeoutMs,
      options: '-c search_path=public,extensions',
    })
    client.on('error', (error) => onLost(error.message))
    await client.connect()
    return new RowChecks(client)
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined)
  }

  /** For each ask, the places of the keys whose rows its caller may see. */
  async visible(
    facts: TableFacts,
    asks: readonly Ask[],
  ): Promise<readonly (ReadonlySet<number> | null)[]> {
    if (asks.length === 0) return []
    const callers = asks.map(({ caller: { role, claims }, keys }) =>
      JSON.stringify({ role, claims: JSON.stringify(claims), keys }),
    )
    const sql = 'select realtime.rows_visible($1::jsonb[], $2) as places'
    const rows = await this.#client
      .query<{ places: number[] }>(sql, [callers, probeOf(facts)])
      .then(
        (result) => result.rows,
        () => null,
      )
    if (rows !== null) return rows.map(({ places }) => new Set(places))
    if (asks.length === 1) return [null]
    const middle = asks.length >> 1
    const first = await this.visible(facts, asks.slice(0, middle))
    return [...first, ...(await this.visible(facts, asks.slice(middle)))]
  }

  /** The values that fulfil the condition. */
  async matching(
    { sql, operand }: Condition,
    values: readonly (string | null)[],
  ): Promise<ReadonlySet<string | null> | null> {
    return this.#client
      .query<{ v: string | null }>(
        `select x.v from unnest($2::text[]) as x(v) where coalesce(${sql}, false)`,
        [operand, values],
      )
      .then(
        ({ rows }) => new Set(rows.map(({ v }) => v)),
        () => null,
      )
  }

  /** Each value as `to_jsonb` has it; an empty list when PostgreSQL cannot. */
  async json(sqlType: string, values: readonly string[]): Promise<readonly string[]> {
    const sql = `select to_jsonb(x.v::${sqlType})::text as json
      from unnest($1::text[]) with ordinality as x(v, place) order by place`
    const { rows } = await this.#client
      .query<{ json: string }>(sql, [values])
      .catch(() => ({ rows: [] }))
    return rows.map(({ json }) => json)
  }
}

function probeOf({ schema, table, primaryKey, columns }: TableFacts): string {
  const same = primaryKey.map((name, at) => {
    const type = columns.get(name)?.sqlType ?? 'text'
    return `t.${pg.escapeIdentifier(name)} = (k.key ->> ${at})::${type}`
  })
  return `select coalesce(jsonb_agg(k.place - 1), '[]')
    from jsonb_array_elements($1) with ordinality as k(key, place)
    where exists (
      select from ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)} as t
      where ${same.join(' and ')}
    )`
}
