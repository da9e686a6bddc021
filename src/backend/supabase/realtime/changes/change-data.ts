import type { Caller } from '../../../database/database.ts'
import { toJson } from './json-value.ts'
import type { ColumnFacts, TableFacts } from './table-facts.ts'
import type { RowChange, Tuple } from './wal-decoder.ts'

/** Past this, only short fields are sent. */
const mostBytes = 1_048_576
const shortFieldBytes = 64

type ChangeFault = 'no-primary-key' | 'unauthorized' | 'too-large'

const faultTexts = {
  'no-primary-key': 'Error 400: Bad Request, no primary key',
  unauthorized: 'Error 401: Unauthorized',
  'too-large': 'Error 413: Payload Too Large',
} as const satisfies Record<ChangeFault, string>

/** Why a role cannot be told of the row at all. */
export function faultFor(
  change: RowChange,
  { primaryKey, columns }: TableFacts,
  role: Caller['role'],
): 'no-primary-key' | 'unauthorized' | null {
  if (change.type === 'DELETE') return null
  if (primaryKey.length === 0) return 'no-primary-key'
  const readable = primaryKey.every((name) => columns.get(name)?.readers.includes(role))
  return readable ? null : 'unauthorized'
}

/** JSON texts of a change: one for each role and choice of columns, however many hear it. */
export class ChangeData {
  readonly #change: RowChange
  readonly #facts: TableFacts
  readonly #foreign: ReadonlyMap<string, string>
  readonly #made = new Map<string, string>()

  /** `foreign`: what `foreignKey` names, as PostgreSQL made JSON of it. */
  constructor(change: RowChange, facts: TableFacts, foreign: ReadonlyMap<string, string>) {
    this.#change = change
    this.#facts = facts
    this.#foreign = foreign
  }

  for(role: Caller['role'], select: readonly string[] | null): string {
    const name = JSON.stringify([role, select])
    const made = this.#made.get(name) ?? this.#make(role, select)
    this.#made.set(name, made)
    return made
  }

  #make(role: Caller['role'], select: readonly string[] | null): string {
    const { type, relation, committedAtMs, row, old, bytes } = this.#change
    const { rowSecurity, primaryKey, columns } = this.#facts
    const head = { schema: relation.schema, table: relation.table, type }
    const fault = faultFor(this.#change, this.#facts, role)
    if (fault !== null) {
      const record = { columns: [], commit_timestamp: null, record: {} }
      return JSON.stringify({
        ...head,
        ...record,
        ...(type === 'UPDATE' ? { old_record: {} } : {}),
        errors: [faultTexts[fault]],
      })
    }
    const shown = [...columns.values()].filter(
      ({ name, readers }) =>
        readers.includes(role) &&
        (select === null || select.includes(name) || primaryKey.includes(name)),
    )
    const tooLarge = bytes > mostBytes
    // A deleted row can no longer be asked who may see it.
    const shownOfOld =
      type === 'DELETE' && rowSecurity
        ? shown.filter(({ name }) => primaryKey.includes(name))
        : shown
    const parts = [
      JSON.stringify({
        ...head,
        commit_timestamp: new Date(committedAtMs).toISOString(),
        columns: shown.map((column) => ({ name: column.name, type: column.type })),
        errors: tooLarge ? [faultTexts['too-large']] : null,
      }).slice(1, -1),
      ...(row === null ? [] : [`"record":${this.#record(row, shown, tooLarge)}`]),
      ...(old === null ? [] : [`"old_record":${this.#record(old, shownOfOld, tooLarge)}`]),
    ]
    return `{${parts.join(',')}}`
  }

  #record(tuple: Tuple, shown: readonly ColumnFacts[], shortOnly: boolean): string {
    const places = new Map(this.#change.relation.columns.map(({ name }, at) => [name, at]))
    const fields = shown.flatMap((column) => {
      const value = tuple[places.get(column.name) ?? -1]
      if (value === undefined) return []
      const json = this.#json(value, column)
      if (shortOnly && (value === null || Buffer.byteLength(json) > shortFieldBytes)) return []
      return [`${JSON.stringify(column.name)}:${json}`]
    })
    return `{${fields.join(',')}}`
  }

  #json(value: string | null, { json, sqlType }: ColumnFacts): string {
    if (value === null) return 'null'
    if (json.kind === 'foreign') return this.#foreign.get(foreignKey(sqlType, value)) ?? 'null'
    return toJson(value, json)
  }
}

export function foreignKey(sqlType: string, value: string): string {
  return `${sqlType} ${value}`
}
