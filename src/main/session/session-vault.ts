// Keeps one session's tokens in the keychain. It writes only what it was told before its scope fell
// silent, in the order told, and nothing at all once it is sealed. It knows no server.
import { z } from 'zod'
import type { Keeping } from '../../shared/workspace.ts'
import { Emitter } from '../lib/emitter.ts'
import type { Off } from '../lib/emitter.ts'
import type { Log } from '../lib/log.ts'
import { Secret } from '../lib/secret.ts'
import { SerialQueue } from '../lib/serial-queue.ts'
import type { Cancel, Clock, Files, Keychain } from '../ports.ts'
import { parseJson } from './auth-failures.ts'
import { ChunkedEntry } from './chunked-entry.ts'
import type { Erasure } from './chunked-entry.ts'
import { Tombstone } from '../lib/tombstone.ts'
import { tokenAnswerSchema } from './token-set.ts'
import type { TokenAnswer } from './token-set.ts'

export interface VaultParts {
  readonly keychain: Keychain
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
  /** Aborts when the session's scope falls silent. */
  readonly signal: AbortSignal
  readonly account: string
  /** Where the tokens belong: an entry for another server is never sent to this one. */
  readonly server: string
}

export type VaultRead =
  | { readonly kind: 'present'; readonly tokens: TokenAnswer }
  | { readonly kind: 'absent' | 'locked' | 'unavailable' | 'timeout' }

const entrySchema = tokenAnswerSchema.extend({ server: z.string() })

/** How long a locked keychain is left alone before the write is tried again. */
const retryMs = 15_000

export class SessionVault {
  readonly #parts: VaultParts
  readonly #entry: ChunkedEntry
  readonly #tombstone: Tombstone
  readonly #queue = new SerialQueue()
  readonly #changed = new Emitter<undefined>()
  #waiting: Secret | null = null
  #sealed = false
  #keeping: Keeping
  #retry: Cancel | null = null
  #erasing: Promise<Erasure> | null = null

  constructor(parts: VaultParts) {
    this.#parts = parts
    this.#entry = new ChunkedEntry(parts.keychain, parts.account)
    this.#tombstone = new Tombstone(parts.files, parts.account)
    this.#keeping = parts.keychain.keeping
    parts.signal.addEventListener('abort', () => this.#disarm(), { once: true })
  }

  get keeping(): Keeping {
    return this.#keeping
  }

  /** `keeping` became another. */
  onChanged(listener: () => void): Off {
    return this.#changed.on(listener)
  }

  /** What was kept. A broken entry, or one of another server, is erased and counts as absent. */
  read(): Promise<VaultRead> {
    return this.#queue.run(async () => {
      const buried = this.#lasting && (await this.#tombstone.stands())
      // Being erased right now: that counts the entries, and nobody may have them any more.
      if (this.#sealed) return { kind: 'absent' }
      if (buried) return this.#bury()
      const found = await this.#entry.read()
      if (found.kind !== 'present' && found.kind !== 'corrupt') return { kind: found.kind }
      const tokens = found.kind === 'present' ? this.#parse(found.value) : null
      if (tokens !== null) return { kind: 'present', tokens }
      this.#parts.log.warn('a broken keychain entry was erased')
      await this.#entry.erase()
      return { kind: 'absent' }
    })
  }

  /** Keeps these tokens instead of any before. Answers at once; `keeping` tells how it went. */
  keep(tokens: TokenAnswer): void {
    if (this.#sealed || this.#parts.signal.aborted) return
    const { access_token, refresh_token, expires_at, expires_in, token_type } = tokens
    const entry = { access_token, refresh_token, expires_at, expires_in, token_type }
    this.#waiting = new Secret(JSON.stringify({ ...entry, server: this.#parts.server }))
    void this.retry()
  }

  /** Tries a write that a locked keychain refused; answers whether everything is kept now. */
  retry(): Promise<boolean> {
    this.#disarm()
    return this.#queue.run(() => this.#writeWaiting())
  }

  /** Resolves when what was told to be kept was tried, or after `withinMs`. */
  async settled(withinMs: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>()
    const disarm = this.#parts.clock.after(withinMs, () => resolve(undefined))
    await Promise.race([late, this.#queue.run(() => Promise.resolve())])
    disarm()
  }

  /** From here on nothing is written, whoever asks and however late. */
  seal(): void {
    this.#sealed = true
    this.#waiting = null
    this.#disarm()
  }

  /**
   * Seals, then erases every entry. The tombstone stands first, so that a crash in between cannot
   * bring the session back; it stays if the keychain does not let go.
   */
  erase(): Promise<Erasure> {
    this.seal()
    this.#erasing ??= this.discard()
    return this.#erasing
  }

  /** The same without sealing: what was kept is of no use, but another session may follow. */
  async discard(): Promise<Erasure> {
    this.#waiting = null
    if (this.#lasting) await this.#tombstone.raise()
    return this.#queue.run(async () => {
      const erasure = await this.#entry.erase()
      if (this.#lasting && erasure.left === 0) await this.#tombstone.lift()
      return erasure
    })
  }

  /** A memory keychain proves nothing about what an earlier start left in the real one. */
  get #lasting(): boolean {
    return this.#parts.keychain.keeping === 'keychain'
  }

  /** An entry under a tombstone is erased, and never read. */
  async #bury(): Promise<VaultRead> {
    const { left } = await this.#entry.erase()
    if (left === 0) await this.#tombstone.lift()
    else this.#parts.log.warn('an entry of an ended session is still in the keychain', { left })
    return { kind: 'absent' }
  }

  async #writeWaiting(): Promise<boolean> {
    const value = this.#waiting
    if (value === null) return this.#keeping !== 'keychain-locked'
    const written = await this.#entry.write(value)
    if (this.#isSealed()) return false
    if (written === 'done') {
      if (this.#waiting === value) this.#waiting = null
      if (this.#lasting) await this.#tombstone.lift()
      this.#become(this.#parts.keychain.keeping)
      return true
    }
    this.#parts.log.warn('the keychain did not take the session', { answer: written })
    this.#become(written === 'unavailable' ? 'memory' : 'keychain-locked')
    this.#retryLater()
    return false
  }

  /** Two writes may wait for one keychain and both be refused: there is still one timer. */
  #retryLater(): void {
    this.#disarm()
    if (this.#parts.signal.aborted) return
    this.#retry = this.#parts.clock.after(retryMs, () => void this.retry())
  }

  /** A method, because sealing may happen while a write is awaited. */
  #isSealed(): boolean {
    return this.#sealed
  }

  #disarm(): void {
    this.#retry?.()
    this.#retry = null
  }

  #become(keeping: Keeping): void {
    if (keeping === this.#keeping) return
    this.#keeping = keeping
    if (!this.#parts.signal.aborted) this.#changed.emit(undefined)
  }

  #parse(value: Secret): TokenAnswer | null {
    const parsed = entrySchema.safeParse(parseJson(value.reveal()))
    return parsed.success && parsed.data.server === this.#parts.server ? parsed.data : null
  }
}
