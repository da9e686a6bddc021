// One profile with one signed-in operator. It owns everything that sign-in brings into being and
// ends all of it; it must never know a window, another workspace, or what a token says.
import type { FailureCode, Outcome } from '../../shared/failure.ts'
import type { Profile } from '../../shared/profile.ts'
import type { Receipt, WorkspaceView } from '../../shared/workspace.ts'
import type { JobBatch, PublishBatch } from '../jobs/job-feed.ts'
import { Emitter } from '../lib/emitter.ts'
import type { Off } from '../lib/emitter.ts'
import type { Log } from '../lib/log.ts'
import type { Scope } from '../lib/scope.ts'
import type { Secret } from '../lib/secret.ts'
import type { Clock, Files, HttpFetch, Keychain, Network, Random, SocketFactory } from '../ports.ts'
import { createOperatorSession } from '../session/create-operator-session.ts'
import type { Operator, OperatorSession } from '../session/operator-session.ts'
import { createTimelineReader } from '../sources/timeline.ts'
import type { ReadTimeline } from '../sources/timeline.ts'
import { doubtClock } from './clock-doubt.ts'
import { endSession } from './ending.ts'
import type { Ending } from './ending.ts'
import { startHeartbeat } from './heartbeat.ts'
import { Knowledge } from './knowledge.ts'
import { Meter } from './meter.ts'
import { PortalGate } from './portal-gate.ts'
import { Wires } from './wires.ts'

/** What a workspace needs of the world. */
export interface WorkspacePorts {
  readonly clock: Clock
  readonly random: Random
  readonly keychain: Keychain
  readonly files: Files
  readonly fetch: HttpFetch
  readonly sockets: SocketFactory
  readonly network: Network
}

export interface WorkspaceOptions {
  readonly id: string
  readonly profile: Profile
  readonly scope: Scope
  readonly ports: WorkspacePorts
  readonly log: Log
  readonly publishBatch: PublishBatch
}

export class Workspace {
  readonly id: string
  readonly profile: Profile
  readonly readTimeline: ReadTimeline
  readonly #scope: Scope
  readonly #clock: Clock
  readonly #meter: Meter
  readonly #portal: PortalGate
  readonly #network: Network
  readonly #session: OperatorSession
  readonly #wires: Wires
  readonly #knowledge: Knowledge
  readonly #log: Log
  readonly #changed = new Emitter<undefined>()
  readonly #ended = new Emitter<FailureCode>()
  /** Windows that watch the jobs, and how each stops. */
  readonly #viewers = new Map<number, Off>()
  /** The rows of an earlier start are here, or there are none: the sources may dial. */
  #isReady = false
  #receipt: Promise<Receipt> | null = null

