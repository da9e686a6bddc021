import type { FailureCode } from '../../../shared/failure.ts'
import type { JobTable } from '../../../shared/profile.ts'
import type { Gap } from '../../../shared/workspace.ts'
import type { Scope } from '../../lib/scope.ts'
import { createJsonHttp } from '../gateway-http.ts'
import type { GatewayAnswer } from '../gateway-http.ts'
import { Rounds } from '../rounds.ts'
import type { Round } from '../rounds.ts'
import type { SourceContext } from '../source.ts'
import { classifyRest } from '../supabase-reasons.ts'
import { Reading } from './reading.ts'
import type { Reach } from './reading.ts'
import type { Key } from './table-path.ts'
import { TableReader } from './table-reader.ts'
import type { TableRows } from './table-rows.ts'

/** Between two readings while nothing else tells changes. */
const pollMs = 5_000
/** Between two readings that only check what Realtime tells, at the least. */
const checkMs = 60_000
/** Without Realtime nobody says that a row is gone: it is looked for so often. */
const wholeMs = 60_000
/** A row that has to be read is read so soon, but readings are not made faster than polls. */
const soonMs = 500

/** Of what was missed. */
type Found = Readonly<Pick<Reading, 'recovered' | 'proven'>>

export interface TableFeedOptions {
  readonly context: SourceContext
  readonly scope: Scope
  readonly rows: TableRows
  /** `told`: changes come by Realtime. `quiet`: they are expected to, very soon. */
  readonly mode: () => 'told' | 'polled' | 'quiet'
  readonly onRead: () => void
  readonly onGapClosed: (gap: Omit<Gap, 'atMs'>) => void
  readonly onStopped: (reason: FailureCode) => void
  readonly onChanged: () => void
}

/**
 * The table, read again and again. It owns the cursor up to which everything was read, and knows
 * whether something may have been missed since. It must never know how changes are told otherwise.
 */
export class TableFeed {
  readonly #options: TableFeedOptions
  readonly #reader: TableReader
  readonly #rounds: Rounds
  /** Microseconds of the server; null before the first reading. */
  #cursor: number | null
  #after: Key | null = null
  #isBehind: boolean
  /** What was found so far of what was missed; null while nothing is. */
  #gap: Found | null
  /** Moments at which changes began or ceased to be told: a reading from before one is not enough. */
  #turns = 0
  #isDoubted = false
  #wholeAtMs = -Infinity
  #readAtMs = -Infinity

