import { candidates, isToOne, type Relationship } from './relationships.ts'
import type {
  Condition,
  Embed,
  Limit,
  OrderTerm,
  RequestQuery,
  SelectItem,
} from './request-query.ts'
import { refusals } from './rest-error.ts'
import { relationshipAmbiguous, relationshipUnknown } from './schema-refusals.ts'
import type { Schema, Table } from './schema.ts'

/** One resource of a request with what was asked of it, held against the schema. */
export interface ReadNode {
  /** Null for the rows of a function that are no table's. */
  readonly table: Table | null
  /** Its name in errors, and in the statement of the resource that was asked for. */
  readonly name: string
  readonly columns: readonly Extract<SelectItem, { kind: 'column' }>[]
  readonly children: readonly ChildNode[]
  readonly conditions: readonly Condition[]
  readonly order: readonly OrderTerm[]
  readonly limit: Limit
}

export interface ChildNode extends ReadNode {
  readonly embed: Embed
  /** The key of the answer under which it stands, and its name in paths. */
  readonly key: string
  readonly relationship: Relationship
}

interface Growing {
  readonly table: Table | null
  readonly name: string
  readonly columns: Extract<SelectItem, { kind: 'column' }>[]
  readonly children: GrowingChild[]
  conditions: Condition[]
  order: readonly OrderTerm[]
  limit: Limit
}

interface GrowingChild extends Growing {
  readonly embed: Embed
  readonly key: string
  readonly relationship: Relationship
}

const noLimit: Limit = { limit: null, offset: 0 }

/** The most rows of one resource in one answer, as hosted projects have it. */
export const maxRows = 1_000

/** @throws RestError PGRST108, 118, 119, 120, 200, 201 */
export function planRead(
  query: RequestQuery,
  root: { readonly table: Table | null; readonly name: string },
  schema: Schema,
): ReadNode {
  const plan: Growing = grow(root, query.select)
  embedAll(plan, query.select, schema)
  for (const { path, what } of query.conditions) at(plan, path).conditions.push(what)
  for (const { path, what } of query.orders) at(plan, path).order = what
  for (const { path, what } of query.limits) at(plan, path).limit = what
  check(plan)
  return plan
}

function grow(
  { table, name }: { readonly table: Table | null; readonly name: string },
  items: readonly SelectItem[],
): Growing {
  const columns = items.filter((item) => item.kind === 'column')
  return { table, name, columns, children: [], conditions: [], order: [], limit: noLimit }
}

function embedAll(node: Growing, items: readonly SelectItem[], schema: Schema): void {
  for (const item of items) {
    if (item.kind === 'column') continue
    const relationship = resolve(node.name, item, schema)
    if (item.spread && !isToOne(relationship)) {
      throw refusals.spreadNotToOne(node.name, item.relation)
    }
    const table = schema.tables.get(relationship.to) ?? null
    const child: GrowingChild = {
      ...grow({ table, name: relationship.to }, item.items),
      embed: item,
      key: item.alias ?? item.relation,
      relationship,
    }
    node.children.push(child)
    embedAll(child, item.items, schema)
  }
}

function resolve(parent: string, embed: Embed, schema: Schema): Relationship {
  const sought = { parent, child: embed.relation, hint: embed.hint }
  const all = schema.relationships.get(parent) ?? []
  const found = candidates(all, embed.relation, embed.hint)
  const [first, ...others] = found
  if (first === undefined) throw relationshipUnknown(sought, schema)
  if (others.length > 0) throw relationshipAmbiguous(sought, found)
  return first
}

function at(root: Growing, path: readonly string[]): Growing {
  let here = root
  for (const name of path) {
    const next = here.children.find(
      ({ key, embed, relationship }) =>
        key === name || (embed.alias === null && relationship.to === name),
    )
    if (next === undefined) throw refusals.notEmbedded(name)
    here = next
  }
  return here
}

/** What is asked of a resource inside its parent's conditions and order. */
function check(node: Growing): void {
  for (const term of node.order) {
    if (term.relation !== null) childToOrderBy(node, term.relation)
  }
  for (const condition of node.conditions) checkCondition(node, condition)
  for (const child of node.children) check(child)
}

function checkCondition(node: Growing, condition: Condition): void {
  if (condition.kind === 'logic') {
    for (const term of condition.terms) checkCondition(node, term)
    return
  }
  const { field, test } = condition
  if (embeddedAs(node, field.name) === null) return
  if (test.kind !== 'is' || !['null', 'not_null'].includes(test.value)) {
    throw refusals.embedFilter(field.name)
  }
}

/** The child that a filter on its name asks about; a column of that name is asked first. */
export function embeddedAs(node: ReadNode, name: string): ChildNode | null {
  if (node.table?.columns.has(name) === true) return null
  return node.children.find(({ key }) => key === name) ?? null
}

/** @throws RestError PGRST108, PGRST118 */
export function childToOrderBy(node: ReadNode, name: string): ChildNode {
  const child = node.children.find(({ key }) => key === name)
  if (child === undefined) throw refusals.notEmbedded(name)
  if (!isToOne(child.relationship)) throw refusals.orderNotToOne(node.name, name)
  return child
}
