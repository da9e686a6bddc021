// The snapshot of one profile on disk, and the key in the keychain without which it is noise. It owns
// the file, the key and the tombstone over both; it must never know what a snapshot says.
//
// The key exists before the file, and erasing takes both: with either gone nothing can be read. The
// tombstone stands while that is not certain, and then nothing is read before it is.
import { randomBytes } from 'node:crypto'
import type { Log } from '../lib/log.ts'
import { Secret } from '../lib/secret.ts'
import { SerialQueue } from '../lib/serial-queue.ts'
import { Tombstone } from '../lib/tombstone.ts'
import type { Files, Keychain } from '../ports.ts'
import { keyBytes, seal, unseal } from './sealed-file.ts'

export interface SnapshotFileParts {
  readonly files: Files
  readonly keychain: Keychain
  readonly log: Log
  readonly profileId: string
}

export type SnapshotRead =
  | { readonly kind: 'unsealed'; readonly plain: Uint8Array }
  /** `locked`: it may be readable another time. */
  | { readonly kind: 'absent' | 'locked' | 'damaged' | 'outdated' }

export type SnapshotWrite = 'done' | 'locked' | 'refused' | 'closed'

/** What erasing came to. */
export interface CacheErasure {
  readonly bytesErased: number
  readonly bytesLeft: number
  readonly keysErased: number
  readonly keysLeft: number
}

type FileErasure = Pick<CacheErasure, 'bytesErased' | 'bytesLeft'>
type KeyErasure = 'erased' | 'absent' | 'left' | 'unknown'

/** A file that is longer was not written by us. */
const maxFileBytes = 64 * 1_024 * 1_024

export class SnapshotFile {
  readonly #parts: SnapshotFileParts
  readonly #name: string
  readonly #account: string
  readonly #tombstone: Tombstone
  /** Reads and writes, one at a time: an erasure of the key comes after a write of it. */
  readonly #queue = new SerialQueue()
  #key: Buffer | null = null
  #bytes = 0
  #erasing: Promise<CacheErasure> | null = null
  /** Why the last write failed. */
  #refusal: string | null = null

  constructor(parts: SnapshotFileParts) {
    this.#parts = parts
    this.#name = `snapshot-${parts.profileId}.sealed`
    this.#account = `cache.${parts.profileId}`
    this.#tombstone = new Tombstone(parts.files, this.#account)
  }

  /** What is there, as far as it was seen. */
  get held(): { readonly bytes: number; readonly keys: number } {
    return { bytes: this.#bytes, keys: this.#key === null ? 0 : 1 }
  }

  /** Only a keychain that outlasts the process is worth a file that does. */
  get isUsable(): boolean {
    return this.#parts.keychain.keeping === 'keychain'
  }

  /** What was kept. Whatever lies under a tombstone is erased first, and never read. */
  read(): Promise<SnapshotRead> {
    return this.#queue.run(async () => {
      if (!this.isUsable || this.#erasing !== null) return { kind: 'absent' }
      if (await this.#tombstone.stands()) {
        await this.#bury()
        return { kind: 'absent' }
      }
      const bytes = await this.#readFile()
      if (bytes === 'absent' || bytes === 'damaged') return { kind: bytes }
      this.#bytes = bytes.length
      const key = await this.#readKey()
      if (!Buffer.isBuffer(key)) return { kind: key }
      this.#key = key
      return unseal(bytes, key)
    })
  }

