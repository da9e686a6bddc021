import { castType, fieldSql, where, type Source } from './condition-sql.ts'
import { childToOrderBy, embeddedAs, maxRows, type ChildNode, type ReadNode } from './read-plan.ts'
import { isToOne } from './relationships.ts'
import type { Condition, OrderTerm } from './request-query.ts'
import { RestError } from './rest-error.ts'
import type { Schema } from './schema.ts'
import { identifier, joined, nothing, param, qualified, sql, type Sql } from './sql.ts'

/** Where the rows of the resource come from; null for its table. */
export interface ReadOptions {
  readonly from: Sql | null
  /** Rows of one resource are bounded, but what a request has changed is told whole. */
  readonly bounded: boolean
}

/** The statements that read one plan. */
export class ReadSql {
  readonly #plan: ReadNode
  readonly #schema: Schema
  readonly #options: ReadOptions
  readonly #aliases = new Map<ReadNode, string>()
  readonly #taken = new Set<string>()

  constructor(plan: ReadNode, schema: Schema, options: ReadOptions) {
    this.#plan = plan
    this.#schema = schema
    this.#options = options
    this.#name(plan)
  }

  /** One row a row, with everything that is embedded. */
  rows(): Sql {
    const node = this.#plan
    const { from } = this.#options
    return sql`${this.#head(node, from)}${this.#tail(node, [])}`
  }

  /** As many rows as there are without limit and offset. */
  total(): Sql {
    const node = this.#plan
    const asked = new Set(node.conditions.flatMap(namesIn))
    const decisive = node.children.filter(
      ({ embed, key }) => embed.join === 'inner' || asked.has(key),
    )
    const joins = decisive.map((child) => this.#join(node, child))
    const source = this.#source(node)
    const own = where(node.conditions, source, this.#inner(node))
    return sql`select 1 from ${this.#from(node, this.#options.from)}${joined(joins, '')}${own}`
  }

  /** The root keeps its table's name: PostgreSQL names it in its errors. */
  #name(node: ReadNode): void {
    // PostgreSQL cuts names at 63 bytes, after which two could be one.
    const short = Buffer.byteLength(node.name) > 40 ? 'resource' : node.name
    let alias = node === this.#plan ? node.name : `${short}_1`
    for (let nth = 2; this.#taken.has(alias); nth += 1) alias = `${short}_${nth}`
    this.#taken.add(alias)
    this.#aliases.set(node, alias)
    for (const child of node.children) this.#name(child)
  }

  #alias(node: ReadNode): string {
    return this.#aliases.get(node) ?? node.name
  }

  #source(node: ReadNode): Source {
    return {
      alias: this.#alias(node),
      table: node.table,
      embedded: (name) => {
        const child = embeddedAs(node, name)
        return child === null ? null : sql`${this.#lateral(child)}.pgrst_found`
      },
    }
  }

