import type { ForeignKey, Table } from './schema.ts'

/** A way from one table to another, along a foreign key or through a table that joins both. */
export interface Relationship {
  readonly kind: 'many-to-one' | 'one-to-many' | 'one-to-one' | 'many-to-many'
  readonly from: string
  readonly to: string
  /** Against the foreign key: from what is referred to, to what refers. */
  readonly down: boolean
  /** Pairs of columns that are equal; through a junction, `on` is from its first side. */
  readonly on: readonly (readonly [string, string])[]
  /** Names by which a request may choose it: constraints, single columns, the junction. */
  readonly constraint: string
  readonly fromColumn: string | null
  readonly toColumn: string | null
  readonly junction: Junction | null
}

export interface Junction {
  readonly table: string
  readonly constraints: readonly [string, string]
  /** From the junction's columns to those of the far table. */
  readonly far: readonly (readonly [string, string])[]
}

export function isToOne({ kind }: Relationship): boolean {
  return kind === 'many-to-one' || kind === 'one-to-one'
}

export function relationshipsOf(
  keys: readonly ForeignKey[],
  tables: ReadonlyMap<string, Table>,
): ReadonlyMap<string, readonly Relationship[]> {
  const known = keys.filter(({ table, target }) => tables.has(table) && tables.has(target))
  const all = [...known.flatMap(bothWays), ...known.flatMap((key) => through(key, known, tables))]
  return Map.groupBy(all, ({ from }) => from)
}

function bothWays(key: ForeignKey): Relationship[] {
  const { name, table, target, columns, targetColumns, unique } = key
  const own = columns.length === 1 ? (columns[0] ?? null) : null
  const there: Relationship = {
    kind: unique ? 'one-to-one' : 'many-to-one',
    from: table,
    to: target,
    down: false,
    on: pairs(columns, targetColumns),
    constraint: name,
    fromColumn: own,
    toColumn: null,
    junction: null,
  }
  const back: Relationship = {
    ...there,
    kind: unique ? 'one-to-one' : 'one-to-many',
    from: target,
    to: table,
    down: true,
    on: pairs(targetColumns, columns),
    fromColumn: null,
    toColumn: own,
  }
  return [there, back]
}

/** A table joins two others when both its foreign keys are part of its primary key. */
function through(
  near: ForeignKey,
  keys: readonly ForeignKey[],
  tables: ReadonlyMap<string, Table>,
): Relationship[] {
  const primaryKey = tables.get(near.table)?.primaryKey ?? []
  const within = ({ columns }: ForeignKey): boolean =>
    columns.every((column) => primaryKey.includes(column))
  if (!within(near)) return []
  const fars = keys.filter((far) => far.table === near.table && far !== near && within(far))
  return fars.map((far) => ({
    kind: 'many-to-many' as const,
    from: near.target,
    to: far.target,
    down: false,
    on: pairs(near.targetColumns, near.columns),
    constraint: near.table,
    fromColumn: null,
    toColumn: null,
    junction: {
      table: near.table,
      constraints: [near.name, far.name],
      far: pairs(far.columns, far.targetColumns),
    },
  }))
}

function pairs(left: readonly string[], right: readonly string[]): [string, string][] {
  return left.map((column, nth) => [column, right[nth] ?? ''])
}

/**
 * Those that a name and a hint may mean, by PostgREST's rules. A table that refers to itself has
 * two ways for one key: its column leads up, the table's name with a hint leads down.
 */
export function candidates(
  relationships: readonly Relationship[],
  target: string,
  hint: string | null,
): readonly Relationship[] {
  return relationships.filter((one) => {
    const self = one.from === one.to
    if (hint === null) {
      if (one.to === target) return true
      if (one.junction !== null) return false
      return one.fromColumn === target || (one.constraint === target && !(self && one.down))
    }
    if (one.to !== target) return false
    if (self && one.junction === null) {
      return one.down && (one.constraint === hint || one.toColumn === hint)
    }
    return one.constraint === hint || one.fromColumn === hint || one.toColumn === hint
  })
}

/** How one of several is described in PGRST201. */
export function describe(one: Relationship): object {
  const { kind, from, to, on, constraint, junction } = one
  const columns = (list: readonly string[]): string => `(${list.join(', ')})`
  const near = on.map(([column]) => column)
  const far = on.map(([, column]) => column)
  const relationship =
    junction === null
      ? `${constraint} using ${from}${columns(near)} and ${to}${columns(far)}`
      : `${junction.table} using ${junction.constraints[0]}${columns(far)} and ` +
        `${junction.constraints[1]}${columns(junction.far.map(([column]) => column))}`
  return { cardinality: kind, embedding: `${from} with ${to}`, relationship }
}
