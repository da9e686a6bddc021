import { candidatesFor, type Candidate } from './candidates.ts'
import { ChangeData, foreignKey } from './change-data.ts'
import { concerns, type Listener } from './listener.ts'
import type { RowChecks } from './row-checks.ts'
import type { TableFacts } from './table-facts.ts'
import { judgeAll } from './verdicts.ts'
import type { Relation, RowChange } from './wal-decoder.ts'

const mostInBatch = 500
/** Read and not yet told; past it the stream waits. */
const mostWaitingBytes = 16 * 1_048_576

export interface LaneOptions {
  readonly checks: RowChecks
  readonly factsOf: (relation: Relation) => Promise<TableFacts | null>
  /** It could not be told whether these listeners may hear something. */
  readonly onUntold: (listeners: ReadonlySet<Listener>) => void
  readonly onFault: (error: unknown) => void
}

/**
 * Tells its listeners of changes, in order, a batch at a time: what arrives while PostgreSQL is
 * asked about one batch is asked about together in the next.
 */
export class Lane {
  readonly listeners = new Set<Listener>()
  readonly #options: LaneOptions
  #waiting: RowChange[] = []
  #waitingBytes = 0
  #running = false
  #closed = false
  #room: PromiseWithResolvers<void> | null = null

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** The promise, if there is one, asks the caller to wait before the next. */
  push(change: RowChange): Promise<void> | undefined {
    if (this.#closed || !this.#isWanted(change)) return undefined
    this.#waiting.push(change)
    this.#waitingBytes += change.bytes
    if (!this.#running) void this.#run()
    if (this.#waitingBytes <= mostWaitingBytes) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  close(): void {
    this.#closed = true
    this.#waiting = []
    this.#room?.resolve()
  }

  #isWanted(change: RowChange): boolean {
    for (const { stopped, wishes } of this.listeners) {
      if (!stopped && wishes.some((wish) => concerns(wish, change))) return true
    }
    return false
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0, mostInBatch)
        await this.#tell(batch)
        for (const { bytes } of batch) this.#waitingBytes -= bytes
        if (this.#waitingBytes > mostWaitingBytes) continue
        this.#room?.resolve()
        this.#room = null
      }
    } catch (error) {
      this.#options.onFault(error)
    } finally {
      this.#running = false
    }
  }

  async #tell(batch: readonly RowChange[]): Promise<void> {
    const { factsOf, checks, onUntold } = this.#options
    const candidates: Candidate[] = []
    for (const change of batch) {
      const facts = await factsOf(change.relation)
      // The table is gone: nobody can be asked who might have seen its rows.
      if (facts === null) continue
      for (const candidate of candidatesFor(change, facts, this.listeners)) {
        candidates.push(candidate)
      }
    }
    const { heard, untold } = await judgeAll(candidates, checks)
    const foreign = await foreignValues(heard, checks)
    if (this.#closed) return
    deliver(
      heard.filter(({ listener }) => !untold.has(listener)),
      foreign,
    )
    if (untold.size > 0) onUntold(untold)
  }
}

/** JSON that only PostgreSQL can make, for all values of a type at once. */
async function foreignValues(
  heard: readonly Candidate[],
  checks: RowChecks,
): Promise<ReadonlyMap<string, string>> {
  const wanted = new Map<string, Set<string>>()
  for (const { change, facts } of heard) {
    for (const [at, { name }] of change.relation.columns.entries()) {
      const column = facts.columns.get(name)
      if (column?.json.kind !== 'foreign') continue
      const values = wanted.get(column.sqlType) ?? new Set()
      wanted.set(column.sqlType, values)
      for (const value of [change.row?.[at], change.old?.[at]]) {
        if (typeof value === 'string') values.add(value)
      }
    }
  }
  const made = new Map<string, string>()
  for (const [sqlType, values] of wanted) {
    const texts = [...values]
    const json = await checks.json(sqlType, texts)
    for (const [at, text] of texts.entries())
      made.set(foreignKey(sqlType, text), json[at] ?? 'null')
  }
  return made
}

/** The candidates of one change and listener stand together: one message for each choice of columns. */
function deliver(heard: readonly Candidate[], foreign: ReadonlyMap<string, string>): void {
  let data: ChangeData | null = null
  for (let at = 0; at < heard.length;) {
    const first = heard[at]
    if (first === undefined) return
    const { change, facts, listener } = first
    if (change !== heard[at - 1]?.change) data = new ChangeData(change, facts, foreign)
    const messages = new Map<string, number[]>()
    for (; heard[at]?.change === change && heard[at]?.listener === listener; at += 1) {
      const wish = heard[at]?.wish
      if (wish === undefined || data === null) continue
      const text = data.for(listener.caller.role, wish.select)
      const ids = messages.get(text) ?? []
      ids.push(wish.id)
      messages.set(text, ids)
    }
    for (const [text, ids] of messages) {
      if (!listener.stopped) listener.subscriber.deliver({ ids, data: text })
    }
  }
}
