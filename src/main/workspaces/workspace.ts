// One profile with one signed-in operator. It owns everything that sign-in brings into being and
// ends all of it; it must never know a window, another workspace, or what a token says.
import type { FailureCode, Outcome } from '../../shared/failure.ts'
import type { Profile } from '../../shared/profile.ts'
import type { ConnectionView, Receipt, WorkspaceView } from '../../shared/workspace.ts'
import { JobDesk } from '../jobs/job-desk.ts'
import type { JobBatch, PublishBatch } from '../jobs/job-feed.ts'
import { Emitter } from '../lib/emitter.ts'
import type { Off } from '../lib/emitter.ts'
import type { Log } from '../lib/log.ts'
import type { Scope } from '../lib/scope.ts'
import type { Secret } from '../lib/secret.ts'
import type { Clock, Network } from '../ports.ts'
import { createOperatorSession } from '../session/create-operator-session.ts'
import type { Operator, OperatorSession } from '../session/operator-session.ts'
import { createTimelineReader } from '../sources/timeline.ts'
import type { ReadTimeline } from '../sources/timeline.ts'
import { connectionView } from './connection-view.ts'
import { endSession } from './ending.ts'
import type { Ending } from './ending.ts'
import { startHeartbeat } from './heartbeat.ts'
import { Meter } from './meter.ts'
import { PortalGate } from './portal-gate.ts'
import { Positions } from './positions.ts'
import { silenced } from './silenced.ts'
import { Wires } from './wires.ts'
import type { WorkspacePorts } from './workspace-ports.ts'

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
  readonly #desk: JobDesk
  readonly #scope: Scope
  readonly #clock: Clock
  readonly #meter: Meter
  readonly #portal: PortalGate
  readonly #session: OperatorSession
  readonly #wires: Wires
  readonly #positions = new Positions()
  readonly #network: Network
  readonly #log: Log
  readonly #changed = new Emitter<undefined>()
  readonly #ended = new Emitter<FailureCode>()
  /** Windows that watch the jobs, and how each stops. */
  readonly #viewers = new Map<number, Off>()
  #connection: ConnectionView = { kind: 'idle' }
  /** Monotonic time of the last thing heard. */
  #heardAt: number | null = null
  /** The rows were marked as remembered when the connection was lost. */
  #remembered = false
  #receipt: Promise<Receipt> | null = null

  constructor({ id, profile, scope, ports, log, publishBatch }: WorkspaceOptions) {
    this.id = id
    this.profile = profile
    this.#scope = scope
    this.#clock = ports.clock
    this.#network = ports.network
    this.#log = log
    this.#meter = new Meter(ports)
    const meter = this.#meter
    const { clock } = meter
    this.#portal = this.#openPortal()
    const { fetch } = this.#portal
    this.#session = createOperatorSession({
      scope: scope.child('session'),
      clock,
      random: ports.random,
      keychain: ports.keychain,
      files: ports.files,
      fetch,
      profile,
      workspaceId: id,
      log: log.child('session'),
    })
    this.#desk = new JobDesk({
      scope: scope.child('desk'),
      clock,
      workspaceId: id,
      publish: publishBatch,
    })
    this.#wires = new Wires({
      scope,
      meter,
      ways: this.#portal,
      random: ports.random,
      profile,
      session: this.#session,
      sink: silenced(this.#desk.sink, scope, () => this.#heard()),
      positions: this.#positions,
      log: log.child('sources'),
      onTenants: (tenantIds) => this.#retain(tenantIds),
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
    const desk = this.#desk
    const operator = this.#session.operator
    this.#look()
    return {
      id,
      profileId: profile.id,
      profileName: profile.name,
      mark: profile.mark,
      operator: operator && { email: operator.email, tenants: [...operator.tenants] },
      session: this.#session.view,
      connection: this.#connection,
      sources: [...this.#wires.views],
      keeping: this.#session.keeping,
      eventsPerSecond: desk.eventsPerSecond,
      dropped: desk.dropped,
      notes: [],
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

  restore(): Promise<Outcome<boolean>> {
    return this.#session.restore()
  }

  signIn(email: string, password: Secret): Promise<Outcome<Operator>> {
    return this.#session.signIn(email, password)
  }

  unlock(): Promise<Outcome<boolean>> {
    return this.#session.unlock()
  }

  /** Starts the feed of a window: everything known, then batches. */
  openJobs(windowId: number): Pick<JobBatch, 'batch' | 'rows' | 'groups'> {
    if (!this.#viewers.has(windowId)) {
      this.#viewers.set(
        windowId,
        this.#meter.subscribed(() => this.#desk.closeWindow(windowId)),
      )
    }
    return this.#desk.open(windowId)
  }

  acknowledge(windowId: number, batch: number): void {
    this.#desk.acknowledge(windowId, batch)
  }

  showWindow(windowId: number, visible: boolean): void {
    this.#desk.setVisible(windowId, visible)
  }

  closeWindow(windowId: number): void {
    this.#viewers.get(windowId)?.()
    this.#viewers.delete(windowId)
  }

  wake(): void {
    if (this.#scope.closed) return
    this.#portal.wake()
    this.#session.wake()
    this.#wires.wake()
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
        holdings: () => ({ ...this.#meter.tally, rows: this.#desk.size }),
        head: { workspaceId: this.id, profileId: this.profile.id, profileName: this.profile.name },
        log: this.#log,
      },
      ending,
    )
    return this.#receipt
  }

  /** Ends everything but keeps the session for the next start. */
  async close(): Promise<void> {
    const { errors } = await this.#scope.close('closed')
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
      onBeat: () => this.#note(),
      onWake: () => this.wake(),
    })
  }

  /** The operator sees these tenants only, from now on. */
  #retain(tenantIds: readonly string[]): void {
    this.#positions.clear()
    this.#desk.retain(tenantIds)
  }

  #followSession(): void {
    this.#wires.follow()
    this.#note()
  }

  #heard(): void {
    this.#heardAt = this.#clock.monotonic()
    if (this.#connection.kind !== 'live') this.#note()
  }

  /** Brings the connection up to now; rows are only remembered while it is not live. */
  #look(): void {
    const heardAgoMs = this.#heardAt === null ? null : this.#clock.monotonic() - this.#heardAt
    this.#connection = connectionView(this.#connection, {
      session: this.#session.view,
      sources: this.#wires.views,
      online: this.#network.isOnline(),
      nowMs: this.#clock.now(),
      heardAgoMs,
    })
    const { kind } = this.#connection
    if (kind === 'live') this.#remembered = false
    else if (kind !== 'connecting' && !this.#remembered) {
      this.#remembered = true
      this.#desk.markRemembered()
    }
  }

  #note(): void {
    if (this.#scope.closed) return
    this.#look()
    this.#changed.emit(undefined)
  }
}
