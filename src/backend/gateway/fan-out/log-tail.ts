import type { Log } from '../../log.ts'
import type { JobChange, JobFeed } from '../feed.ts'
import type { ChangeLog, LogHeads } from './change-log.ts'

/**
 * So that one statement reads many: how long changes are gathered when few come, and how far apart
 * readings begin when many do.
 */
const gatherMs = { few: 8, many: 30 }
const many = 20
const pageSize = 1_000
const retryMs = 500

type Listener = (changes: readonly JobChange[] | null) => void

/**
 * Owns how far this gateway has read the log of changes, and passes each change on once, in order,
 * wherever it comes from. Offsets without a gap are what it checks its sources by.
 */
export class LogTail implements JobFeed {
  readonly #log: ChangeLog
  readonly #lines: Log
  readonly #listeners = new Set<Listener>()
  readonly #offsets = new Map<string, number>()
  #position = 0
  #timer: NodeJS.Timeout | null = null
  #pulling: Promise<void> | null = null
  #again = false
  #doubtful = false
  #lastCount = 0
  #pulledAtMs = 0
  #closed = false

  constructor(log: ChangeLog, lines: Log) {
    this.#log = log
    this.#lines = lines
  }

  get position(): number {
    return this.#position
  }

  offsetOf(tenantId: string): number {
    return this.#offsets.get(tenantId) ?? 0
  }

  /** Begins with what comes after this moment. */
  async start(): Promise<void> {
    this.#stand(await this.#log.heads())
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#listeners.clear()
    await this.#pulling
  }

  subscribe(listener: Listener): () => void {
    const own: Listener = (changes) => listener(changes)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  /** There is something to read, or there may be. */
  ring(): void {
    if (this.#pulling !== null) this.#again = true
    else this.#plan(this.#gatherMs())
  }

  /** Telling the changes of one reading is part of gathering those of the next. */
  #gatherMs(): number {
    if (this.#lastCount <= many) return gatherMs.few
    return Math.max(1, gatherMs.many - (performance.now() - this.#pulledAtMs))
  }

  /** The database was away, and may have come back without its last changes. */
  doubt(): void {
    this.#doubtful = true
    this.ring()
  }

  /**
   * All changes of the log that follow `after`, up to the last of these. False when something
   * before them is missing here.
   */
  offer(after: number, changes: readonly JobChange[]): boolean {
    if (after > this.#position) return false
    const fresh = changes.filter((change) => change.position > this.#position)
    if (!this.#continues(fresh)) return false
    this.#pass(fresh)
    return true
  }

  #plan(delayMs: number): void {
    if (this.#closed || this.#timer !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#pulling = this.#pull().finally(() => {
        this.#pulling = null
        if (!this.#again) return
        this.#again = false
        this.ring()
      })
    }, delayMs)
  }

  /** Reads on until nothing is left. Never rejects. */
  async #pull(): Promise<void> {
    this.#pulledAtMs = performance.now()
    try {
      if (this.#doubtful) await this.#compare()
      let read = pageSize
      while (read === pageSize && !this.#closed) {
        const after = this.#position
        const page = await this.#log.after(after, pageSize)
        read = page.length
        this.#lastCount = read
        if (!this.offer(after, page)) this.#skip(page)
      }
    } catch (error) {
      this.#lines.warn('changes could not be read', { why: String(error) })
      // After the pull: a plan of its own would be taken for the next bell.
      setTimeout(() => this.ring(), retryMs).unref()
    }
  }

  /**
   * A crash takes commits along that were not waited for, a replica that takes over may lack some,
   * and a backup lacks many. Their offsets are given out again, so the epoch must be another one.
   */
  async #compare(): Promise<void> {
    const position = this.#position
    const offsets = new Map(this.#offsets)
    const heads = await this.#log.heads()
    const isGone = [...offsets].some(([id, offset]) => (heads.offsets.get(id) ?? 0) < offset)
    if (isGone || heads.position < position) {
      this.#lines.warn('the database came back without its last changes', { position })
      await this.#log.renewEpoch()
      this.#stand(heads)
      this.#tell(null)
    }
    this.#doubtful = false
  }

  #stand({ position, offsets }: LogHeads): void {
    this.#position = position
    this.#offsets.clear()
    for (const [tenantId, offset] of offsets) this.#offsets.set(tenantId, offset)
  }

  /** What is missing in the log itself is gone: nobody can be told, everybody starts over. */
  #skip(page: readonly JobChange[]): void {
    this.#lines.warn('changes were pruned before they were read', { after: this.#position })
    this.#adopt(page)
    this.#tell(null)
  }

  #pass(changes: readonly JobChange[]): void {
    if (changes.length === 0) return
    this.#adopt(changes)
    this.#tell(changes)
  }

  /** One that fails costs the others nothing, and starts over itself. */
  #tell(changes: readonly JobChange[] | null): void {
    for (const listener of [...this.#listeners]) {
      if (!this.#tellOne(listener, changes)) this.#tellOne(listener, null)
    }
  }

  #tellOne(listener: Listener, changes: readonly JobChange[] | null): boolean {
    try {
      listener(changes)
      return true
    } catch (error) {
      this.#lines.error('changes could not be passed on', { why: String(error) })
      return false
    }
  }

  #adopt(changes: readonly JobChange[]): void {
    for (const { tenantId, offset, position } of changes) {
      this.#offsets.set(tenantId, offset)
      this.#position = Math.max(this.#position, position)
    }
  }

  #continues(changes: readonly JobChange[]): boolean {
    const ahead = new Map<string, number>()
    for (const { tenantId, offset } of changes) {
      if (offset !== (ahead.get(tenantId) ?? this.offsetOf(tenantId)) + 1) return false
      ahead.set(tenantId, offset)
    }
    return true
  }
}
