import type { Caller, Database } from '../../../database/database.ts'
import type { ChangeParams, Refusal, Subscriber } from './changes.ts'
import { compileFilter, FilterError, type Condition } from './filter.ts'
import { inspect, parseFilters, type Filter } from './filter-text.ts'
import { tableName, type Wish } from './listener.ts'
import { readTableFacts, type TableFacts } from './table-facts.ts'
import { publication } from './wal-stream.ts'

/** What the subscriber asked for, checked against the tables as they are. */
export interface Accepted {
  readonly ok: true
  readonly wishes: readonly Wish[]
  /** No row has to be asked for, and no value compared, in the database. */
  readonly direct: boolean
  readonly since: bigint
}

interface Asked {
  readonly id: number
  readonly params: ChangeParams & { readonly table: string }
  readonly filters: readonly Filter[]
}

/** Refusals in the words of the real server. @throws when the database does not answer. */
export async function acceptWishes(
  database: Database,
  { params, caller }: Pick<Subscriber, 'params' | 'caller'>,
): Promise<Accepted | Refusal> {
  const asked: Asked[] = []
  for (const { id, params: one } of params) {
    const parsed = parse(id, one)
    if ('ok' in parsed) return parsed
    asked.push(parsed)
  }
  const [now] = await database.query<{ lsn: string }>(
    `select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text as lsn`,
  )
  const wishes: Wish[] = []
  let direct = true
  for (const one of asked) {
    const tables = await publishedTables(database, one.params)
    if (tables.length === 0) return unknown(one)
    const wish = await toWish(database, one, { tables, role: caller.role })
    if ('ok' in wish) return wish
    wishes.push(wish)
    const exact = [...wish.conditions.values()].flat().every(({ test }) => test !== null)
    direct &&= exact && tables.every(({ unbound }) => unbound.includes(caller.role))
  }
  return { ok: true, wishes, direct, since: BigInt(now?.lsn ?? '0') }
}

function parse(id: number, params: ChangeParams): Asked | Refusal {
  const { event, schema, filter, select } = params
  const table = params.table ?? '*'
  if (filter !== null && params.table === null) {
    const given = Object.entries({ event, filter, schema }).map(
      ([name, value]) => `${JSON.stringify(name)} => ${JSON.stringify(value)}`,
    )
    return refuse(
      `No subscription params provided. Please provide at least a \`schema\` or \`table\` to subscribe to: %{${given.join(', ')}}`,
    )
  }
  const parsed = parseFilters(filter ?? '')
  if (!parsed.ok) return refuse(`Error parsing \`filter\` params: ${parsed.why}`)
  if (select !== null && (schema === '*' || table === '*')) {
    return refuse(
      'Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.',
    )
  }
  return { id, params: { ...params, table }, filters: parsed.filters }
}

async function publishedTables(
  database: Database,
  { schema, table }: Asked['params'],
): Promise<readonly TableFacts[]> {
  // PostgreSQL takes no such text, and no table has such a name.
  if (`${schema}${table}`.includes('\0')) return []
  const rows = await database.query<{ oid: string }>(
    `select c.oid::text
     from pg_publication_tables p
     join pg_namespace n on n.nspname = p.schemaname
     join pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
     where p.pubname = $1 and $2::text in ('*', p.schemaname) and $3::text in ('*', p.tablename)
     limit 1000`,
    [publication, schema, table],
  )
  const found = await Promise.all(rows.map(({ oid }) => readTableFacts(database, BigInt(oid))))
  return found.filter((facts) => facts !== null)
}

interface Scope {
  readonly tables: readonly TableFacts[]
  readonly role: Caller['role']
}

async function toWish(
  database: Database,
  asked: Asked,
  { tables, role }: Scope,
): Promise<Wish | Refusal> {
  const { id, params, filters } = asked
  const { event, schema, table } = params
  const select = params.select === null ? null : [...new Set(params.select)].sort()
  const conditions = new Map<string, readonly Condition[]>()
  for (const facts of tables) {
    try {
      const readable = (name: string) => facts.columns.get(name)?.readers.includes(role) === true
      const compiled: Condition[] = []
      for (const filter of filters) {
        const column = facts.columns.get(filter.column)
        if (column === undefined || !readable(filter.column)) {
          throw new FilterError(`invalid column for filter ${filter.column}`)
        }
        compiled.push(await compileFilter(database, filter, column))
      }
      const unreadable = select?.find((name) => !readable(name))
      if (unreadable !== undefined) {
        throw new FilterError(`invalid column for select ${unreadable}`)
      }
      conditions.set(tableName(facts), compiled)
    } catch (error) {
      const words = inPostgresWords(error)
      if (words === null) throw error
      return refuse(
        `Unable to subscribe to changes with given parameters. An exception happened so please check your connect parameters: [${describe(asked)}]. Exception: ${words}`,
      )
    }
  }
  return { id, event, schema, table, select, conditions, filtered: filters.length > 0 }
}

function unknown(asked: Asked): Refusal {
  return refuse(
    `Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect parameters: [${describe(asked)}]`,
  )
}

function refuse(message: string): Refusal {
  return { ok: false, message, final: true }
}

/** As Elixir shows the parameters. */
function describe({ params: { event, schema, table, select }, filters }: Asked): string {
  const shown = filters.map(
    ({ column, operator, value, negate }) =>
      `{${inspect([column, operator, value]).slice(1, -1)}, ${negate}}`,
  )
  const columns = select === null ? 'nil' : inspect(select)
  return `event: ${event}, schema: ${schema}, table: ${table}, filters: [${shown.join(', ')}], select: ${columns}`
}

const conditionNames: Readonly<Record<string, string>> = {
  '22P02': 'invalid_text_representation',
  '22003': 'numeric_value_out_of_range',
  '22007': 'invalid_datetime_format',
  '22008': 'datetime_field_overflow',
  '22021': 'character_not_in_repertoire',
  '42883': 'undefined_function',
}

/** Null when it is not the parameters' fault. */
function inPostgresWords(error: unknown): string | null {
  if (error instanceof FilterError) return `ERROR P0001 (raise_exception) ${error.message}`
  if (!(error instanceof Error) || !('code' in error)) return null
  const code = String(error.code)
  const name = conditionNames[code]
  // Classes 22 and 42 are about values and types; everything else is about the server.
  if (!/^(?:22|23|42)/.test(code)) return null
  return `ERROR ${code}${name === undefined ? '' : ` (${name})`} ${error.message}`
}
