// One value in the keychain, in parts where it is too long for one entry (Windows: 2,560 bytes).
// It knows nothing of what the value means.
//
// Order is everything here. Parts are written upwards, the header that names them last: until then
// the old header and its parts stand. Parts are erased downwards. So the parts of a generation that
// exist are always the first few, whatever was interrupted, and walking up finds all of them.
import { createHash } from 'node:crypto'
import type { Keychain, KeychainRead, KeychainWrite } from '../ports.ts'
import { Secret } from '../lib/secret.ts'

/** Longest single entry, in UTF-8 bytes (electron.md §2.4). */
export const entryMaxBytes = 2_400
/** Longest value altogether, in UTF-8 bytes. */
export const valueMaxBytes = 65_536

export type ValueRead =
  | { readonly kind: 'present'; readonly value: Secret }
  | { readonly kind: 'absent' | 'corrupt' | 'locked' | 'unavailable' | 'timeout' }

export interface Erasure {
  readonly erased: number
  /** Entries that may still be there. */
  readonly left: number
}

const generations = ['a', 'b'] as const
type Generation = (typeof generations)[number]

interface Header {
  readonly generation: Generation
  readonly parts: number
  readonly sum: string
}

export class ChunkedEntry {
  readonly #keychain: Keychain
  readonly #account: string

  constructor(keychain: Keychain, account: string) {
    this.#keychain = keychain
    this.#account = account
  }

  async read(): Promise<ValueRead> {
    const head = await this.#keychain.read(this.#account)
    if (head.kind !== 'present') return head
    const text = head.value.reveal()
    if (Buffer.byteLength(text) > valueMaxBytes) return { kind: 'corrupt' }
    const header = parseHeader(text)
    if (header === null) return head
    let whole = ''
    for (let index = 0; index < header.parts; index += 1) {
      const part = await this.#keychain.read(this.#part(header.generation, index))
      if (part.kind === 'absent') return { kind: 'corrupt' }
      if (part.kind !== 'present') return part
      whole += part.value.reveal()
    }
    return sumOf(whole) === header.sum
      ? { kind: 'present', value: new Secret(whole) }
      : { kind: 'corrupt' }
  }

  /** Until this answers `done` the old value may be read, or the new one, never a mixture. */
  async write(value: Secret): Promise<KeychainWrite> {
    const text = value.reveal()
    if (Buffer.byteLength(text) > valueMaxBytes) return 'unavailable'
    const head = await this.#keychain.read(this.#account)
    const old = head.kind === 'present' ? parseHeader(head.value.reveal()) : null
    if (Buffer.byteLength(text) <= entryMaxBytes) {
      const written = await this.#keychain.write(this.#account, value)
      if (written === 'done') await this.#sweep({ a: 0, b: 0 })
      return written
    }
    const generation = old?.generation === 'a' ? 'b' : 'a'
    const parts = split(text)
    for (const [index, part] of parts.entries()) {
      const written = await this.#keychain.write(this.#part(generation, index), new Secret(part))
      if (written !== 'done') return written
    }
    const header = `${magic} ${generation} ${parts.length} ${sumOf(text)}`
    const written = await this.#keychain.write(this.#account, new Secret(header))
    if (written === 'done') await this.#sweep({ a: 0, b: 0, [generation]: parts.length })
    return written
  }

  /** The header goes first: from then on nothing can be read as a value. */
  async erase(): Promise<Erasure> {
    const head = await this.#eraseOne(this.#account)
    const parts = await this.#sweep({ a: 0, b: 0 })
    return { erased: head.erased + parts.erased, left: head.left + parts.left }
  }

  /** Erases the parts of both generations from the given index on. */
  async #sweep(from: Readonly<Record<Generation, number>>): Promise<Erasure> {
    let erased = 0
    let left = 0
    for (const generation of generations) {
      let end = from[generation]
      let found: KeychainRead = await this.#keychain.read(this.#part(generation, end))
      while (found.kind === 'present') {
        end += 1
        found = await this.#keychain.read(this.#part(generation, end))
      }
      for (let index = end - 1; index >= from[generation]; index -= 1) {
        const gone = (await this.#keychain.erase(this.#part(generation, index))) === 'done'
        if (gone) erased += 1
        else left += 1
      }
    }
    return { erased, left }
  }

  async #eraseOne(account: string): Promise<Erasure> {
    const found = await this.#keychain.read(account)
    if (found.kind === 'absent') return { erased: 0, left: 0 }
    // Also when it could not be read: a keychain that hides an entry may still delete it.
    const gone = (await this.#keychain.erase(account)) === 'done'
    return gone ? { erased: found.kind === 'present' ? 1 : 0, left: 0 } : { erased: 0, left: 1 }
  }

  #part(generation: Generation, index: number): string {
    return `${this.#account}.${generation}${index}`
  }
}

const magic = 'signalbox-parts-1'

function parseHeader(text: string): Header | null {
  const match = /^signalbox-parts-1 ([ab]) (\d{1,2}) ([0-9a-f]{64})$/.exec(text)
  if (match === null) return null
  const [, generation, parts, sum] = match
  return { generation: generation === 'a' ? 'a' : 'b', parts: Number(parts), sum: sum ?? '' }
}

const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Pieces of at most `entryMaxBytes` bytes that never cut a character in two. */
function split(text: string): string[] {
  const pieces: string[] = []
  let piece = ''
  let bytes = 0
  for (const character of text) {
    const size = Buffer.byteLength(character)
    if (bytes + size > entryMaxBytes) {
      pieces.push(piece)
      piece = ''
      bytes = 0
    }
    piece += character
    bytes += size
  }
  pieces.push(piece)
  return pieces
}