  constructor(options: TableFeedOptions) {
    const { context, scope, onStopped, onChanged } = options
    const { clock, random, jobTable, tenantIds, position } = context
    this.#options = options
    this.#reader = new TableReader(jobTable, tenantIds)
    this.#cursor = readPosition(position.read(), jobTable)
    this.#isBehind = this.#cursor !== null
    this.#gap = this.#isBehind ? untouched : null
    this.#rounds = new Rounds({
      scope,
      clock,
      random,
      periodMs: () => ({ told: checkMs, polled: pollMs, quiet: null })[options.mode()],
      run: (round) => this.#run(round),
      onStopped,
      onChanged,
    })
  }

  /** Nothing is missing that a reading could bring. */
  get isCurrent(): boolean {
    return this.#cursor !== null && !this.#isBehind
  }

  /** Something may be missing: changes are neither told, nor could they be read since. */
  get isGap(): boolean {
    return this.#cursor === null || this.#gap !== null
  }

  /** Why the last reading failed; null when it succeeded. */
  get reason(): FailureCode | null {
    return this.#rounds.reason
  }

  get nextTryAtMs(): number | null {
    return this.#rounds.nextTryAtMs
  }

  start(): void {
    this.#rounds.next()
  }

  /** Changes are told from now on: what may have been missed until now is read. */
  catchUp(): void {
    this.#turns += 1
    this.#isBehind = true
    this.#rounds.next()
  }

  /** Changes are not told any more: what comes now is missed until it is read. */
  lose(): void {
    this.#turns += 1
    this.#isBehind = true
    this.#gap ??= untouched
  }

  /** The next reading comes within this time. */
  within(delayMs: number): void {
    this.#rounds.within(delayMs)
  }

  /** A row was told in part: it has to be read. */
  doubt(): void {
    this.#isDoubted = true
    const sinceMs = this.#options.context.clock.monotonic() - this.#readAtMs
    this.#rounds.within(Math.max(soonMs, pollMs - sinceMs))
  }

  wake(): void {
    this.#isDoubted = true
    this.#rounds.wake()
  }

  async #run({ first, scope }: Round): Promise<GatewayAnswer | null> {
    const reach = this.#reach(first)
    const turns = this.#turns
    this.#isDoubted = false
    this.#readAtMs = this.#options.context.clock.monotonic()
    const { rows } = this.#options
    const ask = createTableHttp(this.#options.context, scope.signal)
    const from = { cursor: this.#cursor, after: this.#after }
    const reading = new Reading({ reader: this.#reader, rows, ask, scope }, from)
    const trouble = await reading.run(reach)
    // Also of a reading that was given up: the next one finds nothing new in those rows.
    if (this.#gap !== null) this.#gap = added(this.#gap, reading)
    if (scope.closed) return null
    if (trouble === null) {
      this.#adopt(reading)
      const isWhole = reach === 'first' || reach === 'whole'
      if (isWhole && turns === this.#turns) this.#settle(reach)
      this.#options.onRead()
      return null
    }
    // While changes are told, a reading that only checks them can wait.
    const canWait = this.#options.mode() === 'told' && reach !== 'first' && reach !== 'whole'
    if (!canWait || !isPassing(trouble)) {
      this.lose()
      return trouble
    }
    if (reach === 'changes') this.doubt()
    return null
  }

  #reach(first: boolean): Reach {
    if (this.#cursor === null) return 'first'
    const isTold = this.#options.mode() === 'told'
    const sinceMs = this.#options.context.clock.monotonic() - this.#wholeAtMs
    if (first || this.#isBehind || (!isTold && sinceMs >= wholeMs)) return 'whole'
    return isTold && !this.#isDoubted ? 'page' : 'changes'
  }

  #adopt(reading: Reading): void {
    const { clock, jobTable, position } = this.#options.context
    // A writer whose clock is ahead must not hide what others write.
    const cursor = Math.min(reading.cursor ?? 0, Math.floor(clock.now() * 1_000))
    this.#cursor = cursor
    this.#after = reading.after
    position.write(() => writePosition(cursor, jobTable))
  }

  /** Nothing is missing any more. */
  #settle(reach: Reach): void {
    const { context, onGapClosed } = this.#options
    const gap = this.#gap
    this.#wholeAtMs = context.clock.monotonic()
    this.#isBehind = false
    this.#gap = null
    if (reach === 'first' || gap === null) return
    onGapClosed({ recovered: gap.recovered, missing: gap.proven ? 0 : null })
  }
}

const untouched: Found = { recovered: 0, proven: true }

function added(gap: Found, { recovered, proven }: Found): Found {
  return { recovered: gap.recovered + recovered, proven: gap.proven && proven }
}

function isPassing(trouble: GatewayAnswer): boolean {
  return trouble.kind !== 'failed' || trouble.verdict.kind === 'retry'
}

/** Asks PostgREST for rows, as the operator. */
function createTableHttp(context: SourceContext, signal: AbortSignal) {
  const { fetch, clock, tokens, supabaseUrl, publishableKey, jobTable } = context
  return createJsonHttp({
    fetch,
    clock,
    tokens,
    signal,
    baseUrl: supabaseUrl,
    headers: { apikey: publishableKey, 'Accept-Profile': jobTable.schema },
    judge: classifyRest,
  })
}

/** A cursor is worth nothing in another table. */
const writePosition = (cursor: number, { schema, table }: JobTable): string =>
  `${schema}.${table} ${cursor}`

function readPosition(text: string | null, { schema, table }: JobTable): number | null {
  const [name, cursor = ''] = text?.split(' ') ?? []
  return name === `${schema}.${table}` && /^\d{1,16}$/.test(cursor) ? Number(cursor) : null
}
