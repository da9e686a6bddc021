import { z } from 'zod'
import type { Files } from '../ports.ts'

const schema = z.object({ stored: z.array(z.string()) })
const fileName = 'keychain-ledger.json'

/**
 * Which entries were ever stored and not known to be erased since: names alone, nothing secret. On
 * Linux a locked keyring answers as if it were empty, and only this tells the two apart.
 */
export class KeychainLedger {
  readonly #files: Files
  #names: Set<string> | null = null
  /** A ledger that cannot be read proves nothing: then every entry may have been stored. */
  #unreadable = false

  constructor(files: Files) {
    this.#files = files
  }

  async has(name: string): Promise<boolean> {
    const names = await this.#load()
    return this.#unreadable || names.has(name)
  }

  async add(name: string): Promise<void> {
    const names = await this.#load()
    if (names.has(name)) return
    names.add(name)
    await this.#save(names)
  }

  async remove(name: string): Promise<void> {
    const names = await this.#load()
    if (!names.delete(name)) return
    await this.#save(names)
  }

  async #load(): Promise<Set<string>> {
    if (this.#names !== null) return this.#names
    try {
      const text = await this.#files.read(fileName)
      this.#names = new Set(text === null ? [] : schema.parse(JSON.parse(text)).stored)
    } catch {
      this.#unreadable = true
      this.#names = new Set()
    }
    return this.#names
  }

  async #save(names: Set<string>): Promise<void> {
    try {
      await this.#files.write(fileName, `${JSON.stringify({ stored: [...names].sort() })}\n`)
    } catch {
      // A full disk: what is in memory holds until the end of the process.
    }
  }
}
