import { isFinal } from '../../shared/job.ts'
import type { Job, JobRow } from '../../shared/job.ts'
import type { Group } from '../../shared/ipc/contract.ts'
import type { Scope } from '../lib/scope.ts'
import type { Cancel, Clock } from '../ports.ts'
import { JobFeed } from './job-feed.ts'
import type { JobBatch, PublishBatch } from './job-feed.ts'
import { JobStore } from './job-store.ts'
import type { JobKey, StoredJob } from './job-store.ts'
import { Pace } from './rates.ts'
import { Gauge, slotMs, Throughput } from './throughput.ts'

export interface JobDeskOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly workspaceId: string
  readonly publish: PublishBatch
}

/** Where sources of one family put what they heard. */
export interface DeskSink {
  readonly take: (job: Job) => void
  readonly takeAll: (jobs: readonly Job[], anew?: boolean) => void
  readonly doubt: (jobId: string | null) => void
  readonly confirm: () => void
  readonly forget: (jobId: string) => void
  readonly heard: () => void
  readonly dropped: (why: 'malformed' | 'tenant' | 'order') => void
}

/** Sources that mean the same job by the same id: sockets, streams and lists of one gateway. */
const gateway = 'gateway'

/**
 * The jobs of one workspace: what is known of them, how fast they move, and the way to the windows.
 * It owns the store, the feed and the rates, and drops all of them with its scope.
 */
export class JobDesk {
  readonly sink: DeskSink
  readonly #scope: Scope
  readonly #clock: Clock
  readonly #store: JobStore
  readonly #feed: JobFeed
  readonly #paces = new Map<JobKey, Pace>()
  readonly #throughput = new Throughput()
  readonly #gauge = new Gauge()
  #cancelTick: Cancel | null = null
  #dropped = 0
  #remembered = false

  constructor({ scope, clock, workspaceId, publish }: JobDeskOptions) {
    this.#scope = scope
    this.#clock = clock
    this.#store = new JobStore({ onTouched: (key, isGone) => this.#touched(key, isGone) })
    this.#feed = new JobFeed({
      scope,
      clock,
      workspaceId,
      publish,
      keys: () => this.#store.keys(),
      row: (key) => this.#row(key),
      groups: () => this.groups,
    })
    this.sink = this.sinkOf(gateway)
    scope.own(() => {
      this.#cancelTick?.()
      this.#store.clear()
      this.#paces.clear()
      this.#throughput.clear()
    })
  }

  /** Jobs known now. */
  get size(): number {
    return this.#store.size
  }

  /** Job events taken in, a second, over the last 5 s. */
  get eventsPerSecond(): number {
    return this.#gauge.perSecond(this.#clock.monotonic())
  }

  /** Frames dropped because they broke the protocol or named another tenant. */
  get dropped(): number {
    return this.#dropped
  }

  /** Counts of every tenant that ever had a job here. */
  get groups(): Group[] {
    return [...this.#store.counts].map(([tenantId, counts]) => ({
      tenantId,
      ...counts,
      throughput: this.#throughput.of(tenantId),
    }))
  }

  sinkOf(family: string): DeskSink {
    const scope = this.#scope
    return {
      take: (job) => scope.closed || this.#take(family, job),
      takeAll: (jobs, anew) => scope.closed || this.#takeAll(family, jobs, anew === true),
      doubt: (jobId) => scope.closed || this.#store.doubt(family, jobId),
      confirm: () => scope.closed || this.#store.confirm(family, this.#clock.now()),
      forget: (jobId) => scope.closed || this.#store.forget(family, jobId),
      heard: () => scope.closed || this.#reconnected(),
      dropped: (why) => {
        if (why !== 'order') this.#dropped += 1
      },
    }
  }

  /** The tenants of the operator changed: jobs and counts of others go. */
  retain(tenantIds: readonly string[]): void {
    this.#store.retain(tenantIds)
    this.#feed.touchGroups()
  }

  open(windowId: number): Pick<JobBatch, 'batch' | 'rows' | 'groups'> {
    return this.#feed.open(windowId)
  }

  acknowledge(windowId: number, batch: number): void {
    this.#feed.acknowledge(windowId, batch)
  }

  setVisible(windowId: number, visible: boolean): void {
    this.#feed.setVisible(windowId, visible)
  }

  closeWindow(windowId: number): void {
    this.#feed.closeWindow(windowId)
  }

  /**
   * The sources are disconnected: rates and times left are unknown from now on. What is heard next
   * ends it: ends are ends again at once, the rest when it is heard of itself.
   */
  markRemembered(): void {
    this.#remembered = true
    this.#paces.clear()
    this.#store.markRemembered()
  }

  #reconnected(): void {
    if (!this.#remembered) return
    this.#remembered = false
    this.#throughput.passOver(this.#clock.monotonic())
    if (!this.#throughput.still) this.#armTick()
    this.#store.markConnected()
  }

  #takeAll(family: string, jobs: readonly Job[], anew: boolean): void {
    if (anew) this.#store.restart(family)
    this.#store.takeAll(family, jobs, this.#clock.now())
  }

  #take(family: string, job: Job): void {
    if (this.#store.take(family, job, this.#clock.now()) !== 'changed') return
    const nowMs = this.#clock.monotonic()
    this.#gauge.count(nowMs)
    this.#throughput.count(job.tenantId, nowMs)
    this.#armTick()
    const stored = this.#store.find(family, job)
    if (stored !== undefined) this.#pace(stored, nowMs)
  }

  #pace({ key, job }: StoredJob, nowMs: number): void {
    const known = this.#paces.get(key)
    if (isFinal(job.status)) {
      if (known !== undefined) this.#paces.delete(key)
      return
    }
    const pace = known?.attempt === job.attempt ? known : new Pace(job.attempt)
    if (pace !== known) this.#paces.set(key, pace)
    pace.hear(job, nowMs)
  }

  #touched(key: JobKey, isGone: boolean): void {
    if (isGone) this.#paces.delete(key)
    this.#feed.touch(key)
  }

  #armTick(): void {
    this.#cancelTick ??= this.#clock.after(slotMs, () => this.#tick())
  }

  /** Every 2 s, until a minute has gone by without an event. */
  #tick(): void {
    this.#cancelTick = null
    // While disconnected nothing is counted, so nothing changes until something is heard.
    if (this.#scope.closed || this.#remembered) return
    this.#throughput.advance(this.#clock.monotonic())
    this.#feed.touchGroups()
    if (!this.#throughput.still) this.#armTick()
  }

  #row(key: JobKey): JobRow | null {
    const stored = this.#store.get(key)
    return stored === undefined
      ? null
      : rowOf(stored, this.#paces.get(key), this.#clock.monotonic())
  }
}

function rowOf(
  { job, heardAtMs, remembered }: StoredJob,
  pace: Pace | undefined,
  nowMs: number,
): JobRow {
  const moving = remembered ? undefined : pace
  return {
    ...job,
    heardAtMs,
    remembered,
    ratePerSecond: moving?.perSecond(nowMs) ?? null,
    left: moving?.left(nowMs) ?? null,
  }
}
