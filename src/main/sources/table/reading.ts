import type { Scope } from '../../lib/scope.ts'
import type { GatewayAnswer, GatewayHttp } from '../gateway-http.ts'
import { changedAt, idIn } from './rows.ts'
import type { Row } from './rows.ts'
import type { Key } from './table-path.ts'
import type { Read, TableReader } from './table-reader.ts'
import type { TableRows } from './table-rows.ts'

/** Pages of one kind in one reading: 5,000 rows, where the server gives 1,000 at once. */
const maxPages = 5
/** Rows asked for by name: in one request, and requests in one reading. */
const idsAtOnce = 50
const maxLookups = 10
/** A transaction shows its rows when it ends, with the times at which it wrote them. */
const overlapMicros = 5_000_000

/** What is read. */
export type Reach =
  /** Nothing is known yet: unfinished jobs, and those that changed last. */
  | 'first'
  /** Something may have been missed: unfinished jobs, what changed, and what became of the others. */
  | 'whole'
  /** What changed. */
  | 'changes'
  /** One page of that. */
  | 'page'

export interface From {
  /** Everything changed before this was read, in microseconds; null before the first reading. */
  readonly cursor: number | null
  /** Where the last page ended, if it was not the last one. */
  readonly after: Key | null
}

export interface ReadingParts {
  readonly reader: TableReader
  readonly rows: TableRows
  readonly ask: GatewayHttp
  /** Closed when the reading is given up: nothing is taken any more. */
  readonly scope: Scope
}

/** One reading of the table. It owns what it has found so far. */
export class Reading {
  readonly #parts: ReadingParts
  readonly #from: From
  readonly #seen = new Set<string>()
  #cursor: number | null
  /** Rows that say something new. */
  recovered = 0
  /** The rows are numbered, none of them skipped a number, and none is gone. */
  proven: boolean
  after: Key | null = null

  constructor(parts: ReadingParts, from: From) {
    this.#parts = parts
    this.#from = from
    this.#cursor = from.cursor
    this.proven = parts.rows.columns.seq !== null
  }

  /** Everything changed before this has been read. */
  get cursor(): number | null {
    return this.#cursor
  }

  /** What went wrong, or null. */
  async run(reach: Reach): Promise<GatewayAnswer | null> {
    const missing = [...this.#parts.rows.unfinished]
    const trouble = reach === 'page' ? await this.#page() : await this.#read(reach)
    if (trouble !== null || reach !== 'whole' || this.#isOver()) return trouble
    const { rows } = this.#parts
    return this.#lookUp(missing.filter((id) => !this.#seen.has(id) && rows.unfinished.has(id)))
  }

  async #read(reach: Exclude<Reach, 'page'>): Promise<GatewayAnswer | null> {
    const { reader, ask } = this.#parts
    let isCovered = true
    if (reach !== 'changes') {
      const list = await reader.readUnfinished(ask, maxPages)
      if (list !== null && 'kind' in list) return list
      isCovered = list !== null && reach === 'whole'
      if (list !== null) this.#take(list.rows)
    }
    if (this.#from.cursor !== null && !this.#isOver()) {
      const wanted = { order: 'oldest', since: this.#since } as const
      const changes = await reader.read(ask, wanted, maxPages)
      if ('kind' in changes) return changes
      this.#take(changes.rows, true)
      isCovered &&= changes.next === null
    }
    // Too much has changed to be read through: then the newest of it, for the rest is history.
    return isCovered || this.#isOver() ? null : this.#newest()
  }

  async #newest(): Promise<GatewayAnswer | null> {
    const { reader, ask } = this.#parts
    const newest = await reader.read(ask, { order: 'newest' }, maxPages)
    if ('kind' in newest) return newest
    this.#take(newest.rows, true)
    this.#cursor ??= 0
    this.proven = false
    return null
  }

  async #page(): Promise<GatewayAnswer | null> {
    const { reader, ask } = this.#parts
    const wanted = { order: 'oldest', since: this.#since, after: this.#from.after } as const
    const page = await reader.read(ask, wanted, 1)
    if ('kind' in page) return page
    this.#take(page.rows, true)
    this.after = page.next
    return null
  }

  /** Unfinished jobs that are not listed as such: how did they end, and are they still there? */
  async #lookUp(ids: readonly string[]): Promise<GatewayAnswer | null> {
    const { reader, rows, ask } = this.#parts
    const wanted = ids.slice(0, maxLookups * idsAtOnce)
    for (let at = 0; at < wanted.length; at += idsAtOnce) {
      const some = wanted.slice(at, at + idsAtOnce)
      const read: Read | GatewayAnswer = await reader.readById(ask, some)
      if ('kind' in read) return read
      this.#take(read.rows)
      if (this.#isOver()) return null
      // A list that was not read to its end proves nothing about who is not on it.
      for (const id of read.next === null ? some : []) {
        if (this.#seen.has(id)) continue
        rows.forget(id)
        this.proven = false
      }
    }
    return null
  }

  #take(found: readonly Row[], movesCursor = false): void {
    const { rows } = this.#parts
    for (const row of found) {
      if (this.#isOver()) return
      const id = idIn(row, rows.columns)
      if (id !== null) this.#seen.add(id)
      const at = changedAt(row, rows.columns)
      if (movesCursor && at !== null) this.#cursor = Math.max(at, this.#cursor ?? 0)
      const taken = rows.take(row)
      if (taken === null) continue
      const { job, before } = taken
      const isNews =
        before === undefined
          ? at === null || at > (this.#from.cursor ?? 0)
          : job.attempt > before.attempt || job.seq > before.seq
      if (!isNews) continue
      this.recovered += 1
      const expected = before?.attempt === job.attempt ? before.seq + 1 : 1
      const isFollowing = job.byTime === undefined && job.seq === expected
      this.proven &&= isFollowing && job.attempt === (before?.attempt ?? 1)
    }
  }

  /** A method, because it changes while something is awaited. */
  #isOver(): boolean {
    return this.#parts.scope.closed
  }

  get #since(): number {
    return Math.max(0, (this.#from.cursor ?? 0) - overlapMicros)
  }
}
