/** Words of the longest phrase that is looked for. */
const longestPhrase = 5

export interface Translation {
  readonly text: string
  /** Words that the glossary does not know; they stand in the result as they were. */
  readonly wordsKept: number
}

/** Translates by a glossary: the longest known phrase first, unknown words kept. */
export class Translator {
  readonly #phrases: ReadonlyMap<string, string>

  constructor(glossary: Iterable<readonly [source: string, target: string]>) {
    this.#phrases = new Map([...glossary].map(([from, to]) => [from.toLowerCase(), to]))
  }

  translate(source: string): Translation {
    const words = source.split(' ')
    const out: string[] = []
    let wordsKept = 0
    for (let at = 0; at < words.length;) {
      const found = this.#longestAt(words, at)
      if (found === null) {
        const word = words[at] ?? ''
        if (/\p{L}{2}/u.test(word)) wordsKept += 1
        out.push(word)
        at += 1
      } else {
        out.push(found.target)
        at += found.length
      }
    }
    const joined = out.join(' ')
    return { text: joined.charAt(0).toUpperCase() + joined.slice(1), wordsKept }
  }

  #longestAt(words: readonly string[], at: number): { target: string; length: number } | null {
    for (let length = Math.min(longestPhrase, words.length - at); length > 0; length -= 1) {
      const phrase = words.slice(at, at + length).join(' ')
      const end = /[.,;:]$/.exec(phrase)?.[0] ?? ''
      const bare = end === '' ? phrase : phrase.slice(0, -1)
      const target = this.#phrases.get(bare.toLowerCase())
      if (target !== undefined) return { target: `${target}${end}`, length }
    }
    return null
  }
}
