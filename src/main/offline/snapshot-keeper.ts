// When the last known state of a workspace is written and read. It owns that rhythm and what the
// operator has to be told of it. After silence it writes only what closing the app asks for.
import type { FailureCode } from '../../shared/failure.ts'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../ports.ts'
import type { CacheErasure, SnapshotFile } from './snapshot-file.ts'
import { decode, encode, newest } from './snapshot.ts'
import type { Owner, Snapshot } from './snapshot.ts'

/** At most this often while jobs change, in milliseconds. */
const everyMs = 15_000

export interface KeeperOptions {
  readonly file: SnapshotFile
  readonly clock: Clock
  readonly log: Log
  /** Aborts when the workspace falls silent. */
  readonly signal: AbortSignal
  /** The state now; null while there is nobody, or nothing, to keep. */
  readonly take: () => Snapshot | null
  /** Equal numbers mean equal jobs. */
  readonly revision: () => number
  /** The notes changed. */
  readonly onNoted: () => void
}

/** What a snapshot was when it was last written or read. */
interface Mark {
  readonly revision: number
  readonly heardAtMs: number
}

export class SnapshotKeeper {
  readonly #options: KeeperOptions
  readonly #notes = new Set<FailureCode>()
  #last: Mark | null = null
  #lastAtMs: number
  #busy = false
  #again = false

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#lastAtMs = options.clock.monotonic()
  }

  /** What the operator has to be told once, by code. */
  get notes(): readonly FailureCode[] {
    return [...this.#notes]
  }

  /**
   * What was kept for this operator, less the jobs of tenants that are no longer theirs. What cannot
   * be used is removed and noted, and null is the answer.
   */
  async load(owner: Owner, tenantIds: readonly string[]): Promise<Snapshot | null> {
    this.#busy = true
    try {
      const read = await this.#options.file.read()
      if (this.#options.signal.aborted) return null
      if (read.kind === 'absent' || read.kind === 'locked') return null
      if (read.kind !== 'unsealed') return await this.#drop(`snapshot_${read.kind}`)
      const decoded = decode(read.plain)
      if (decoded.kind !== 'read') return await this.#drop('snapshot_outdated')
      const { snapshot } = decoded
      if (!isSame(snapshot.owner, owner)) return await this.#drop('snapshot_foreign')
      return ofTenants(snapshot, tenantIds)
    } finally {
      this.#busy = false
    }
  }

  /** What is shown now is what is on disk: nothing has to be written until something changes. */
  settle(heardAtMs: number): void {
    this.#last = { revision: this.#options.revision(), heardAtMs }
  }

  /** Asked every second: writes when jobs changed and the time has come. */
  beat(): void {
    const { clock, revision } = this.#options
    if (this.#busy || clock.monotonic() - this.#lastAtMs < everyMs) return
    if (this.#last?.revision !== revision()) this.save()
  }

  /** Writes now: who knows when there will be another moment. */
  save(): void {
    if (this.#options.signal.aborted) return
    if (this.#busy) this.#again = true
    else void this.#save()
  }

  /** The one write that closing the app makes. Called before silence, done after it. */
  async close(): Promise<void> {
    const moment = this.#moment()
    if (moment === null || this.#options.signal.aborted) return
    const packing = encode(moment.snapshot)
    let step = packing.next()
    while (step.done !== true) step = packing.next()
    await this.#options.file.write(step.value)
  }

  erase(): Promise<CacheErasure> {
    return this.#options.file.erase()
  }

  async #save(): Promise<void> {
    do {
      this.#again = false
      const moment = this.#moment()
      if (moment === null) return
      this.#busy = true
      this.#lastAtMs = this.#options.clock.monotonic()
      const plain = await this.#pack(moment.snapshot)
      const written = plain === null ? 'closed' : await this.#options.file.write(plain)
      this.#busy = false
      if (this.#options.signal.aborted) return
      if (written === 'done') this.#last = moment.mark
      this.#note('snapshot_unwritten', written === 'refused')
      this.#note('snapshot_cut', moment.isCut)
    } while (this.#isAskedAgain())
  }

  /** A method, because somebody may ask while something is awaited. */
  #isAskedAgain(): boolean {
    return this.#again
  }

  /** Null where nothing is different from what was written last. */
  #moment(): { snapshot: Snapshot; mark: Mark; isCut: boolean } | null {
    const { take, revision, file } = this.#options
    const snapshot = file.isUsable ? take() : null
    if (snapshot === null) return null
    const mark = { revision: revision(), heardAtMs: snapshot.heardAtMs }
    if (this.#last !== null && isSameMoment(mark, this.#last)) return null
    const { jobs, isCut } = newest(snapshot.jobs)
    // What is left out now would not be told again by a server that is only asked for what is new.
    return { snapshot: isCut ? { ...snapshot, jobs, positions: {} } : snapshot, mark, isCut }
  }

  /** Null when the workspace fell silent meanwhile. */
  async #pack(snapshot: Snapshot): Promise<Uint8Array | null> {
    const packing = encode(snapshot)
    for (;;) {
      const step = packing.next()
      if (step.done === true) return step.value
      await this.#turn()
      if (this.#options.signal.aborted) return null
    }
  }

  /** Lets everything else run that waits, or gives up at silence. */
  #turn(): Promise<void> {
    const { clock, signal } = this.#options
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const cancel = clock.after(0, () => resolve(undefined))
    const stop = (): void => {
      cancel()
      resolve(undefined)
    }
    signal.addEventListener('abort', stop, { once: true })
    return promise.finally(() => signal.removeEventListener('abort', stop))
  }

  async #drop(code: FailureCode): Promise<null> {
    this.#options.log.warn('a snapshot was dropped', { code })
    await this.#options.file.remove()
    this.#note(code, true)
    return null
  }

  /** A note is made once, and taken back when it is not true any more. */
  #note(code: FailureCode, holds: boolean): void {
    if (this.#notes.has(code) === holds) return
    if (holds) this.#notes.add(code)
    else this.#notes.delete(code)
    this.#options.onNoted()
  }
}

const isSame = (a: Owner, b: Owner): boolean =>
  a.profileId === b.profileId && a.server === b.server && a.userId === b.userId

/** The moment of hearing is reckoned from two clocks, and differs a little each time. */
const isSameMoment = (a: Mark, b: Mark): boolean =>
  a.revision === b.revision && Math.abs(a.heardAtMs - b.heardAtMs) < 1_000

/** Only what the session token allows now (I12). */
function ofTenants(snapshot: Snapshot, tenantIds: readonly string[]): Snapshot {
  const isOurs = (tenantId: string): boolean => tenantIds.includes(tenantId)
  const { jobs, positions } = snapshot
  const rows = jobs.rows.filter(({ job }) => isOurs(job.tenantId))
  const isSameSet =
    snapshot.tenantIds.length === tenantIds.length && snapshot.tenantIds.every(isOurs)
  // A place in the history of other tenants is none in that of these.
  return { ...snapshot, jobs: { ...jobs, rows }, positions: isSameSet ? positions : {} }
}
