import type { FailureCode } from '../../shared/failure.ts'
import type { Job } from '../../shared/job.ts'
import type { SourceView } from '../../shared/workspace.ts'
import type { Off } from '../lib/emitter.ts'
import type { Scope } from '../lib/scope.ts'
import { Catalogue } from './catalogue.ts'
import { outOfStep } from './close-codes.ts'
import type { Connection } from './connection.ts'
import type { ConnectionState } from './connection-state.ts'
import { DialGate } from './dial-gate.ts'
import { createGatewayHttp } from './gateway-http.ts'
import type { GatewayHttp } from './gateway-http.ts'
import { socketUrl } from './gateway-url.ts'
import { Intake } from './intake.ts'
import { Line } from './line.ts'
import type { Source, SourceContext } from './source.ts'
import { Standing } from './standing.ts'
import type { Stand } from './standing.ts'
import { StreamCheck } from './stream-check.ts'
import type { StreamPlace } from './stream-frames.ts'
import { StreamListing } from './stream-listing.ts'
import { StreamMark } from './stream-mark.ts'
import { StreamTalk } from './stream-talk.ts'
import { TokenForm } from './token-form.ts'

/** A snapshot comes in parts of 64 KiB; this is for a server that knows no parts (adr 0022). */
const maxFrameBytes = 1024 * 1024

/** Starts at once; it ends with its context's scope, or stops by itself for a reason. */
export function openStreamSource(context: SourceContext): Source {
  const source = new StreamSource(context)
  source.start()
  return source
}

/**
 * All jobs of a set of tenants over one socket (gateway-protocol §4). It owns the line and the
 * listing of one workspace, and the account of interruptions: what was missed is either told, with
 * proof, or said to be unknown.
 */
class StreamSource implements Source {
  readonly kind = 'stream'
  readonly #context: SourceContext
  readonly #standing: Standing
  readonly #intake: Intake
  readonly #mark: StreamMark
  readonly #line: Line
  readonly #listing: StreamListing
  readonly #check: StreamCheck
  readonly #talks = new WeakMap<Connection, StreamTalk>()
  /** What is shown is what the server has, as far as it can be known. */
  #inStep = false
  #everInStep = false
  /** The server proves nothing: no snapshot, no resume. */
  #isPlain = false
  /** Events taken since the interruption, and whether all of them could be. */
  #recovered = 0
  #isReadable = true
  #lostBy: FailureCode | null = null
  #speaking: Connection | null = null

