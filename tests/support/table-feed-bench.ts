import { Scope } from '../../src/main/lib/scope.ts'
import type { HttpFetch } from '../../src/main/ports.ts'
import { Intake } from '../../src/main/sources/intake.ts'
import type { SourceContext } from '../../src/main/sources/source.ts'
import { TableFeed } from '../../src/main/sources/table/table-feed.ts'
import type { TableFeedOptions } from '../../src/main/sources/table/table-feed.ts'
import { TableRows } from '../../src/main/sources/table/table-rows.ts'
import { FakeClock, settleAll } from './fake-clock.ts'
import { memoryAnswer } from './histories/memory-answer.ts'
import { answerQuery } from './scripted-rest.ts'
import type { Row } from './scripted-rest.ts'
import { noSink, sourceContext } from './source-context.ts'

/** What one page was asked for; with a plus where it follows another page. */
export type Asked = 'unfinished' | 'changes' | 'newest' | 'by id' | `${string}+`

/** The server gives no longer pages than this. */
const pageRows = 100

/** The readings of a table that is in memory: the test says how changes are told, and goes on in time. */
export class TableFeedBench {
  readonly scope = new Scope('test')
  readonly clock = new FakeClock()
  readonly table = new Map<string, Row>()
  readonly shown = new Map<string, Row>()
  readonly gaps: unknown[] = []
  readonly stopped: string[] = []
  readonly queries: URLSearchParams[] = []
  readonly feed: TableFeed
  /** Readings that came to an end. */
  reads = 0
  mode: ReturnType<TableFeedOptions['mode']> = 'polled'
  /** How the server answers instead. */
  refusal: { readonly status: number; readonly body: string } | null = null
  position: string | null
  #told = 0
  #held: (() => void)[] | null = null

  constructor(position: string | null = null) {
    this.position = position
    const context = this.#context()
    const intake = new Intake({
      ...context,
      onTrespass: () => undefined,
      onGap: () => undefined,
    })
    this.feed = new TableFeed({
      context,
      scope: this.scope,
      rows: new TableRows(intake, context.jobTable.columns),
      mode: () => this.mode,
      onRead: () => (this.reads += 1),
      onGapClosed: (gap) => this.gaps.push(gap),
      onStopped: (reason) => this.stopped.push(reason),
      onChanged: () => undefined,
    })
  }

  /** Pages that were asked for since this was last asked. */
  get asked(): Asked[] {
    const since = this.queries.slice(this.#told)
    this.#told = this.queries.length
    return since.map(askedIn)
  }

  put(...rows: readonly Row[]): void {
    for (const row of rows) this.table.set(String(row.id), row)
  }

  /** No answer comes from now on until it is let go. */
  hold(): void {
    this.#held = []
  }

  /** What was held is answered, and everything after it. */
  async release(): Promise<void> {
    const held = this.#held ?? []
    this.#held = null
    for (const answer of held) answer()
    await settleAll()
  }

  /** Only the page that has waited longest is answered. */
  async releaseOne(): Promise<void> {
    this.#held?.shift()?.()
    await settleAll()
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms, settleAll)
  }

  /** Read once, at the start. */
  async begin(mode: TableFeedBench['mode'] = 'polled'): Promise<void> {
    this.mode = mode
    this.feed.start()
    await settleAll()
  }

  #context(): SourceContext {
    const { clock, scope } = this
    return sourceContext({
      scope,
      clock,
      fetch: this.#fetch,
      sink: {
        ...noSink,
        take: (job) => this.shown.set(job.id, { ...job }),
        forget: (id) => this.shown.delete(id),
      },
      position: {
        read: () => this.position,
        write: (position) => (this.position = position()),
      },
    })
  }

  readonly #fetch: HttpFetch = async (input) => {
    const query = new URL(input instanceof Request ? input.url : input).searchParams
    this.queries.push(query)
    if (this.#held !== null) await new Promise<void>((answer) => this.#held?.push(answer))
    if (this.refusal !== null) return memoryAnswer(this.refusal.status, this.refusal.body)
    const rows = answerQuery(this.table.values(), query).slice(0, pageRows)
    return memoryAnswer(200, JSON.stringify(rows))
  }
}

function askedIn(query: URLSearchParams): Asked {
  const more = query.has('or') ? '+' : ''
  if (query.has('id')) return `by id${more}`
  if (query.has('status') || query.has('completed_at')) return `unfinished${more}`
  return `${query.get('order')?.includes('.asc.') === true ? 'changes' : 'newest'}${more}`
}
