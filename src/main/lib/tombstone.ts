import { createHash } from 'node:crypto'
import type { Files } from '../ports.ts'

/**
 * "Erase before use": a small file without any secret in it, which says that a keychain entry
 * should be gone. It outlives a crash between sign-out and erasure, and a keychain that was locked.
 */
export class Tombstone {
  readonly #files: Files
  readonly #name: string

  constructor(files: Files, account: string) {
    const mark = createHash('sha256').update(account).digest('hex').slice(0, 16)
    this.#files = files
    this.#name = `erase-before-use-${mark}`
  }

  async stands(): Promise<boolean> {
    return this.#try(async () => (await this.#files.read(this.#name)) !== null)
  }

  async raise(): Promise<boolean> {
    return this.#try(async () => {
      await this.#files.write(this.#name, 'What is kept of this session must be erased.\n')
      return true
    })
  }

  async lift(): Promise<boolean> {
    return this.#try(async () => {
      await this.#files.remove(this.#name)
      return true
    })
  }

  /** A full disk must not keep anybody from signing out. */
  async #try(act: () => Promise<boolean>): Promise<boolean> {
    try {
      return await act()
    } catch {
      return false
    }
  }
}
