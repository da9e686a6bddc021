import type { FailureCode } from '../../shared/failure.ts'
import type { SourceView } from '../../shared/workspace.ts'
import type { Off } from '../lib/emitter.ts'
import { Intake } from './intake.ts'
import type { Told } from './realtime/change.ts'
import { Subscription } from './realtime/subscription.ts'
import { sessionTokens } from './session-tokens.ts'
import type { Source, SourceContext } from './source.ts'
import { Standing } from './standing.ts'
import type { Stand } from './standing.ts'
import { TableFeed } from './table/table-feed.ts'
import { TableRows } from './table/table-rows.ts'

/** Starts at once; it ends with its context's scope, or stops by itself for a reason. */
export function openRealtimeSource(given: SourceContext): Source {
  const { tokens, publishableKey } = given
  const source = new RealtimeSource({ ...given, tokens: sessionTokens(tokens, publishableKey) })
  source.start()
  return source
}

/** When changes are not told any more: most interruptions are over before the first poll. */
const firstPollMs = 2_000
/** Consoles that lost the same server do not ask it at the same moment. */
const spreadMs = 1_000

/**
 * Jobs out of a table, told by Supabase Realtime, and by polling while that is down. What Realtime
 * tells is never taken for all: the table is read when it begins, and once a minute. It owns both
 * ways and the knowledge which of them is to be believed.
 */
class RealtimeSource implements Source {
  readonly kind = 'realtime'
  readonly #context: SourceContext
  readonly #standing: Standing
  readonly #rows: TableRows
  readonly #feed: TableFeed
  readonly #subscription: Subscription
  /** Why Realtime is down; until what was missed has been read. */
  #outage: FailureCode | null = null

  constructor(context: SourceContext) {
    this.#context = context
    const standing = new Standing({ kind: this.kind, context, look: () => this.#look() })
    this.#standing = standing
    const { scope } = standing
    const { clock, sink, tenantIds, jobTable } = context
    const intake = new Intake({
      sink,
      clock,
      tenantIds,
      onTrespass: () => standing.stop('protocol_error'),
      // A row is the whole state: numbers that were skipped leave nothing to be asked for.
      onGap: () => undefined,
    })
    this.#rows = new TableRows(intake, jobTable.columns)
    this.#feed = new TableFeed({
      context,
      scope,
      rows: this.#rows,
      mode: () => this.#mode,
      onRead: () => this.#read(),
      onGapClosed: (gap) => standing.closeGap(gap),
      onStopped: (reason) => standing.stop(reason),
      onChanged: () => standing.tell(),
    })
    this.#subscription = new Subscription({
      context,
      scope,
      onHeard: () => standing.heard(),
      onMalformed: () => sink.dropped('malformed'),
      onChange: (change) => this.#take(change),
      onSubscribed: (subscribed) => {
        if (subscribed) this.#feed.catchUp()
        else this.#lose()
      },
      onChanged: () => this.#follow(),
    })
  }

  get view(): SourceView {
    return this.#standing.view
  }

  get stopped(): FailureCode | null {
    return this.#standing.stopped
  }

  start(): void {
    this.#standing.begin()
    this.#feed.start()
    this.#subscription.open()
  }

  onChanged(listener: () => void): Off {
    return this.#standing.onChanged(listener)
  }

  wake(): void {
    if (this.#standing.scope.closed) return
    this.#subscription.wake()
    this.#feed.wake()
  }

  get #mode(): 'told' | 'polled' | 'quiet' {
    if (this.#subscription.subscribed) return 'told'
    return this.#outage === null ? 'quiet' : 'polled'
  }

  #follow(): void {
    const { reason } = this.#subscription
    if (reason !== null) {
      if (this.#outage === null) this.#pollSoon()
      this.#outage = reason
    }
    this.#standing.tell()
  }

  #lose(): void {
    this.#feed.lose()
    this.#pollSoon()
  }

  #pollSoon(): void {
    this.#feed.within(firstPollMs + this.#context.random() * spreadMs)
  }

  #read(): void {
    if (this.#subscription.subscribed && this.#feed.isCurrent) this.#outage = null
    this.#standing.heard()
    this.#standing.tell()
  }

  #take(change: Told): void {
    switch (change.kind) {
      case 'written':
        if (!this.#rows.takeChange(change.row)) this.#feed.doubt()
        break
      case 'deleted':
        this.#rows.forget(change.id)
        break
      case 'cut':
        if (change.id !== null) this.#context.sink.doubt(change.id)
        this.#feed.doubt()
        break
      default:
        change satisfies never
    }
  }

  #look(): Stand {
    const { subscribed, sockets, nextTryAtMs } = this.#subscription
    const { isCurrent, isGap, reason: unread } = this.#feed
    const outage = this.#outage
    const { fresh, everHeard } = this.#standing
    if (fresh && !isGap) {
      if (subscribed && isCurrent)
        return { state: 'live', sockets, nextTryAtMs: null, reason: null }
      if (outage !== null) return { state: 'polling', sockets, nextTryAtMs, reason: outage }
    }
    const reason = unread ?? outage
    const isLost = reason !== null || (everHeard && !fresh)
    return {
      state: isLost ? 'reconnecting' : 'connecting',
      sockets,
      nextTryAtMs: unread === null ? nextTryAtMs : this.#feed.nextTryAtMs,
      reason,
    }
  }
}
