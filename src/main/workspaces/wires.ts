// The sources of one workspace: opened once the operator is known, never before, and again if a
// renewed token names other tenants. It owns their scope; it must never know what they heard.
import { failed } from '../../shared/failure.ts'
import type { Profile } from '../../shared/profile.ts'
import type { SourceView } from '../../shared/workspace.ts'
import type { Log } from '../lib/log.ts'
import type { Scope } from '../lib/scope.ts'
import type { Random } from '../ports.ts'
import type { OperatorSession } from '../session/operator-session.ts'
import { openProgressSource } from '../sources/progress-source.ts'
import type { JobSink, Source, SourceContext, TokenSupply } from '../sources/source.ts'
import type { Meter } from './meter.ts'

export interface WiresOptions {
  readonly scope: Scope
  readonly meter: Meter
  readonly random: Random
  readonly profile: Profile
  readonly session: OperatorSession
  readonly sink: JobSink
  readonly log: Log
  /** The session names other tenants than before: these are left. */
  readonly onTenants: (tenantIds: readonly string[]) => void
  readonly onChanged: () => void
}

/** How a source of each kind that a profile may name is opened. */
const openers: Record<Profile['sources'][number], (context: SourceContext) => Source> = {
  progress: openProgressSource,
}

export class Wires {
  readonly #options: WiresOptions
  readonly tokens: TokenSupply
  #opened: { readonly tenants: string; readonly scope: Scope; readonly sources: Source[] } | null =
    null

  constructor(options: WiresOptions) {
    this.#options = options
    this.tokens = suppliedBy(options)
  }

  get views(): readonly SourceView[] {
    return this.#opened?.sources.map(({ view }) => view) ?? []
  }

  /** Brings the sources in line with what the session says about the operator. */
  follow(): void {
    const { scope, session, log } = this.#options
    const ids = session.operator?.tenants.map(({ id }) => id) ?? []
    if (scope.closed || ids.length === 0) return
    const tenants = JSON.stringify(ids)
    if (this.#opened?.tenants === tenants) return
    if (this.#opened !== null) {
      log.info('the tenants of the session changed')
      void this.#opened.scope.close('tenants changed')
      this.#options.onTenants(ids)
    }
    const own = scope.child('sources')
    this.#opened = { tenants, scope: own, sources: this.#open(own, ids) }
    this.#options.onChanged()
  }

  wake(): void {
    for (const source of this.#opened?.sources ?? []) source.wake()
  }

  #open(scope: Scope, tenantIds: readonly string[]): Source[] {
    const { meter, random, profile, sink, log, onChanged } = this.#options
    return profile.sources.map((kind) => {
      const source = openers[kind]({
        scope,
        clock: meter.clock,
        random,
        sockets: meter.sockets,
        fetch: meter.fetch,
        tokens: this.tokens,
        sink,
        gatewayUrl: profile.gatewayUrl,
        tokenTransport: profile.tokenTransport,
        tenantIds,
        log: log.child(kind),
      })
      scope.own(meter.subscribed(source.onChanged(onChanged)))
      return source
    })
  }
}

/** The session's three doors, counted, and shut once the workspace is silent. */
function suppliedBy({ scope, session, meter }: WiresOptions): TokenSupply {
  const shut = () => Promise.resolve(failed('cancelled', 'the workspace is closed'))
  return {
    current: () => (scope.closed ? shut() : session.current()),
    renew: (refused) => (scope.closed ? shut() : session.renew(refused)),
    onRenewed: (listener) => meter.subscribed(session.onRenewed(listener)),
  }
}