  #lateral(child: ChildNode): Sql {
    return identifier(`pgrst_${this.#alias(child)}`)
  }

  #from(node: ReadNode, from: Sql | null): Sql {
    const { table } = node
    const alias = identifier(this.#alias(node))
    if (from !== null || table === null) return sql`${from ?? alias} as ${alias}`
    const name = qualified(table.schema, table.name)
    return node === this.#plan ? name : sql`${name} as ${alias}`
  }

  #head(node: ReadNode, from: Sql | null): Sql {
    const joins = node.children.map((child) => this.#join(node, child))
    return sql`select ${this.#items(node)} from ${this.#from(node, from)}${joined(joins, '')}`
  }

  #tail(node: ReadNode, joinConditions: readonly Sql[]): Sql {
    const conditions = where(node.conditions, this.#source(node), [
      ...joinConditions,
      ...this.#inner(node),
    ])
    const order = this.#order(node)
    return sql`${conditions}${order}${this.#limit(node)}`
  }

  #inner(node: ReadNode): Sql[] {
    const inner = node.children.filter(({ embed }) => embed.join === 'inner')
    return inner.map((child) => sql`${this.#lateral(child)}.pgrst_found is not null`)
  }

  #items(node: ReadNode): Sql {
    const source = this.#source(node)
    const columns = node.columns.map(({ field, cast, alias }) => {
      if (field.name === '*' && field.path.length === 0) return sql`${identifier(source.alias)}.*`
      const value = fieldSql(field, source)
      const name = alias ?? answerName(field.name, field.path)
      const type = cast === null ? null : this.#castType(cast)
      const cased = type === null ? value : sql`cast(${value} as ${type})`
      return sql`${cased} as ${identifier(name)}`
    })
    const embeds = node.children.flatMap((child) => this.#embedItems(child))
    return joined([...columns, ...embeds], ', ')
  }

  #castType(name: string): Sql {
    const type = castType(name, this.#schema.types)
    if (type !== null) return type
    throw new RestError(400, { code: '42704', message: `type "${name}" does not exist` })
  }

  #embedItems(child: ChildNode): Sql[] {
    const lateral = this.#lateral(child)
    if (child.embed.spread) {
      return answerNames(child).map((name) => sql`${lateral}.${identifier(name)}`)
    }
    // `child()` is there only to be asked about.
    if (child.columns.length === 0 && child.children.length === 0) return []
    const found = sql`${lateral}.pgrst_found`
    const value = isToOne(child.relationship) ? found : sql`coalesce(${found}, '[]')`
    return [sql`${value} as ${identifier(child.key)}`]
  }

  #join(parent: ReadNode, child: ChildNode): Sql {
    const lateral = this.#lateral(child)
    return sql` left join lateral (${this.#childRows(parent, child)}) as ${lateral} on true`
  }

  #childRows(parent: ReadNode, child: ChildNode): Sql {
    const { relationship, embed } = child
    const { from, conditions } = this.#connect(parent, child)
    const joins = joined(
      child.children.map((grandchild) => this.#join(child, grandchild)),
      '',
    )
    const items = this.#items(child)
    const rest = sql`from ${from}${joins}${this.#tail(child, conditions)}`
    if (!isToOne(relationship)) {
      const rows = sql`select ${items} ${rest}`
      return sql`select json_agg(pgrst_row) as pgrst_found from (${rows}) as pgrst_row`
    }
    const orders = this.#orderedBy(parent, child)
    if (embed.spread) {
      return sql`select ${joined([...(items.isEmpty ? [] : [items]), ...orders], ', ')}${
        items.isEmpty && orders.length === 0 ? nothing : sql`, `
      }true as pgrst_found ${rest}`
    }
    const one = sql`(select row_to_json(pgrst_row) from (select ${items}) as pgrst_row)`
    return sql`select ${joined([sql`${one} as pgrst_found`, ...orders], ', ')} ${rest}`
  }

  /** What the parent's order wants of a to-one resource: columns beside its JSON. */
  #orderedBy(parent: ReadNode, child: ChildNode): Sql[] {
    return parent.order.flatMap((term, nth) => {
      if (term.relation === null || childToOrderBy(parent, term.relation) !== child) return []
      const value = fieldSql(term.field, this.#source(child))
      return [sql`${value} as ${identifier(`pgrst_order_${nth}`)}`]
    })
  }

  #connect(parent: ReadNode, child: ChildNode): { from: Sql; conditions: Sql[] } {
    const { relationship } = child
    const { junction } = relationship
    const [outer, own] = [identifier(this.#alias(parent)), identifier(this.#alias(child))]
    const from = this.#from(child, null)
    const equal = (left: Sql, right: Sql, pairs: readonly (readonly [string, string])[]): Sql[] =>
      pairs.map(([one, other]) => sql`${left}.${identifier(one)} = ${right}.${identifier(other)}`)
    if (junction === null) return { from, conditions: equal(outer, own, relationship.on) }
    const between = sql`pgrst_junction`
    const schema = child.table?.schema ?? ''
    return {
      from: sql`${from}, ${qualified(schema, junction.table)} as ${between}`,
      conditions: [...equal(outer, between, relationship.on), ...equal(between, own, junction.far)],
    }
  }

  #order(node: ReadNode): Sql {
    if (node.order.length === 0) return nothing
    const terms = node.order.map((term, nth) => {
      const value =
        term.relation === null
          ? fieldSql(term.field, this.#source(node))
          : sql`${this.#lateral(childToOrderBy(node, term.relation))}.${identifier(`pgrst_order_${nth}`)}`
      return sql`${value}${directionSql(term)}`
    })
    return sql` order by ${joined(terms, ', ')}`
  }

  #limit(node: ReadNode): Sql {
    const { limit, offset } = node.limit
    const toOne = 'relationship' in node && isToOne((node as ChildNode).relationship)
    const bound = this.#options.bounded && !toOne ? maxRows : Infinity
    const most = Math.min(limit ?? Infinity, bound)
    const limited = most === Infinity ? nothing : sql` limit ${param(String(most))}::bigint`
    return offset === 0 ? limited : sql`${limited} offset ${param(String(offset))}::bigint`
  }
}

function directionSql({ direction, nulls }: OrderTerm): Sql {
  const way = { asc: sql` asc`, desc: sql` desc`, none: nothing }[direction ?? 'none']
  const place = {
    first: sql` nulls first`,
    last: sql` nulls last`,
    none: nothing,
  }[nulls ?? 'none']
  return sql`${way}${place}`
}

/** A JSON path is called after its last key. */
function answerName(name: string, path: readonly { readonly key: string | number }[]): string {
  return path.map(({ key }) => key).findLast((key) => typeof key === 'string') ?? name
}

/** Every column that a resource brings, in order; what is spread has to name them. */
function answerNames(node: ReadNode): string[] {
  const own = node.columns.flatMap(({ field, alias }) => {
    if (field.name !== '*' || field.path.length > 0) {
      return [alias ?? answerName(field.name, field.path)]
    }
    return [...(node.table?.columns.keys() ?? [])]
  })
  const embedded = node.children.flatMap((child) => {
    if (child.embed.spread) return answerNames(child)
    return child.columns.length === 0 && child.children.length === 0 ? [] : [child.key]
  })
  return [...own, ...embedded]
}

function namesIn(condition: Condition): string[] {
  return condition.kind === 'filter' ? [condition.field.name] : condition.terms.flatMap(namesIn)
}
