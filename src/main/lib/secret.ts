import { inspect } from 'node:util'

const hidden = '[secret]'

/**
 * A token or password in hand. It prints as `[secret]` however it is printed; only `reveal()`
 * gives the text, so a search for that word finds every place where a secret is used.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  equals(other: Secret): boolean {
    return this.#text === other.#text
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }
}