  /** Replaces the file, or leaves the older one as it was. */
  write(plain: Uint8Array): Promise<SnapshotWrite> {
    return this.#queue.run(async () => {
      if (this.#isClosed()) return 'closed'
      const known = this.#key
      const key = known ?? (await this.#makeKey())
      // Again: the keychain may have taken its time.
      if (this.#isClosed()) return 'closed'
      if (key === null) return 'locked'
      this.#key = key
      const sealed = seal(plain, key)
      try {
        await this.#parts.files.writeBytes(this.#name, sealed)
      } catch (error) {
        this.#refuse(codeOf(error))
        return 'refused'
      }
      this.#refusal = null
      this.#bytes = sealed.length
      // Under a new key nothing old can be read any more.
      if (known === null && !this.#isClosed()) await this.#tombstone.lift()
      return 'done'
    })
  }

  /** Removes a file that is of no use; its key may serve the next one. */
  async remove(): Promise<void> {
    try {
      await this.#parts.files.remove(this.#name)
      this.#bytes = 0
    } catch (error) {
      this.#parts.log.warn('a snapshot was not removed', { code: codeOf(error) })
    }
  }

  /** Erases what a tombstone stands over; where none does, nothing happens. */
  bury(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.isUsable && (await this.#tombstone.stands())) await this.#bury()
    })
  }

  /** From here on nothing is read or written, whoever asks and however late; key and file are erased. */
  erase(): Promise<CacheErasure> {
    this.#erasing ??= this.#erase()
    return this.#erasing
  }

  async #erase(): Promise<CacheErasure> {
    const hadKey = this.#key !== null
    this.#key?.fill(0)
    this.#key = null
    // Side by side: neither waits for a disk that is slow to take the tombstone, and the file not for
    // a keychain that waits for somebody.
    const raising = this.isUsable ? this.#tombstone.raise() : Promise.resolve(false)
    const [file, key] = await Promise.all([
      this.#eraseFile(),
      this.#queue.run(() => this.#eraseKey()),
    ])
    void raising.then((stands) => stands && this.#liftAfter(file, key))
    return {
      ...file,
      keysErased: key === 'erased' ? 1 : 0,
      keysLeft: key === 'left' || (key === 'unknown' && hadKey) ? 1 : 0,
    }
  }

  async #bury(): Promise<void> {
    const [file, key] = await Promise.all([this.#eraseFile(), this.#eraseKey()])
    if (await this.#liftAfter(file, key)) return
    const { bytesLeft } = file
    this.#parts.log.warn('a snapshot of an ended session is still here', { bytesLeft, key })
  }

  /** The tombstone goes when nothing is left under it for certain. */
  async #liftAfter({ bytesLeft }: FileErasure, key: KeyErasure): Promise<boolean> {
    const isOver = bytesLeft === 0 && (key === 'erased' || key === 'absent')
    if (isOver) await this.#tombstone.lift()
    return isOver
  }

  async #eraseFile(): Promise<FileErasure> {
    const before = await this.#size()
    await this.remove()
    const bytesLeft = await this.#size()
    return { bytesErased: Math.max(0, before - bytesLeft), bytesLeft }
  }

  async #eraseKey(): Promise<KeyErasure> {
    const { keychain } = this.#parts
    const found = await keychain.read(this.#account)
    if (found.kind === 'absent') return 'absent'
    // Also when it could not be read: a keychain that hides an entry may still delete it.
    const isGone = (await keychain.erase(this.#account)) === 'done'
    if (found.kind === 'present') return isGone ? 'erased' : 'left'
    return isGone ? 'absent' : 'unknown'
  }

  async #size(): Promise<number> {
    try {
      return await this.#parts.files.size(this.#name)
    } catch {
      return this.#bytes
    }
  }

  async #readFile(): Promise<Uint8Array | 'absent' | 'damaged'> {
    const { files } = this.#parts
    try {
      if ((await files.size(this.#name)) > maxFileBytes) return 'damaged'
      return (await files.readBytes(this.#name)) ?? 'absent'
    } catch {
      return 'damaged'
    }
  }

  async #readKey(): Promise<Buffer | 'locked' | 'damaged'> {
    const found = await this.#parts.keychain.read(this.#account)
    if (found.kind === 'absent') return 'damaged'
    if (found.kind !== 'present') return 'locked'
    const key = Buffer.from(found.value.reveal(), 'base64url')
    return key.length === keyBytes ? key : 'damaged'
  }

  async #makeKey(): Promise<Buffer | null> {
    const key = randomBytes(keyBytes)
    const value = new Secret(key.toString('base64url'))
    return (await this.#parts.keychain.write(this.#account, value)) === 'done' ? key : null
  }

  /** Logged once, however long it lasts. */
  #refuse(code: string): void {
    if (code !== this.#refusal) this.#parts.log.warn('a snapshot was not written', { code })
    this.#refusal = code
  }

  /** A method, because erasing may begin while something is awaited. */
  #isClosed(): boolean {
    return this.#erasing !== null
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
