import { z } from 'zod'
import type { JobTable } from '../../../shared/profile.ts'
import type { GatewayAnswer, GatewayHttp } from '../gateway-http.ts'
import { unfinishedWords } from '../wire-job.ts'
import { changedAt, idIn } from './rows.ts'
import type { Row } from './rows.ts'
import { oneOf, tablePath } from './table-path.ts'
import type { Condition, Key, Wanted } from './table-path.ts'

const mostRows = 1_000
const fewestRows = 25

const pageSchema = z.array(z.record(z.string(), z.unknown()))

export interface Read {
  readonly rows: readonly Row[]
  /** Where to read on; null when there is nothing more. */
  readonly next: Key | null
}

type Answer = Read | GatewayAnswer

/**
 * Reads pages of the table of jobs through PostgREST. It owns what it has learnt of this server: how
 * long its pages are, and how it lets unfinished jobs be asked for.
 */
export class TableReader {
  readonly #table: JobTable
  readonly #tenantIds: readonly string[]
  readonly #unfinished: Condition[]
  #pageSize = mostRows
  /** The longest page of this server so far: it may give fewer rows than asked for, but not so few. */
  #longest = 100

  constructor(table: JobTable, tenantIds: readonly string[]) {
    this.#table = table
    this.#tenantIds = tenantIds
    const { status, finishedAt } = table.columns
    this.#unfinished = [{ column: status, test: oneOf(unfinishedWords) }]
    if (finishedAt !== null) this.#unfinished.push({ column: finishedAt, test: 'is.null' })
  }

  /** Row by row in this order, at most so many pages. */
  async read(ask: GatewayHttp, wanted: Omit<Wanted, 'limit'>, maxPages: number): Promise<Answer> {
    const rows: Row[] = []
    let next: Key | null = wanted.after ?? null
    for (let page = 0; page < maxPages; page += 1) {
      const read: Answer = await this.#page(ask, { ...wanted, after: next })
      if ('kind' in read) return read
      rows.push(...read.rows)
      next = read.next
      if (next === null) break
    }
    return { rows, next }
  }

  /** Null where the table cannot be asked for them. */
  async readUnfinished(ask: GatewayHttp, maxPages: number): Promise<Answer | null> {
    for (;;) {
      const [only] = this.#unfinished
      if (only === undefined) return null
      const read = await this.read(ask, { order: 'newest', only }, maxPages)
      if (!isRefusedAsSuch(read)) return read
      // An enum knows only its own words, and is not compared with others.
      this.#unfinished.shift()
    }
  }

  async readById(ask: GatewayHttp, ids: readonly string[]): Promise<Answer> {
    const only = { column: this.#table.columns.id, test: oneOf(ids) }
    return this.read(ask, { order: 'newest', only }, ids.length)
  }

  async #page(ask: GatewayHttp, wanted: Omit<Wanted, 'limit'>): Promise<Answer> {
    const limit = this.#pageSize
    const answer = await ask(tablePath(this.#table, this.#tenantIds, { ...wanted, limit }))
    if (answer.kind !== 'body') {
      this.#learn(answer)
      return answer
    }
    const parsed = pageSchema.safeParse(answer.body)
    if (!parsed.success) return { kind: 'missing' }
    const rows = parsed.data
    const isLast = rows.length < Math.min(limit, this.#longest)
    this.#longest = Math.max(this.#longest, rows.length)
    return { rows, next: isLast ? null : this.#keyOf(rows.at(-1)) }
  }

  /** What was too long to be read may be read in smaller pieces. */
  #learn(answer: GatewayAnswer): void {
    if (answer.kind !== 'failed' || answer.verdict.kind !== 'retry') return
    if (answer.verdict.reason !== 'protocol_error') return
    this.#pageSize = Math.max(fewestRows, Math.floor(this.#pageSize / 2))
  }

  #keyOf(row: Row | undefined): Key | null {
    if (row === undefined) return null
    const { columns } = this.#table
    const [micros, id] = [changedAt(row, columns), idIn(row, columns)]
    return micros === null || id === null ? null : { micros, id }
  }
}

function isRefusedAsSuch(answer: Answer): boolean {
  return (
    'kind' in answer &&
    answer.kind === 'failed' &&
    answer.verdict.kind === 'stop' &&
    answer.verdict.reason === 'table_unknown'
  )
}
