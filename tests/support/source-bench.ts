import { JobDesk } from '../../src/main/jobs/job-desk.ts'
import type { JobBatch } from '../../src/main/jobs/job-feed.ts'
import { createLog } from '../../src/main/lib/log.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { openSocket } from '../../src/main/lib/sockets.ts'
import type { HttpFetch, SocketFactory } from '../../src/main/ports.ts'
import { openProgressSource } from '../../src/main/sources/progress-source.ts'
import type { Position, Source, SourceContext, TokenSupply } from '../../src/main/sources/source.ts'
import { Positions } from '../../src/main/workspaces/positions.ts'
import { jobTableSchema } from '../../src/shared/profile.ts'
import type { JobRow } from '../../src/shared/job.ts'
import type { SourceView } from '../../src/shared/workspace.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeTokens } from './fake-tokens.ts'

export interface SourceBenchOptions {
  /** How the source is opened; a progress source unless given. */
  readonly open?: (context: SourceContext) => Source
  readonly gatewayUrl: string
  readonly supabaseUrl?: string
  readonly jobTable?: unknown
  readonly tenantIds?: readonly string[]
  readonly transport?: 'auto' | 'header' | 'query'
  readonly sockets?: SocketFactory
  readonly fetch?: HttpFetch
  readonly tokens?: FakeTokens
  /** Tokens of a real session, in place of the fake ones. */
  readonly supply?: TokenSupply
  readonly publishableKey?: string
  readonly clock?: FakeClock
  /** Where the source was before. */
  readonly position?: Position
}

/** A source on real sockets with a real desk behind it; only time is the test's. */
export class SourceBench {
  readonly scope = new Scope('workspace')
  readonly clock: FakeClock
  readonly tokens: FakeTokens
  readonly desk: JobDesk
  readonly context: SourceContext
  readonly source: Source
  readonly views: SourceView[] = []
  readonly logged: string[] = []
  readonly published: (JobBatch & { readonly windowId: number })[] = []

  constructor(options: SourceBenchOptions) {
    const { scope } = this
    const clock = options.clock ?? new FakeClock()
    this.clock = clock
    const tokens = options.tokens ?? new FakeTokens()
    this.tokens = tokens
    this.desk = new JobDesk({
      scope,
      clock,
      workspaceId: 'w1',
      publish: (windowId, batch) => this.published.push({ ...batch, windowId }),
    })
    const context: SourceContext = {
      scope,
      clock,
      random: () => 0.5,
      sockets: options.sockets ?? openSocket,
      fetch: options.fetch ?? fetch,
      tokens: options.supply ?? tokens,
      sink: this.desk.sinkOf('bench'),
      gatewayUrl: options.gatewayUrl,
      supabaseUrl: options.supabaseUrl ?? options.gatewayUrl,
      publishableKey: options.publishableKey ?? 'sb_publishable_fake',
      jobTable: jobTableSchema.parse(options.jobTable ?? {}),
      position: options.position ?? new Positions().of('progress'),
      tokenTransport: options.transport ?? 'auto',
      tenantIds: options.tenantIds ?? ['acme'],
      log: createLog('test', clock, (line) => this.logged.push(line)),
    }
    this.context = context
    this.source = (options.open ?? openProgressSource)(context)
    this.source.onChanged(() => this.views.push(this.source.view))
  }

  /** Its rows are remembered from now on, as when a workspace finds it disconnected. */
  lose(): void {
    this.desk.lose('bench')
  }

  get rows(): JobRow[] {
    return this.desk.open(99).rows
  }

  row(id = 'job-1'): JobRow | undefined {
    return this.rows.find((row) => row.id === id)
  }

  get state(): SourceView['state'] {
    return this.source.view.state
  }

  /** States that were shown, without repetitions. */
  get shown(): SourceView['state'][] {
    return this.views.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1])
  }
}
