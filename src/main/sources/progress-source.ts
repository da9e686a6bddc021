import type { FailureCode } from '../../shared/failure.ts'
import { isFinal } from '../../shared/job.ts'
import type { SourceView } from '../../shared/workspace.ts'
import { Emitter } from '../lib/emitter.ts'
import type { Off } from '../lib/emitter.ts'
import type { Scope } from '../lib/scope.ts'
import { Catalogue } from './catalogue.ts'
import type { Active } from './catalogue.ts'
import { Discovery } from './discovery.ts'
import type { Round } from './discovery.ts'
import { createGatewayHttp } from './gateway-http.ts'
import type { GatewayAnswer } from './gateway-http.ts'
import { Hearing } from './hearing.ts'
import { Intake } from './intake.ts'
import { JobSockets } from './job-sockets.ts'
import type { Source, SourceContext } from './source.ts'

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
  readonly #context: SourceContext
  /** Closed when the source stops, which may be before its context's scope. */
  readonly #scope: Scope
  readonly #changed = new Emitter<undefined>()
  readonly #hearing: Hearing
  readonly #intake: Intake
  readonly #catalogue: Catalogue
  readonly #sockets: JobSockets
  readonly #discovery: Discovery
  /** Unfinished jobs, with the rounds in which they were missing. */
  readonly #followed = new Map<string, number>()
  #stopped: FailureCode | null = null
  #view: SourceView = idle
  #isTelling = false

  constructor(context: SourceContext) {
    const { clock, random, sink } = context
    this.#context = context
    const scope = context.scope.child('progress')
    this.#scope = scope
    scope.own(() => this.#changed.clear())
    const tell = (): void => this.#tell()
    this.#hearing = new Hearing(scope, clock, tell)
    this.#intake = new Intake({
      sink,
      clock,
      tenantIds: context.tenantIds,
      onTrespass: () => this.#stop('protocol_error'),
      onGap: () => this.#discovery.soon(),
    })
    this.#catalogue = new Catalogue(this.#intake, sink)
    this.#sockets = new JobSockets({
      context,
      scope,
      intake: this.#intake,
      onHeard: () => this.#heard(),
      onStopped: (reason) => this.#stop(reason),
      onChanged: tell,
    })
    this.#discovery = new Discovery({
      scope,
      clock,
      random,
      http: (signal) => createGatewayHttp({ ...context, signal }),
      onListed: (body, round) => this.#listed(body, round),
      onStopped: (reason) => this.#stop(reason),
      onChanged: tell,
    })
  }

  get view(): SourceView {
    return this.#look()
  }

  get stopped(): FailureCode | null {
    return this.#stopped
  }

  start(): void {
    this.#view = this.#look()
    this.#discovery.start()
  }

  onChanged(listener: () => void): Off {
    return this.#changed.on(listener)
  }

  wake(): void {
    if (this.#scope.closed) return
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
    if (this.#sockets.size === 0) this.#heard()
    const trouble = await this.#catalogue.take(active, { ask, whole: first })
    if (isOver() || trouble !== null) return trouble
    if (this.#sockets.unserved > 0) await this.#catalogue.refresh(ask)
    if (isOver()) return null
    const lost = this.#lost(active, first)
    if (lost.length > 0) await this.#catalogue.resolve(lost, ask)
    return null
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

  #heard(): void {
    this.#context.sink.heard()
    this.#hearing.heard()
    if (this.#view.state !== 'live') this.#tell()
  }

  /** For good: the operator, or a new session, opens a new source. */
  #stop(reason: FailureCode): void {
    if (this.#stopped !== null || this.#scope.closed) return
    this.#stopped = reason
    this.#context.log.warn('source stopped', { reason })
    this.#view = this.#look()
    this.#changed.emit(undefined)
    void this.#scope.close(reason)
  }

  /** Told once for all that changes in one turn, and only when the view differs. */
  #tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    queueMicrotask(() => {
      this.#isTelling = false
      if (this.#scope.closed) return
      const before = this.#view
      this.#view = this.#look()
      if (!isSame(before, this.#view)) this.#changed.emit(undefined)
    })
  }

  #look(): SourceView {
    if (this.#stopped !== null) return { ...idle, state: 'stopped', reason: this.#stopped }
    if (this.#scope.closed) return idle
    const sockets = this.#sockets.open
    const trouble = sockets === 0 ? this.#trouble() : null
    if (this.#hearing.fresh && trouble === null) {
      const reason = this.#sockets.unserved > 0 ? 'too_many_sockets' : null
      return { kind: 'progress', state: 'live', sockets, nextTryAtMs: null, reason }
    }
    const { reason, nextTryAtMs } = trouble ??
      this.#trouble() ?? { reason: null, nextTryAtMs: null }
    const state = this.#hearing.ever || reason !== null ? 'reconnecting' : 'connecting'
    return { kind: 'progress', state, sockets, nextTryAtMs, reason }
  }

  #trouble(): { readonly reason: FailureCode; readonly nextTryAtMs: number | null } | null {
    const { reason, nextTryAtMs } = this.#discovery
    return reason === null ? this.#sockets.trouble : { reason, nextTryAtMs }
  }
}

const idle: SourceView = {
  kind: 'progress',
  state: 'idle',
  sockets: 0,
  nextTryAtMs: null,
  reason: null,
}

function isSame(a: SourceView, b: SourceView): boolean {
  return (
    a.state === b.state &&
    a.sockets === b.sockets &&
    a.nextTryAtMs === b.nextTryAtMs &&
    a.reason === b.reason
  )
}
