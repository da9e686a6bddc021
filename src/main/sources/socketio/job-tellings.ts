import type { Job } from '../../../shared/job.ts'
import type { Gap } from '../../../shared/workspace.ts'
import type { Intake } from '../intake.ts'
import type { SourceContext } from '../source.ts'
import type { StreamListing } from '../stream-listing.ts'
import { eventSchema, snapshotSchema } from './io-messages.ts'
import type { IoEvent, IoMessage } from './io-messages.ts'
import { TenantOffsets } from './tenant-offsets.ts'

export interface JobTellingsOptions {
  readonly context: SourceContext
  readonly intake: Intake
  readonly listing: StreamListing
  readonly onGap: (gap: Omit<Gap, 'atMs'>) => void
}

type Welcome = Extract<IoMessage, { kind: 'welcome' }>

/** What is known of one connection. */
export interface Track {
  readonly offsets: TenantOffsets
  restart: () => void
  /** Events still to come of those that were missed, and how many of them were news. */
  missedLeft: number
  recovered: number
  /** It was told where things stand. */
  isSettled: boolean
  /** When it last began anew for a hole; monotonic milliseconds. */
  holeAtMs: number
}

interface Told {
  readonly tenantId: string
  readonly offset: number
}

/** A hole so soon after the one before is no accident. */
const holesApartMs = 60_000
/** Jobs whose last offset is kept, for the next snapshot. */
const maxTold = 10_000

/**
 * What a Socket.IO server tells of jobs: snapshots, events, and whether any are missing. It knows
 * connections only as tracks, two of which may tell the same for a while.
 */
export class JobTellings {
  readonly #options: JobTellingsOptions
  readonly #tenants: ReadonlySet<string>
  /** Jobs by what was told last of them; a snapshot may have been read before that. */
  readonly #told = new Map<string, Told>()
  #epoch: string | null = null
  /** Anything at all. */
  #isTold = false
  #isInterrupted = false
  /** Offsets of this server count something else than events: they prove nothing. */
  #isDistrusted = false

  constructor(options: JobTellingsOptions) {
    this.#options = options
    this.#tenants = new Set(options.context.tenantIds)
  }

  track(): Track {
    const nothing = (): void => undefined
    return {
      offsets: new TenantOffsets(),
      restart: nothing,
      missedLeft: 0,
      recovered: 0,
      isSettled: false,
      holeAtMs: -Infinity,
    }
  }

  /** What is shown is what the server has, as far as it was told. */
  get isWhole(): boolean {
    return this.#isTold && !this.#isInterrupted
  }

  /** The connection that counted is not open any more. */
  interrupt(): void {
    this.#isInterrupted = this.#isTold
  }

  /** Whether it says something by itself; else the snapshot does. */
  welcome(track: Track, { recovered, missed, restart }: Welcome): boolean {
    track.restart = restart
    track.missedLeft = recovered ? missed : 0
    track.recovered = 0
    if (!recovered) track.offsets.begin()
    else if (missed === 0) this.#recover(track)
    return recovered
  }

  take(track: Track, { name, payload }: IoEvent): boolean {
    const isTaken = this.#takeNamed(track, name, payload)
    if (track.missedLeft > 0) {
      track.missedLeft -= 1
      if (track.missedLeft === 0) this.#recover(track)
    }
    return isTaken
  }

  #takeNamed(track: Track, name: string, payload: unknown): boolean {
    if (name === 'job:snapshot') return this.#takeSnapshot(track, payload)
    if (name === 'job:event') return this.#takeEvent(track, payload)
    return name === 'session:ended' ? false : this.#drop()
  }

  #takeEvent(track: Track, payload: unknown): boolean {
    const event = eventSchema.safeParse(payload)
    if (!event.success) return this.#drop()
    const { intake, listing } = this.#options
    const { tenant_id: tenantId, offset, job } = event.data
    this.#isTold = true
    const taken = intake.takeAny(job === undefined ? payload : withTenant(job, tenantId))
    if (taken !== null) listing.heard(taken.id)
    if (tenantId === undefined || offset === undefined || !this.#tenants.has(tenantId)) {
      if (taken !== null) track.recovered += 1
      return taken !== null
    }
    const step = track.offsets.take(tenantId, offset)
    if (step !== 'old') track.recovered += 1
    this.#note(taken, { tenantId, offset })
    if (step === 'hole' && !this.#isDistrusted) this.#fall(track)
    return taken !== null
  }

  #takeSnapshot(track: Track, payload: unknown): boolean {
    const snapshot = snapshotSchema.safeParse(payload)
    if (!snapshot.success) return this.#drop()
    const { context, intake, listing, onGap } = this.#options
    const { epoch = null, offsets = {}, jobs } = snapshot.data
    const isAnew = this.#epoch !== null && epoch !== this.#epoch
    this.#epoch = epoch
    this.#isTold = true
    if (isAnew) {
      intake.restart()
      this.#told.clear()
      track.offsets.restart()
    }
    const listed = jobs.flatMap((job) => intake.readListed(job) ?? [])
    if (isAnew) context.sink.takeAll(listed, epoch ?? '')
    else for (const job of listed) context.sink.take(job)
    // It names only what is not over, or was lately: the rest is listed elsewhere.
    listing.once([...listed, ...this.#laterThan(offsets)])
    const isWhole = track.offsets.settle(offsets)
    const isNews = this.#isInterrupted || (!isWhole && track.isSettled)
    this.#isInterrupted = false
    track.isSettled = true
    if (isNews) onGap({ recovered: 0, missing: isWhole ? 0 : null })
    return true
  }

  /** Jobs that were told of after the snapshot was read, and so may not be in it. */
  #laterThan(offsets: Readonly<Record<string, number>>): Job[] {
    const later: Job[] = []
    for (const [id, { tenantId, offset }] of this.#told) {
      const last = this.#options.intake.last(id)
      if (offset <= (offsets[tenantId] ?? Infinity)) this.#told.delete(id)
      else if (last !== undefined) later.push(last)
    }
    return later
  }

  #note(job: Job | null, told: Told): void {
    if (job === null || told.offset <= (this.#told.get(job.id)?.offset ?? -1)) return
    this.#told.delete(job.id)
    this.#told.set(job.id, told)
    const [oldest] = this.#told.keys()
    if (oldest !== undefined && this.#told.size > maxTold) this.#told.delete(oldest)
  }

  /** All that was missed has been told. */
  #recover({ recovered }: Track): void {
    if (!this.#isInterrupted) return
    this.#isInterrupted = false
    this.#options.context.sink.confirm()
    this.#options.onGap({ recovered, missing: 0 })
  }

  #fall(track: Track): void {
    const { clock, log, sink } = this.#options.context
    const nowMs = clock.monotonic()
    if (nowMs - track.holeAtMs < holesApartMs) {
      log.warn('events of this server are not numbered one by one: their offsets prove nothing')
      this.#isDistrusted = true
      return
    }
    log.warn('an event was missed: the connection begins anew')
    track.holeAtMs = nowMs
    track.missedLeft = 0
    sink.doubt(null)
    track.restart()
  }

  #drop(): false {
    this.#options.context.sink.dropped('malformed')
    return false
  }
}

function withTenant(job: unknown, tenantId: string | undefined): unknown {
  return typeof job === 'object' && job !== null && tenantId !== undefined
    ? { tenant_id: tenantId, ...job }
    : job
}
