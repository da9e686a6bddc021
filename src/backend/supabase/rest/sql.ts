import pg from 'pg'

type Part = string | { readonly value: string | null }

/**
 * A piece of a statement. Text comes into it only from our own sources (`sql`), from PostgreSQL's
 * catalog (`catalog`) or escaped (`identifier`); whatever else a request says is a parameter.
 */
export class Sql {
  readonly #parts: readonly Part[]

  constructor(parts: readonly Part[]) {
    this.#parts = parts
  }

  get parts(): readonly Part[] {
    return this.#parts
  }

  get isEmpty(): boolean {
    return this.#parts.every((part) => part === '')
  }

  /** As the driver wants it: `$1`… and the values in their order. */
  render(): { text: string; params: readonly (string | null)[] } {
    const params: (string | null)[] = []
    const text = this.#parts.map((part) => {
      if (typeof part === 'string') return part
      params.push(part.value)
      return `$${params.length}`
    })
    return { text: text.join(''), params }
  }
}

export const nothing = new Sql([])

/** Tagged template: only other pieces may stand in the gaps. */
export function sql(strings: TemplateStringsArray, ...pieces: readonly Sql[]): Sql {
  return new Sql(strings.flatMap((text, nth) => [text, ...(pieces[nth]?.parts ?? [])]))
}

export function param(value: string | null): Sql {
  return new Sql([{ value }])
}

/** @throws for a name that PostgreSQL could not have */
export function identifier(name: string): Sql {
  // The protocol ends a statement at the first NUL.
  if (name.includes('\0')) throw new TypeError('an identifier cannot contain NUL')
  return new Sql([pg.escapeIdentifier(name)])
}

export function qualified(schema: string, name: string): Sql {
  return sql`${identifier(schema)}.${identifier(name)}`
}

/** Text that PostgreSQL's own catalog gave: the name of a type, a default. Never from a request. */
export function catalog(text: string): Sql {
  return new Sql([text])
}

export function joined(pieces: readonly Sql[], separator: string): Sql {
  return new Sql(pieces.flatMap((piece, nth) => [nth === 0 ? '' : separator, ...piece.parts]))
}

/** An array literal of texts, for a parameter whose element type PostgreSQL finds out. */
export function arrayLiteral(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value.replace(/["\\]/g, String.raw`\$&`)}"`)
  return `{${quoted.join(',')}}`
}
