import { refusals, type RestError } from './rest-error.ts'
import type { Field, JsonStep } from './request-query.ts'

const identifier = /[\p{L}\p{N}_ $]+/uy
const whitespace = /[ \t]*/y
const digits = /[0-9]+/y

/**
 * Reads one value of a query string from left to right, and says where it could not go on. It never
 * looks back further than one name, so its work grows with the length of the text alone.
 */
export class Scanner {
  readonly #text: string
  readonly #what: string
  #at = 0

  /** `what` is named in errors: "select parameter", "filter". */
  constructor(text: string, what: string) {
    this.#text = text
    this.#what = what
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  peek(text: string): boolean {
    return this.#text.startsWith(text, this.#at)
  }

  take(text: string): boolean {
    const there = this.peek(text)
    if (there) this.#at += text.length
    return there
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.fail(`"${text}"`)
  }

  expectEnd(): void {
    if (!this.atEnd) throw this.fail('"," or end of input')
  }

  skipSpaces(): void {
    this.match(whitespace)
  }

  /** What a sticky pattern finds here, or an empty text. */
  match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += found.length
    return found
  }

  rest(): string {
    const text = this.#text.slice(this.#at)
    this.#at = this.#text.length
    return text
  }

  /** Goes back if `read` gives null. */
  attempt<T>(read: () => T | null): T | null {
    const start = this.#at
    const found = read()
    if (found === null) this.#at = start
    return found
  }

  /** Null when what is quoted does not end. */
  quoted(): string | null {
    return this.attempt(() => {
      if (!this.take('"')) return null
      const found: string[] = []
      while (!this.atEnd) {
        if (this.take('"')) return found.join('')
        this.take('\\')
        found.push(this.#text.charAt(this.#at))
        this.#at += 1
      }
      return null
    })
  }

  /** Words joined by dashes, or a quoted text; null when there is neither. */
  name(): string | null {
    if (this.peek('"')) return this.quoted()
    const words: string[] = []
    do {
      const word = this.match(identifier).trim()
      if (word === '') {
        if (words.length === 0) return null
        throw this.fail('letter or digit')
      }
      words.push(word)
    } while (!this.peek('->') && this.take('-'))
    return words.join('-')
  }

  expectName(): string {
    const name = this.name()
    if (name === null || name === '') throw this.fail('field name (* or [a..z0..9_$])')
    return name
  }

  field(): Field {
    const name = this.expectName()
    return { name, path: this.jsonPath() }
  }

  jsonPath(): JsonStep[] {
    const path: JsonStep[] = []
    for (;;) {
      const asText = this.take('->>')
      if (!asText && !this.take('->')) return path
      path.push({ asText, key: this.#index() ?? this.expectName() })
    }
  }

  fail(expecting: string): RestError {
    const code = this.#text.codePointAt(this.#at)
    const here = code === undefined ? undefined : String.fromCodePoint(code)
    const unexpected = here === undefined ? 'end of input' : JSON.stringify(here)
    return this.refuse(`unexpected ${unexpected} expecting ${expecting}`)
  }

  /** PostgREST's message tells the place, its details the reason. */
  refuse(details: string): RestError {
    const message = `"failed to parse ${this.#what} (${this.#text})" (line 1, column ${this.#at + 1})`
    return refusals.parse(message, details)
  }

  #index(): number | null {
    return this.attempt(() => {
      const sign = this.take('-') ? -1 : 1
      const found = this.match(digits)
      if (found === '' || found.length > 9) return null
      const ends = this.atEnd || ['->', '::', '.', ',', ')', ' '].some((end) => this.peek(end))
      return ends ? sign * Number(found) || 0 : null
    })
  }
}