  constructor({ id, profile, scope, ports, log, publishBatch }: WorkspaceOptions) {
    this.id = id
    this.profile = profile
    this.#scope = scope
    this.#clock = ports.clock
    this.#network = ports.network
    this.#log = log
    const meter = new Meter(doubtClock(ports))
    this.#meter = meter
    this.#portal = this.#openPortal()
    const { clock } = meter
    const { fetch } = this.#portal
    const counted = { ...ports, clock, fetch, profile, workspaceId: id }
    this.#session = createOperatorSession({
      ...counted,
      scope: scope.child('session'),
      log: log.child('session'),
    })
    this.#knowledge = new Knowledge({
      ...counted,
      scope,
      session: this.#session,
      publish: publishBatch,
      sources: () => this.#wires.views,
      log: log.child('jobs'),
      onChanged: () => this.#note(),
    })
    this.#wires = new Wires({
      scope,
      meter,
      ways: this.#portal,
      random: ports.random,
      profile,
      session: this.#session,
      sinkOf: (kind) => this.#knowledge.watch.sinkOf(kind),
      positions: this.#knowledge.positions,
      log: log.child('sources'),
      onTenants: (tenantIds) => this.#knowledge.retain(tenantIds),
      onChanged: () => this.#note(),
    })
    this.readTimeline = createTimelineReader({
      fetch,
      clock,
      tokens: this.#wires.tokens,
      gatewayUrl: profile.gatewayUrl,
      signal: scope.signal,
    })
    scope.own(meter.subscribed(this.#session.onChanged(() => this.#followSession())))
    scope.own(meter.subscribed(this.#session.onEnded((reason) => this.#ended.emit(reason))))
    scope.own(() => {
      for (const windowId of [...this.#viewers.keys()]) this.closeWindow(windowId)
    })
    this.#startHeart()
  }

  get signal(): AbortSignal {
    return this.#scope.signal
  }

  get view(): WorkspaceView {
    const { id, profile } = this
    const desk = this.#knowledge.desk
    const operator = this.#session.operator
    return {
      id,
      profileId: profile.id,
      profileName: profile.name,
      mark: profile.mark,
      operator: operator && { email: operator.email, tenants: [...operator.tenants] },
      session: this.#session.view,
      connection: this.#knowledge.watch.look(),
      sources: [...this.#wires.views],
      keeping: this.#session.keeping,
      eventsPerSecond: desk.eventsPerSecond,
      dropped: desk.dropped,
      notes: [...this.#knowledge.recollection.notes],
    }
  }

  /** Something in the view may have changed. */
  onChanged(listener: () => void): Off {
    return this.#changed.on(listener)
  }

  /** The session ended by itself; whoever opened the workspace has to end it. */
  onEnded(listener: (reason: FailureCode) => void): Off {
    return this.#ended.on(listener)
  }

  /** Shows what was kept of the last start before a source dials. */
  async restore(): Promise<Outcome<boolean>> {
    return this.#begin(await this.#session.restore())
  }

  signIn(email: string, password: Secret): Promise<Outcome<Operator>> {
    this.#isReady = true
    return this.#session.signIn(email, password)
  }

  async unlock(): Promise<Outcome<boolean>> {
    return this.#begin(await this.#session.unlock())
  }

  /** Starts the feed of a window: everything known, then batches. */
  openJobs(windowId: number): Pick<JobBatch, 'batch' | 'rows' | 'groups'> {
    if (!this.#viewers.has(windowId)) {
      this.#viewers.set(
        windowId,
        this.#meter.subscribed(() => this.#knowledge.desk.closeWindow(windowId)),
      )
    }
    return this.#knowledge.desk.open(windowId)
  }

  acknowledge(windowId: number, batch: number): void {
    this.#knowledge.desk.acknowledge(windowId, batch)
  }

  showWindow(windowId: number, visible: boolean): void {
    this.#knowledge.desk.setVisible(windowId, visible)
  }

  closeWindow(windowId: number): void {
    this.#viewers.get(windowId)?.()
    this.#viewers.delete(windowId)
  }

  /** The computer is about to sleep. */
  suspend(): void {
    this.#knowledge.recollection.save()
  }

  wake(): void {
    if (this.#scope.closed) return
    this.#portal.wake()
    this.#session.wake()
    this.#wires.wake()
    // What was heard before a sleep is as old as the sleep was long.
    this.#note()
  }

  /** The operator will not wait, or put right what had been refused. */
  retry(): void {
    if (this.#scope.closed) return
    this.#portal.wake()
    this.#session.wake()
    this.#wires.retry()
  }

  /** Ends everything and forgets the session. Everyone who asks gets the same receipt. */
  end(ending: Ending): Promise<Receipt> {
    this.#receipt ??= endSession(
      {
        scope: this.#scope,
        clock: this.#clock,
        session: this.#session,
        cache: this.#knowledge.recollection,
        holdings: () => ({ ...this.#meter.tally, rows: this.#knowledge.desk.size }),
        head: { workspaceId: this.id, profileId: this.profile.id, profileName: this.profile.name },
        log: this.#log,
      },
      ending,
    )
    return this.#receipt
  }

  /** Ends everything but keeps the session, and what is known now, for the next start. */
  async close(): Promise<void> {
    const kept = this.#knowledge.recollection.close()
    const { errors } = await this.#scope.close('closed')
    await kept
    for (const error of errors) {
      this.#log.error('not everything could be released', { error: String(error) })
    }
  }

  #openPortal(): PortalGate {
    return new PortalGate({
      scope: this.#scope.child('portal'),
      ports: this.#meter,
      profile: this.profile,
      onCleared: () => this.wake(),
    })
  }

  #startHeart(): void {
    startHeartbeat({
      scope: this.#scope,
      clock: this.#meter.clock,
      network: this.#network,
      onBeat: () => this.#beat(),
      onWake: () => this.wake(),
    })
  }

  async #begin(restored: Outcome<boolean>): Promise<Outcome<boolean>> {
    if (this.#isReady) return restored
    if (!restored.ok || !restored.value) {
      this.#knowledge.recollection.bury()
      return restored
    }
    await this.#knowledge.recollection.recall()
    this.#isReady = true
    this.#followSession()
    return restored
  }

  #beat(): void {
    this.#knowledge.recollection.beat()
    this.#note()
  }

  #followSession(): void {
    if (this.#isReady) this.#wires.follow()
    this.#note()
  }

  #note(): void {
    if (this.#scope.closed) return
    this.#knowledge.watch.look()
    this.#changed.emit(undefined)
  }
}
