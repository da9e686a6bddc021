import { Secret } from '../../src/main/lib/secret.ts'
import type { Keychain, KeychainRead, KeychainWrite } from '../../src/main/ports.ts'

/** How every call is answered while it is set. */
export type KeychainTrouble = 'locked' | 'unavailable' | 'timeout'

/**
 * The fake of the Keychain port: entries that a test can look at, and the moods of real keychains.
 * To script another mood, set `trouble` (all calls), `refusesErasure`, `hangs`, or `diesAfter`; or
 * `hold` calls back for a while.
 */
export class MemoryKeychain implements Keychain {
  readonly keeping = 'keychain'
  readonly entries = new Map<string, string>()
  trouble: KeychainTrouble | null = null
  /** Deletes nothing and says so. */
  refusesErasure = false
  /** No call settles: a prompt that nobody answers. */
  hangs = false
  /** After this many changes the process is dead: nothing more is done or answered. */
  diesAfter = Infinity
  /** Changes carried out so far. */
  changes = 0
  /** Longest value ever written, in bytes. */
  longest = 0
  #held: PromiseWithResolvers<undefined> | null = null

  /** From now on no call begins, until `release`. */
  hold(): void {
    this.#held ??= Promise.withResolvers()
  }

  release(): void {
    this.#held?.resolve(undefined)
    this.#held = null
  }

  read = async (account: string): Promise<KeychainRead> => {
    await this.#held?.promise
    if (this.#dead) return new Promise(() => undefined)
    if (this.trouble !== null) return { kind: this.trouble }
    const text = this.entries.get(account)
    return text === undefined ? { kind: 'absent' } : { kind: 'present', value: new Secret(text) }
  }

  write = async (account: string, value: Secret): Promise<KeychainWrite> => {
    await this.#held?.promise
    if (this.#dead) return new Promise(() => undefined)
    if (this.trouble !== null) return this.trouble
    this.changes += 1
    this.longest = Math.max(this.longest, Buffer.byteLength(value.reveal()))
    this.entries.set(account, value.reveal())
    return 'done'
  }

  erase = async (account: string): Promise<KeychainWrite> => {
    await this.#held?.promise
    if (this.#dead) return new Promise(() => undefined)
    if (this.trouble !== null) return this.trouble
    if (this.refusesErasure && this.entries.has(account)) return 'locked'
    this.changes += 1
    this.entries.delete(account)
    return 'done'
  }

  get #dead(): boolean {
    return this.hangs || this.changes >= this.diesAfter
  }
}
