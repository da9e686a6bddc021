// The sources of one workspace: opened once the operator is known, never before, and again if a
// renewed token names other tenants. It owns their scope; it must never know what they heard.
import { failed } from '../../shared/failure.ts'
import type { Profile } from '../../shared/profile.ts'
import type { SourceView } from '../../shared/workspace.ts'
import type { Log } from '../lib/log.ts'
import type { Scope } from '../lib/scope.ts'
import type { Random } from '../ports.ts'
import type { OperatorSession } from '../session/operator-session.ts'
import { openPollingSource } from '../sources/polling-source.ts'
import { openProgressSource } from '../sources/progress-source.ts'
import { openRealtimeSource } from '../sources/realtime-source.ts'
import { openSocketIoSource } from '../sources/socketio/socketio-source.ts'
import { openStreamSource } from '../sources/stream-source.ts'
import type { JobSink, Source, SourceContext, TokenSupply } from '../sources/source.ts'
import type { Meter } from './meter.ts'
import type { Positions } from './positions.ts'

type Kind = Profile['sources'][number]

export interface WiresOptions {
  readonly scope: Scope
  readonly meter: Meter
  /** The way to the servers. */
  readonly ways: Pick<SourceContext, 'fetch' | 'sockets'>
  readonly random: Random
  readonly profile: Profile
  readonly session: OperatorSession
  readonly sinkOf: (kind: Kind) => JobSink
  readonly positions: Positions
  readonly log: Log
  /** The session names other tenants than before: these are left. */
  readonly onTenants: (tenantIds: readonly string[]) => void
  readonly onChanged: () => void
}

/** How a source of each kind that a profile may name is opened. */
const openers: Record<Kind, (context: SourceContext) => Source> = {
  progress: openProgressSource,
  stream: openStreamSource,
  socketio: openSocketIoSource,
  realtime: openRealtimeSource,
  polling: openPollingSource,
}

/** One source and what ends it. */
interface Wire {
  readonly kind: Kind
  readonly scope: Scope
  readonly source: Source
}

interface Opened {
  readonly scope: Scope
  readonly tenantIds: readonly string[]
  readonly wires: readonly Wire[]
}

export class Wires {
  readonly #options: WiresOptions
  readonly tokens: TokenSupply
  readonly #positions: Positions
  #opened: Opened | null = null

  constructor(options: WiresOptions) {
    this.#options = options
    this.#positions = options.positions
    this.tokens = suppliedBy(options)
  }

  get views(): readonly SourceView[] {
    return this.#opened?.wires.map(({ source }) => source.view) ?? []
  }

  /** Brings the sources in line with what the session says about the operator. */
  follow(): void {
    const { scope, session, log } = this.#options
    const ids = session.operator?.tenants.map(({ id }) => id) ?? []
    if (scope.closed || ids.length === 0) return
    if (this.#opened !== null) {
      if (JSON.stringify(this.#opened.tenantIds) === JSON.stringify(ids)) return
      log.info('the tenants of the session changed')
      void this.#opened.scope.close('tenants changed')
      this.#options.onTenants(ids)
    }
    const own = scope.child('sources')
    const wires = this.#options.profile.sources.map((kind) => this.#open(kind, own, ids))
    this.#opened = { scope: own, tenantIds: ids, wires }
    this.#options.onChanged()
  }

  wake(): void {
    for (const { source } of this.#opened?.wires ?? []) source.wake()
  }

  /** As the operator asks: a source that had given up for good is opened anew, others are woken. */
  retry(): void {
    const opened = this.#opened
    if (opened === null || opened.scope.closed) return
    const wires = opened.wires.map((wire) => {
      if (wire.source.stopped === null) {
        wire.source.wake()
        return wire
      }
      void wire.scope.close('opened anew')
      return this.#open(wire.kind, opened.scope, opened.tenantIds)
    })
    this.#opened = { ...opened, wires }
    this.#options.onChanged()
  }

  #open(kind: Kind, parent: Scope, tenantIds: readonly string[]): Wire {
    const { meter, ways, random, profile, sinkOf, log, onChanged } = this.#options
    const scope = parent.child(kind)
    const source = openers[kind]({
      scope,
      clock: meter.clock,
      random,
      sockets: ways.sockets,
      fetch: ways.fetch,
      tokens: this.tokens,
      sink: sinkOf(kind),
      gatewayUrl: profile.gatewayUrl,
      supabaseUrl: profile.supabaseUrl,
      publishableKey: profile.publishableKey,
      jobTable: profile.jobTable,
      position: this.#positions.of(kind),
      tokenTransport: profile.tokenTransport,
      tenantIds,
      log: log.child(kind),
    })
    scope.own(meter.subscribed(source.onChanged(onChanged)))
    return { kind, scope, source }
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
