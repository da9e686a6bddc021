import type { FailureCode } from '../../shared/failure.ts'
import { isFinal } from '../../shared/job.ts'
import type { SourceView } from '../../shared/workspace.ts'
import type { Off } from '../lib/emitter.ts'
import { Catalogue } from './catalogue.ts'
import type { Active } from './catalogue.ts'
import { Discovery } from './discovery.ts'
import type { Round } from './discovery.ts'
import { createGatewayHttp } from './gateway-http.ts'
import type { GatewayAnswer } from './gateway-http.ts'
import { Intake } from './intake.ts'
import { JobSockets } from './job-sockets.ts'
import type { Source, SourceContext } from './source.ts'
import { Standing } from './standing.ts'
import type { Stand } from './standing.ts'

/** Starts at once; it ends with its context's scope, or stops by itself for a reason. */
export function openProgressSource(context: SourceContext): Source {
  const source = new ProgressSource(context)
  source.start()
  return source
}

/** Rounds in which an unfinished job may be missing before its end is looked up. */
const patience = 2

/**
 * Job progress over one socket a job (gateway-protocol §3), found by asking which jobs are active.
 * It owns the discovery and the sockets of one workspace; the session stays outside: it is given
 * tokens and never sees where they come from.
 */
class ProgressSource implements Source {
  readonly kind = 'progress'
  readonly #standing: Standing
  readonly #intake: Intake
  readonly #catalogue: Catalogue
  readonly #sockets: JobSockets
  readonly #discovery: Discovery
  /** Unfinished jobs, with the rounds in which they were missing. */
  readonly #followed = new Map<string, number>()

  constructor(context: SourceContext) {
    const { clock, random, sink } = context
    const standing = new Standing({ kind: this.kind, context, look: () => this.#look() })
    this.#standing = standing
    const { scope } = standing
    const tell = (): void => standing.tell()
    const stop = (reason: FailureCode): void => standing.stop(reason)
    this.#intake = new Intake({
      sink,
      clock,
      tenantIds: context.tenantIds,
      onTrespass: () => stop('protocol_error'),
      onGap: (jobId) => {
        sink.doubt(jobId)
        this.#discovery.soon()
      },
      onBehind: () => {
        this.#catalogue.readWhole()
        this.#discovery.soon()
      },
    })
    this.#catalogue = new Catalogue(this.#intake, sink, (id) => this.#follow(id))
    this.#sockets = new JobSockets({
      context,
      scope,
      intake: this.#intake,
      onHeard: () => standing.heard(),
      onStopped: stop,
      onChanged: tell,
    })
    this.#discovery = new Discovery({
      scope,
      clock,
      random,
      http: (signal) => createGatewayHttp({ ...context, signal }),
      onListed: (body, round) => this.#listed(body, round),
      onStopped: stop,
      onChanged: tell,
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
    this.#discovery.start()
  }

  onChanged(listener: () => void): Off {
    return this.#standing.onChanged(listener)
  }

  wake(): void {
    if (this.#standing.scope.closed) return
    this.#discovery.wake()
    this.#sockets.wake()
  }

  async #listed(body: unknown, { ask, first, scope }: Round): Promise<GatewayAnswer | null> {
    const isOver = (): boolean => scope.closed
    const active = this.#catalogue.readActive(body)
    if (isOver()) return null
    if (active === null) return { kind: 'missing' }
    // Sockets first: they bring the newest word, and the store sorts out which is which.
    this.#sockets.serve(active)
    if (this.#sockets.size === 0) this.#standing.heard()
    const trouble = await this.#catalogue.take(active, { ask, whole: first })
    if (isOver() || trouble !== null) return trouble
    if (this.#sockets.unserved > 0) await this.#catalogue.refresh(ask)
    if (isOver()) return null
    const lost = this.#lost(active, first)
    if (lost.length > 0) await this.#catalogue.resolve(lost, ask)
    return null
  }

  /** Also what is only on a longer list: it may be gone before any round names it as active. */
  #follow(id: string): void {
    if (!this.#followed.has(id)) this.#followed.set(id, 0)
  }

  /** Unfinished jobs that the list no longer names. Finished ones give up their sockets. */
  #lost(active: Active, first: boolean): string[] {
    for (const id of active.keys()) this.#followed.set(id, 0)
    const lost: string[] = []
    for (const [id, missed] of this.#followed) {
      if (active.has(id)) continue
      const last = this.#intake.last(id)
      if (last === undefined || isFinal(last.status)) {
        this.#followed.delete(id)
        this.#sockets.drop(id)
        continue
      }
      this.#followed.set(id, missed + 1)
      if (first || missed + 1 >= patience) lost.push(id)
    }
    return lost
  }

  #look(): Stand {
    const sockets = this.#sockets.open
    const trouble = sockets === 0 ? this.#trouble() : null
    if (this.#standing.fresh && trouble === null) {
      const reason = this.#sockets.unserved > 0 ? 'too_many_sockets' : null
      return { state: 'live', sockets, nextTryAtMs: null, reason }
    }
    const { reason, nextTryAtMs } = trouble ??
      this.#trouble() ?? { reason: null, nextTryAtMs: null }
    const state = this.#standing.everHeard || reason !== null ? 'reconnecting' : 'connecting'
    return { state, sockets, nextTryAtMs, reason }
  }

  #trouble(): { readonly reason: FailureCode; readonly nextTryAtMs: number | null } | null {
    const { reason, nextTryAtMs } = this.#discovery
    return reason === null ? this.#sockets.trouble : { reason, nextTryAtMs }
  }
}
