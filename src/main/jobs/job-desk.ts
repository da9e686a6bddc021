import { isFinal } from '../../shared/job.ts'
import type { Job, JobRow } from '../../shared/job.ts'
import type { Group } from '../../shared/ipc/contract.ts'
import type { Scope } from '../lib/scope.ts'
import type { Cancel, Clock } from '../ports.ts'
import { JobFeed } from './job-feed.ts'
import type { JobBatch, PublishBatch } from './job-feed.ts'
import { JobStore } from './job-store.ts'
import type { JobKey, KeptJob, StoredJob, Teller } from './job-store.ts'
import { Pace } from './rates.ts'
import { Gauge, slotMs, Throughput } from './throughput.ts'

export interface JobDeskOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly workspaceId: string
  readonly publish: PublishBatch
}

/** Where one source puts what it heard. */
export interface DeskSink {
  readonly take: (job: Job) => void
  readonly takeAll: (jobs: readonly Job[], anew?: string) => void
  readonly doubt: (jobId: string | null) => void
  readonly confirm: () => void
  readonly forget: (jobId: string) => void
  readonly heard: () => void
  readonly dropped: (why: 'malformed' | 'tenant' | 'order') => void
}

/** Every source of a workspace means the same job by the same id. */
const family = 'gateway'

/** The jobs of a desk as they outlast a start of the app. */
export interface KeptJobs {
  /** What the bits of `told` stand for, from the lowest. */
  readonly sources: readonly string[]
  readonly rows: readonly KeptJob[]
}

/**
 * The jobs of one workspace: what is known of them, how fast they move, and the way to the windows.
 * It owns the store, the feed and the rates, and drops all of them with its scope.
 */
export class JobDesk {
  readonly #scope: Scope
  readonly #clock: Clock
  readonly #store: JobStore
  readonly #feed: JobFeed
  readonly #paces = new Map<JobKey, Pace>()
  readonly #throughput = new Throughput()
  readonly #gauge = new Gauge()
  #cancelTick: Cancel | null = null
  #dropped = 0
  /** In the order of their bits. */
  readonly #sources: string[] = []
  /** Sources that were heard and not lost since. */
  readonly #up = new Set<string>()
  /** No source is connected any more, or none is yet since the start. */
  #remembered = false
  #revision = 0

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

  /** Rises with every change of a job: equal numbers mean equal jobs. */
  get revision(): number {
    return this.#revision
  }

  sinkOf(source: string): DeskSink {
    const teller = this.#tellerOf(source)
    const [scope, store] = [this.#scope, this.#store]
    return {
      take: (job) => scope.closed || this.#take(teller, job),
      takeAll: (jobs, anew) => scope.closed || this.#takeAll(teller, jobs, anew),
      doubt: (jobId) => scope.closed || store.doubt(teller, jobId),
      confirm: () => scope.closed || store.confirm(teller, this.#clock.now()),
      forget: (jobId) => scope.closed || store.forget(teller, jobId),
      heard: () => scope.closed || this.#heard(source, teller),
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
   * A source is disconnected: what nobody else answers for is remembered, its rate and time left are
   * unknown. What is heard of the source next ends it: its ends are ends again at once, the rest when
   * it tells of it, or confirms it.
   */
  lose(source: string): void {
    this.#up.delete(source)
    this.#remembered = this.#up.size === 0
    this.#store.lose(this.#tellerOf(source))
  }

  /** What was told longer ago than this is not answered for by this source any more. */
  fade(source: string, afterMs: number): void {
    const nowMs = this.#clock.now()
    this.#store.fade(this.#tellerOf(source), { fromMs: nowMs - afterMs, toMs: nowMs })
  }

  /** The jobs as they are now. */
  keep(): KeptJobs {
    const rows = Array.from(this.#store.values(), ({ job, heardAtMs, told }) => ({
      job,
      heardAtMs,
      told,
    }))
    return { sources: [...this.#sources], rows }
  }

  /**
   * Jobs of an earlier start: remembered, until the sources that told of them are back. What only a
   * source told of that is used no more could never be put right, and is left out.
   */
  recall({ sources, rows }: KeptJobs, isUsed: (source: string) => boolean): void {
    if (this.#scope.closed) return
    const bits = sources.map((source) => (isUsed(source) ? this.#tellerOf(source).bit : 0))
    const toldHere = (told: number): number =>
      bits.reduce((sum, bit, index) => (((told >> index) & 1) === 1 ? sum | bit : sum), 0)
    const kept = rows.map(({ job, heardAtMs, told }) => ({ job, heardAtMs, told: toldHere(told) }))
    this.#remembered = this.#up.size === 0
    this.#store.recall(
      family,
      kept.filter(({ told }) => told !== 0),
    )
  }

  #tellerOf(source: string): Teller {
    if (!this.#sources.includes(source)) this.#sources.push(source)
    return { family, bit: 1 << this.#sources.indexOf(source) }
  }

  #heard(source: string, teller: Teller): void {
    if (this.#up.has(source)) return
    this.#up.add(source)
    this.#listenAgain()
    this.#store.regain(teller)
  }

  /** Nobody listened up to now. */
  #listenAgain(): void {
    if (!this.#remembered) return
    this.#remembered = false
    this.#throughput.passOver(this.#clock.monotonic())
    if (!this.#throughput.still) this.#armTick()
  }

  #takeAll(teller: Teller, jobs: readonly Job[], anew?: string): void {
    if (anew !== undefined) this.#store.restart(teller, anew)
    this.#store.takeAll(teller, jobs, this.#clock.now())
  }

  #take(teller: Teller, job: Job): void {
    if (this.#store.take(teller, job, this.#clock.now()) !== 'changed') return
    const nowMs = this.#clock.monotonic()
    this.#listenAgain()
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
    // What was heard before an interruption says nothing of the speed after it.
    if (isGone || this.#store.get(key)?.remembered === true) this.#paces.delete(key)
    this.#revision += 1
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
