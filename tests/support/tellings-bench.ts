import { createLog } from '../../src/main/lib/log.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { Catalogue } from '../../src/main/sources/catalogue.ts'
import type { GatewayAnswer } from '../../src/main/sources/gateway-http.ts'
import { Intake } from '../../src/main/sources/intake.ts'
import { JobTellings } from '../../src/main/sources/socketio/job-tellings.ts'
import type { Track } from '../../src/main/sources/socketio/job-tellings.ts'
import type { JobSink, SourceContext } from '../../src/main/sources/source.ts'
import { StreamListing } from '../../src/main/sources/stream-listing.ts'
import { Positions } from '../../src/main/workspaces/positions.ts'
import { jobTableSchema } from '../../src/shared/profile.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeSockets } from './fake-socket.ts'
import { FakeTokens } from './fake-tokens.ts'
import { wireJob } from './wire-jobs.ts'

const refuse = (): never => {
  throw new Error('nothing is fetched here')
}

/** What a Socket.IO server tells, said by the test; what came of it, in words. Nothing is dialled. */
export class TellingsBench {
  readonly scope = new Scope('test')
  readonly clock = new FakeClock()
  readonly logged: string[] = []
  /** Everything the sink was told, and every gap that was closed, in order. */
  readonly came: string[] = []
  readonly jobs: JobTellings
  /** Paths asked for beside the socket. */
  readonly asked: string[] = []
  /** Restarts that were asked for. */
  restarts = 0
  #answer = Promise.withResolvers<GatewayAnswer>()

  constructor(tenantIds: readonly string[] = ['acme', 'globex']) {
    const { scope, clock } = this
    const context = this.#context(tenantIds)
    const { sink } = context
    const nothing = (): void => undefined
    const intake = new Intake({ sink, clock, tenantIds, onTrespass: nothing, onGap: nothing })
    const listing = new StreamListing({
      scope,
      clock,
      random: () => 0.5,
      intake,
      catalogue: new Catalogue(intake, sink),
      http: () => (path) => {
        this.asked.push(path)
        return this.#answer.promise
      },
      onListed: nothing,
      onStopped: nothing,
      onChanged: nothing,
    })
    this.jobs = new JobTellings({
      context,
      intake,
      listing,
      onGap: ({ recovered, missing }) => this.came.push(`gap ${recovered} ${missing}`),
    })
  }

  /** What came since it was asked before. */
  get news(): string[] {
    return this.came.splice(0)
  }

  /** A connection that is welcome. */
  welcome(recovered = false, missed = 0): Track {
    const track = this.jobs.track()
    this.greet(track, recovered, missed)
    return track
  }

  greet(track: Track, recovered: boolean, missed = 0): boolean {
    const restart = (): void => {
      this.restarts += 1
    }
    return this.jobs.welcome(track, { kind: 'welcome', recovered, missed, restart })
  }

  say(track: Track, name: string, payload: unknown): boolean {
    return this.jobs.take(track, { kind: 'event', name, payload })
  }

  /** A snapshot with these jobs of acme. */
  snapshot(track: Track, said: object, ...ids: string[]): boolean {
    const jobs = ids.map((id) => wireJob({ id }))
    return this.say(track, 'job:snapshot', { epoch: 'e1', jobs, ...said })
  }

  /** One change of a job of acme. */
  event(track: Track, offset: number, id = 'a', seq = offset): boolean {
    const job = wireJob({ id, seq })
    return this.say(track, 'job:event', { tenant_id: 'acme', offset, job })
  }

  /** The gateway serves no list: what was told is all there is. */
  async listNothing(): Promise<void> {
    this.#answer.resolve({ kind: 'missing' })
    await this.clock.advance(0)
  }

  #context(tenantIds: readonly string[]): SourceContext {
    const ids = (jobs: readonly { id: string }[]): string => jobs.map(({ id }) => id).join()
    const sink: JobSink = {
      take: ({ id, seq }) => this.came.push(`take ${id} ${seq}`),
      takeAll: (jobs, anew) =>
        this.came.push(`all ${ids(jobs)}${anew === undefined ? '' : ` in ${anew}`}`),
      doubt: (id) => this.came.push(`doubt ${id}`),
      confirm: () => this.came.push('confirm'),
      forget: (id) => this.came.push(`forget ${id}`),
      heard: () => undefined,
      dropped: (why) => this.came.push(`dropped ${why}`),
    }
    return {
      scope: this.scope,
      clock: this.clock,
      random: () => 0.5,
      sockets: new FakeSockets().open,
      fetch: refuse,
      tokens: new FakeTokens(),
      sink,
      gatewayUrl: 'http://127.0.0.1:1',
      supabaseUrl: 'http://127.0.0.1:1',
      publishableKey: '',
      jobTable: jobTableSchema.parse({}),
      position: new Positions().of('socketio'),
      tokenTransport: 'auto',
      tenantIds,
      log: createLog('test', this.clock, (line) => this.logged.push(line)),
    }
  }
}