  constructor(context: SourceContext) {
    const { clock, random, sink, tenantIds } = context
    this.#context = context
    const standing = new Standing({ kind: this.kind, context, look: () => this.#look() })
    const stop = (reason: FailureCode): void => standing.stop(reason)
    const http = (signal: AbortSignal): GatewayHttp => createGatewayHttp({ ...context, signal })
    this.#standing = standing
    this.#mark = new StreamMark(context.position, () => this.#listing.isOwed)
    this.#intake = new Intake({
      sink,
      clock,
      tenantIds,
      onTrespass: () => stop('protocol_error'),
      onGap: () => this.#gap(),
    })
    this.#listing = new StreamListing({
      scope: standing.scope,
      clock,
      random,
      intake: this.#intake,
      catalogue: new Catalogue(this.#intake, sink),
      http,
      onListed: () => this.#listed(),
      onStopped: stop,
      onChanged: () => standing.tell(),
    })
    this.#check = new StreamCheck({
      scope: standing.scope,
      clock,
      random,
      http,
      place: () => (this.#isNumbered ? this.#mark.place : null),
      isWhole: () => this.#inStep,
      onBehind: (again) => {
        // What cannot be told a second time either is taken as it is now.
        if (again) this.#mark.forget()
        this.#outOfStep(this.#line)
      },
    })
    this.#line = this.#lay()
  }

  get view(): SourceView {
    return this.#standing.view
  }

  get stopped(): FailureCode | null {
    return this.#standing.stopped
  }

  start(): void {
    this.#standing.begin()
    this.#line.start()
    this.#check.start()
  }

  onChanged(listener: () => void): Off {
    return this.#standing.onChanged(listener)
  }

  wake(): void {
    if (this.#standing.scope.closed) return
    this.#line.wake()
    this.#listing.wake()
    this.#check.wake()
  }

  /** An open socket tells of places, and of what they leave unsaid. */
  get #isNumbered(): boolean {
    return !this.#isPlain && this.#line.state.kind === 'open'
  }

  #lay(): Line {
    const { clock, random, sockets, tokens, gatewayUrl, tokenTransport } = this.#context
    return new Line({
      scope: this.#standing.scope,
      clock,
      random,
      sockets,
      tokens,
      form: new TokenForm(tokenTransport),
      gate: new DialGate(),
      url: socketUrl(gatewayUrl, 'ws'),
      maxFrameBytes,
      onOpened: (connection, attempt) => this.#opened(connection, attempt),
      onMessage: (text, connection) => this.#hear(text, connection),
      renewOpen: async (token, connection) =>
        (await this.#talks.get(connection)?.offer(token)) ?? false,
      onHeard: () => this.#alive(),
      isOver: () => false,
      onChanged: (state, before) => this.#changed(state, before),
    })
  }

  #opened(connection: Connection, attempt: Scope): void {
    const talk = new StreamTalk({
      scope: attempt,
      clock: this.#context.clock,
      send: (text) => connection.send(text),
      intake: this.#intake,
      sink: this.#context.sink,
      mark: this.#mark,
      onSnapshot: (jobs, changed, place) => this.#begun(jobs, changed, place),
      onEvent: (job) => this.#heard(job),
      onCaughtUp: () => this.#caughtUp(),
      onHole: () => this.#outOfStep(connection),
      onPlain: () => this.#plain(),
    })
    this.#talks.set(connection, talk)
    talk.begin()
    // Known to be plain, it need not be waited for.
    if (this.#isPlain) this.#listing.keep()
  }

  /** The peer has spoken: what was only remembered because of its silence is true again. */
  #alive(): void {
    if (this.#standing.heard() && this.#inStep) this.#context.sink.confirm()
  }

  #hear(text: string | null, connection: Connection): boolean {
    this.#speaking = connection
    this.#check.heard()
    return this.#talks.get(connection)?.hear(text) ?? false
  }

  #changed(state: ConnectionState, before: ConnectionState): void {
    if (before.kind === 'open' && state.kind !== 'open') this.#lose(this.#line.reason)
    if (state.kind === 'stopped') {
      this.#standing.stop(state.reason === 'job_unknown' ? 'not_served' : state.reason)
    } else if (state.kind === 'done') this.#standing.stop('not_served')
    else this.#standing.tell()
  }

  #begun(jobs: readonly Job[], changed: number, place: StreamPlace): void {
    const { sink } = this.#context
    const before = this.#mark.place
    const isAnew = before !== null && before.epoch !== place.epoch
    const isWhole = !isAnew && this.#mark.resumable?.offset === place.offset
    this.#mark.set(place)
    this.#isPlain = false
    if (isAnew) sink.takeAll(jobs, place.epoch)
    else for (const job of jobs) sink.take(job)
    if (isWhole) {
      this.#listing.leave()
      sink.confirm()
    } else this.#listing.once(jobs)
    const isGap = this.#everInStep && !(this.#inStep && isWhole)
    if (isGap) {
      const recovered = isAnew ? 0 : changed
      this.#standing.closeGap({ recovered, missing: isWhole ? 0 : null })
    }
    this.#keepStep()
  }

  #caughtUp(): void {
    this.#isPlain = false
    this.#listing.leave()
    if (this.#inStep) return
    this.#context.sink.confirm()
    const missing = this.#isReadable ? 0 : null
    this.#standing.closeGap({ recovered: this.#recovered, missing })
    this.#keepStep()
  }

  #heard(job: Job | null): void {
    if (job !== null) this.#listing.heard(job.id)
    if (this.#inStep) return
    if (job === null) this.#isReadable = false
    else this.#recovered += 1
  }

  #plain(): void {
    if (this.#isPlain) return
    this.#isPlain = true
    this.#listing.keep()
  }

  /** All that can be known of a server that proves nothing. */
  #listed(): void {
    if (!this.#isPlain || this.#line.state.kind !== 'open') return
    this.#standing.heard()
    if (!this.#inStep && this.#everInStep) {
      this.#standing.closeGap({ recovered: 0, missing: null })
    }
    this.#keepStep()
  }

  /** An event of one job is missing although the stream is whole: its history is no proof. */
  #gap(): void {
    if (this.#isPlain) {
      this.#listing.soon()
      return
    }
    this.#mark.forget()
    if (this.#speaking !== null) this.#outOfStep(this.#speaking)
  }

  #outOfStep(peer: Pick<Connection, 'fail'>): void {
    this.#context.sink.doubt(null)
    this.#lose('server_error')
    peer.fail(outOfStep)
  }

  #lose(reason: FailureCode | null): void {
    this.#inStep = false
    this.#lostBy = reason
  }

  #keepStep(): void {
    this.#inStep = true
    this.#everInStep = true
    this.#recovered = 0
    this.#isReadable = true
    this.#lostBy = null
    this.#standing.tell()
  }

  #look(): Stand {
    const sockets = this.#line.state.kind === 'open' ? 1 : 0
    if (this.#inStep && this.#standing.fresh) {
      return { state: 'live', sockets, nextTryAtMs: null, reason: null }
    }
    const reason = this.#line.reason ?? this.#listing.reason ?? this.#lostBy
    const nextTryAtMs = this.#line.nextTryAtMs ?? this.#listing.nextTryAtMs
    const state = this.#everInStep || reason !== null ? 'reconnecting' : 'connecting'
    return { state, sockets, nextTryAtMs, reason }
  }
}
