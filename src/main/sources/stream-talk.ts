import type { Job } from '../../shared/job.ts'
import { OneTimer } from '../lib/one-timer.ts'
import type { Scope } from '../lib/scope.ts'
import type { Secret } from '../lib/secret.ts'
import type { Clock } from '../ports.ts'
import type { Intake } from './intake.ts'
import type { JobSink } from './source.ts'
import { parseStreamFrame } from './stream-frames.ts'
import type { StreamFrame, StreamPlace } from './stream-frames.ts'
import type { StreamMark } from './stream-mark.ts'
import { TokenOffers } from './token-offers.ts'

/** A server that has said by then neither where it stands nor what was missed does not resume. */
const beginWithinMs = 2_500
/** A part of a snapshot that has not come by then, after the one before it, is lost. */
const nextPartWithinMs = 10_000

export interface TalkOptions {
  /** Of the socket, and ends with it. */
  readonly scope: Scope
  readonly clock: Clock
  readonly send: (text: string) => void
  readonly intake: Intake
  readonly sink: JobSink
  readonly mark: StreamMark
  /** What is not over, or was lately; `changed` of them were not known so. It goes on from `place`. */
  readonly onSnapshot: (jobs: readonly Job[], changed: number, place: StreamPlace) => void
  /** An event, or a change, of this job; null when it was dropped. */
  readonly onEvent: (job: Job | null) => void
  /** Everything that was missed has been told. */
  readonly onCaughtUp: () => void
  /** Events are missing: this socket cannot be gone on with. */
  readonly onHole: () => void
  /** The server does not resume. */
  readonly onPlain: () => void
}

/**
 * What is said on one socket of a stream. It owns nothing that outlives the socket; where the
 * stream stands is the mark's, what is known of jobs the intake's.
 */
export class StreamTalk {
  readonly #options: TalkOptions
  readonly #offers: TokenOffers
  /** The history that this socket tells of; null while it has not begun, or never will. */
  #epoch: string | null = null
  /** Parts of a snapshot that goes on in the next message. */
  #parts: { readonly jobs: Job[]; changed: number } | null = null
  readonly #nextPart: OneTimer
  /** Offset of the last of the events that were missed, while they are being told. */
  #missedUpTo: number | null = null

  constructor(options: TalkOptions) {
    this.#options = options
    this.#offers = new TokenOffers(options)
    const cancel = options.clock.after(beginWithinMs, () => {
      if (this.#epoch === null && this.#parts === null) options.onPlain()
    })
    options.scope.own(cancel)
    this.#nextPart = new OneTimer(options.clock)
    options.scope.own(() => this.#nextPart.disarm())
  }

  /** The first words: where this console was, and that it takes a snapshot in parts. */
  begin(): void {
    const { send, mark } = this.#options
    send(JSON.stringify({ type: 'resume', ...mark.resumable, parts: true }))
  }

  offer(token: Secret): Promise<boolean> {
    return this.#offers.offer(token)
  }

  /** Whether the message was understood. */
  hear(text: string | null): boolean {
    const frame = text === null ? null : parseStreamFrame(text)
    if (frame === null) {
      this.#options.sink.dropped('malformed')
      return false
    }
    switch (frame.kind) {
      case 'event':
        return this.#event(frame.offset, frame.job)
      case 'snapshot':
        this.#snapshot(frame)
        return !frame.more
      case 'resumed':
        return this.#resumed(frame.place, frame.missed)
      case 'authenticated':
      case 'auth-refused':
        this.#offers.answer(frame.kind === 'authenticated')
        return true
      case 'change':
        return this.#take(frame.job)
      default:
        return frame satisfies never
    }
  }

  #event(offset: number, job: unknown): boolean {
    // Before the beginning, or without one, an event is a change like any other.
    if (this.#epoch === null) return this.#take(job)
    switch (this.#options.mark.step(this.#epoch, offset)) {
      case 'next':
        this.#take(job)
        // What it said may have ended the socket: then nothing was caught up with.
        if (this.#options.scope.closed) return false
        break
      case 'known':
        this.#options.sink.dropped('order')
        break
      case 'hole':
        this.#options.onHole()
        return false
    }
    if (this.#missedUpTo !== null && offset >= this.#missedUpTo) this.#caughtUp()
    return true
  }

  #take(raw: unknown): boolean {
    const job = this.#options.intake.takeAny(raw)
    this.#options.onEvent(job)
    return job !== null
  }

  #resumed({ epoch, offset }: StreamPlace, missed: number): boolean {
    const { place } = this.#options.mark
    if (place?.epoch !== epoch || offset > place.offset) {
      this.#options.onHole()
      return false
    }
    this.#epoch = epoch
    this.#missedUpTo = offset + missed
    // Another socket may have told some of it, or all, in the meantime.
    if (place.offset >= this.#missedUpTo) this.#caughtUp()
    return true
  }

  #caughtUp(): void {
    this.#missedUpTo = null
    this.#options.onCaughtUp()
  }

  #snapshot({ place, jobs, more }: Extract<StreamFrame, { kind: 'snapshot' }>): void {
    const { intake, mark, onSnapshot, onHole } = this.#options
    if (more) this.#nextPart.arm(nextPartWithinMs, onHole)
    else this.#nextPart.disarm()
    const isAnew = mark.place !== null && mark.place.epoch !== place.epoch
    if (this.#parts === null && isAnew) intake.restart()
    const parts = this.#parts ?? { jobs: [], changed: 0 }
    for (const raw of jobs) {
      const job = intake.readListed(raw)
      if (job === null) continue
      parts.jobs.push(job)
      if (intake.last(job.id) === job) parts.changed += 1
    }
    this.#parts = more ? parts : null
    if (more) return
    this.#epoch = place.epoch
    this.#missedUpTo = null
    onSnapshot(parts.jobs, parts.changed, place)
  }
}
