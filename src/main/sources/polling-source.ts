import type { FailureCode } from '../../shared/failure.ts'
import type { SourceView } from '../../shared/workspace.ts'
import type { Off } from '../lib/emitter.ts'
import { Intake } from './intake.ts'
import { sessionTokens } from './session-tokens.ts'
import type { Source, SourceContext } from './source.ts'
import { Standing } from './standing.ts'
import type { Stand } from './standing.ts'
import { TableFeed } from './table/table-feed.ts'
import { TableRows } from './table/table-rows.ts'

/** Starts at once; it ends with its context's scope, or stops by itself for a reason. */
export function openPollingSource(given: SourceContext): Source {
  const { tokens, publishableKey } = given
  const source = new PollingSource({ ...given, tokens: sessionTokens(tokens, publishableKey) })
  source.start()
  return source
}

/** Jobs out of a table that is asked every 5 s, for servers without Realtime. It opens no socket. */
class PollingSource implements Source {
  readonly kind = 'polling'
  readonly #standing: Standing
  readonly #feed: TableFeed

  constructor(context: SourceContext) {
    const standing = new Standing({ kind: this.kind, context, look: () => this.#look() })
    this.#standing = standing
    const intake = new Intake({
      sink: context.sink,
      clock: context.clock,
      tenantIds: context.tenantIds,
      onTrespass: () => standing.stop('protocol_error'),
      // A row is the whole state: numbers that were skipped leave nothing to be asked for.
      onGap: () => undefined,
    })
    this.#feed = new TableFeed({
      context,
      scope: standing.scope,
      rows: new TableRows(intake, context.jobTable.columns),
      mode: () => 'polled',
      onRead: () => standing.heard(),
      onGapClosed: (gap) => standing.closeGap(gap),
      onStopped: (reason) => standing.stop(reason),
      onChanged: () => standing.tell(),
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
  }

  onChanged(listener: () => void): Off {
    return this.#standing.onChanged(listener)
  }

  wake(): void {
    if (!this.#standing.scope.closed) this.#feed.wake()
  }

  #look(): Stand {
    const { reason, nextTryAtMs } = this.#feed
    if (this.#standing.fresh && reason === null) {
      return { state: 'live', sockets: 0, nextTryAtMs: null, reason: null }
    }
    const state = this.#standing.everHeard || reason !== null ? 'reconnecting' : 'connecting'
    return { state, sockets: 0, nextTryAtMs, reason }
  }
}
