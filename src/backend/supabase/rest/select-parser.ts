import { Scanner } from './query-scanner.ts'
import type { Embed, SelectItem } from './request-query.ts'
import { refusals } from './rest-error.ts'

const maxDepth = 5
const maxItems = 100
const castName = /[\p{L}\p{N}_ $]+/uy
const aggregate = /\.(?:avg|count|max|min|sum)\(\)/y

export function parseSelect(text: string): SelectItem[] {
  if (text === '') return []
  const reader = new SelectReader(new Scanner(text, 'select parameter'))
  return reader.read()
}

class SelectReader {
  readonly #in: Scanner
  #count = 0

  constructor(scanner: Scanner) {
    this.#in = scanner
  }

  read(): SelectItem[] {
    const items = this.#list(0)
    this.#in.expectEnd()
    return items
  }

  #list(depth: number): SelectItem[] {
    const items: SelectItem[] = []
    do {
      this.#in.skipSpaces()
      this.#count += 1
      if (this.#count > maxItems) throw this.#in.refuse(`more than ${maxItems} items`)
      items.push(this.#item(depth))
      this.#in.skipSpaces()
    } while (this.#in.take(','))
    return items
  }

  #item(depth: number): SelectItem {
    if (this.#in.take('...'))
      return this.#embed({ relation: this.#in.expectName(), alias: null, spread: true }, depth)
    if (this.#in.take('*')) return column('*')
    const alias = this.#alias()
    const name = this.#in.expectName()
    if (this.#in.peek('!') || this.#in.peek('(')) {
      return this.#embed({ relation: name, alias, spread: false }, depth)
    }
    const field = { name, path: this.#in.jsonPath() }
    this.#refuseAggregate()
    const cast = this.#cast()
    this.#refuseAggregate()
    return { kind: 'column', field, cast, alias }
  }

  #alias(): string | null {
    return this.#in.attempt(() => {
      const name = this.#in.name()
      if (name === null || name === '' || this.#in.peek('::')) return null
      return this.#in.take(':') ? name : null
    })
  }

  #cast(): string | null {
    if (!this.#in.take('::')) return null
    const cast = this.#in.match(castName).trim()
    if (cast === '') throw this.#in.fail('letter or digit')
    return cast
  }

  #refuseAggregate(): void {
    if (this.#in.match(aggregate) !== '') throw refusals.aggregates()
  }

  #embed(head: Pick<Embed, 'relation' | 'alias' | 'spread'>, depth: number): Embed {
    if (head.relation === 'count' && this.#in.take('()')) throw refusals.aggregates()
    let hint: string | null = null
    let join: Embed['join'] = null
    for (let nth = 0; nth < 2 && this.#in.take('!'); nth += 1) {
      const name = this.#in.expectName()
      if (name === 'inner' || name === 'left') join ??= name
      else hint ??= name
    }
    this.#in.expect('(')
    if (depth >= maxDepth)
      throw this.#in.refuse(`more than ${maxDepth} resources within each other`)
    this.#in.skipSpaces()
    const items = this.#in.peek(')') ? [] : this.#list(depth + 1)
    this.#in.expect(')')
    return { kind: 'embed', ...head, hint, join, items }
  }
}

function column(name: string): SelectItem {
  return { kind: 'column', field: { name, path: [] }, cast: null, alias: null }
}
