import { looksLikeFilter, parseFilterValue, parseLogic } from './filter-parser.ts'
import { Scanner } from './query-scanner.ts'
import type { Condition, Field, Limit, OrderTerm, Placed, RequestQuery } from './request-query.ts'
import { refusals } from './rest-error.ts'
import { parseSelect } from './select-parser.ts'

const maxParameters = 100

/** `forFunction`: parameters that are no filters are its arguments. @throws RestError PGRST100 */
export function parseQuery(search: string, forFunction: boolean): RequestQuery {
  const params = [...new URLSearchParams(search)].filter(([key]) => key !== 'apikey')
  if (params.length > maxParameters) {
    throw refusals.parse('the query is too long', `more than ${maxParameters} parameters`)
  }
  for (const [key, value] of params) {
    if (!(key + value).includes('\0')) continue
    throw refusals.parse('the query cannot be read', 'a parameter contains the character NUL')
  }
  const read = new QueryReader(forFunction)
  for (const [key, value] of params) read.add(key, value)
  return read.result()
}

class QueryReader {
  readonly #forFunction: boolean
  readonly #single = new Map<string, string>()
  readonly #conditions: Placed<Condition>[] = []
  readonly #orders: Placed<readonly OrderTerm[]>[] = []
  readonly #limits = new Map<string, Placed<Limit>>()
  readonly #args: [string, string][] = []

  constructor(forFunction: boolean) {
    this.#forFunction = forFunction
  }

  add(key: string, value: string): void {
    const last = key.slice(key.lastIndexOf('.') + 1)
    if (key === 'select' || key === 'columns' || key === 'on_conflict') {
      if (!this.#single.has(key)) this.#single.set(key, value)
    } else if (last === 'and' || last === 'or') this.#addLogic(key, last, value)
    else if (last === 'order') {
      this.#orders.push({ path: pathOf(key), what: parseOrder(value) })
    } else if (last === 'limit' || last === 'offset') this.#addLimit(pathOf(key), last, value)
    else if (this.#forFunction && !key.includes('.') && !looksLikeFilter(value)) {
      this.#args.push([key, value])
    } else this.#addFilter(key, value)
  }

  result(): RequestQuery {
    const select = this.#single.get('select')
    const columns = this.#single.get('columns')
    const onConflict = this.#single.get('on_conflict')
    return {
      select: parseSelect(select ?? '*'),
      conditions: this.#conditions,
      orders: this.#orders,
      limits: [...this.#limits.values()],
      columns: columns === undefined ? null : parseNames(columns, 'columns parameter'),
      onConflict: onConflict === undefined ? null : parseNames(onConflict, 'on_conflict parameter'),
      args: this.#args,
    }
  }

  #addLogic(key: string, operator: 'and' | 'or', value: string): void {
    const path = pathOf(key)
    const not = path.at(-1) === 'not'
    const what = parseLogic(operator, not, value)
    this.#conditions.push({ path: not ? path.slice(0, -1) : path, what })
  }

  #addFilter(key: string, value: string): void {
    const { path, field } = parseTreePath(key)
    this.#conditions.push({ path, what: { kind: 'filter', field, ...parseFilterValue(value) } })
  }

  #addLimit(path: readonly string[], which: 'limit' | 'offset', value: string): void {
    const key = JSON.stringify(path)
    const before = this.#limits.get(key)?.what ?? { limit: null, offset: 0 }
    const number = /^-?[0-9]{1,15}$/.test(value) ? Number(value) : null
    if (which === 'limit' && number !== null && number < 0) {
      throw refusals.range('Limit should be greater than or equal to zero.')
    }
    const what =
      which === 'limit'
        ? { ...before, limit: number }
        : { ...before, offset: Math.max(0, number ?? 0) }
    this.#limits.set(key, { path, what })
  }
}

/** `child.grandchild.column->key`: everything before the last dot leads to a resource. */
function parseTreePath(text: string): { path: string[]; field: Field } {
  const scanner = new Scanner(text, 'tree path')
  const names = namesByDots(scanner)
  const path = scanner.jsonPath()
  scanner.expectEnd()
  return { path: names.slice(0, -1), field: { name: names.at(-1) ?? '', path } }
}

/** The same for `order`, `limit` and logic, where the last name is the word itself. */
function pathOf(key: string): string[] {
  const scanner = new Scanner(key, 'tree path')
  const names = namesByDots(scanner)
  scanner.expectEnd()
  return names.slice(0, -1)
}

function namesByDots(scanner: Scanner): string[] {
  const names: string[] = []
  do names.push(scanner.expectName())
  while (scanner.take('.'))
  return names
}

function parseNames(text: string, what: string): string[] {
  if (text === '') return []
  const scanner = new Scanner(text, what)
  const names: string[] = []
  do {
    scanner.skipSpaces()
    names.push(scanner.expectName())
    scanner.skipSpaces()
  } while (scanner.take(','))
  scanner.expectEnd()
  return names
}

/** `name.desc.nullslast,child(name)`. */
export function parseOrder(text: string): OrderTerm[] {
  const scanner = new Scanner(text, 'order')
  const terms: OrderTerm[] = []
  do {
    scanner.skipSpaces()
    terms.push(orderTerm(scanner))
    scanner.skipSpaces()
  } while (scanner.take(','))
  scanner.expectEnd()
  return terms
}

function orderTerm(scanner: Scanner): OrderTerm {
  const outer = scanner.field()
  const related = outer.path.length === 0 && scanner.take('(')
  const field = related ? scanner.field() : outer
  if (related) scanner.expect(')')
  const term = { relation: related ? outer.name : null, field }
  let direction: OrderTerm['direction'] = null
  let nulls: OrderTerm['nulls'] = null
  while (scanner.take('.')) {
    if (nulls === null && scanner.take('nullsfirst')) nulls = 'first'
    else if (nulls === null && scanner.take('nullslast')) nulls = 'last'
    else if (direction === null && nulls === null && scanner.take('asc')) direction = 'asc'
    else if (direction === null && nulls === null && scanner.take('desc')) direction = 'desc'
    else throw scanner.fail('"asc", "desc", "nullsfirst" or "nullslast"')
  }
  return { ...term, direction, nulls }
}
