// When each source of a workspace was last heard, what the header may therefore claim, and whose rows
// are only remembered. It must never know what was heard.
import type { SourceKind } from '../../shared/profile.ts'
import type { ConnectionView, SessionView, SourceView } from '../../shared/workspace.ts'
import type { DeskSink, JobDesk } from '../jobs/job-desk.ts'
import type { Scope } from '../lib/scope.ts'
import type { Clock, Network } from '../ports.ts'
import type { JobSink } from '../sources/source.ts'
import { connectionView, isUp, liveForMs } from './connection-view.ts'
import type { HeardSource } from './connection-view.ts'
import { silenced } from './silenced.ts'

export interface WatchOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly network: Network
  readonly desk: JobDesk
  readonly session: () => SessionView
  readonly sources: () => readonly SourceView[]
  /** A source was heard that was not up. */
  readonly onNews: () => void
  /** The last source that was up is not any more. */
  readonly onLost: () => void
}

/** While a source is not up: between two looks at which of its rows were told too long ago. */
const fadeEveryMs = 3_000

export class Watch {
  readonly #options: WatchOptions
  readonly #sinks = new Map<SourceKind, DeskSink>()
  /** Monotonic time of the last thing heard from each source. */
  readonly #heardAt = new Map<SourceKind, number>()
  readonly #up = new Set<SourceKind>()
  /** Monotonic time of the last job told by a source that is not up: a list may still come in. */
  readonly #toldAt = new Map<SourceKind, number>()
  readonly #fadedAt = new Map<SourceKind, number>()
  #connection: ConnectionView = { kind: 'idle' }
  /** Wall clock of the last thing heard before the start. */
  #asOfMs: number | null = null

  constructor(options: WatchOptions) {
    this.#options = options
  }

  get connection(): ConnectionView {
    return this.#connection
  }

  /** Wall clock of the last thing heard, also before the last start; null before anything ever was. */
  get asOfMs(): number | null {
    if (this.#heardAt.size === 0) return this.#asOfMs
    const { clock } = this.#options
    return clock.now() - (clock.monotonic() - Math.max(...this.#heardAt.values()))
  }

  /** Something was heard since the start. */
  get hasHeard(): boolean {
    return this.#heardAt.size > 0
  }

  /** Where the source of this kind puts what it hears. */
  sinkOf(kind: SourceKind): JobSink {
    const sink = this.#options.desk.sinkOf(kind)
    this.#sinks.set(kind, sink)
    const note = (): void => {
      if (!this.#up.has(kind)) this.#toldAt.set(kind, this.#options.clock.monotonic())
    }
    const noting: JobSink = {
      ...sink,
      take: (job) => {
        note()
        sink.take(job)
      },
      takeAll: (jobs, anew) => {
        note()
        sink.takeAll(jobs, anew)
      },
      heard: () => this.#heard(kind),
    }
    return silenced(noting, this.#options.scope)
  }

  /** Brings the connection up to now; rows that nobody answers for are remembered from now on. */
  look(): ConnectionView {
    const { clock, network, session, sources } = this.#options
    const nowMs = clock.monotonic()
    const heard = sources().map((view): HeardSource => {
      const heardAtMs = this.#heardAt.get(view.kind)
      return { view, heardAgoMs: heardAtMs === undefined ? null : nowMs - heardAtMs }
    })
    for (const source of heard) this.#follow(source, nowMs)
    this.#connection = connectionView(this.#connection, {
      session: session(),
      sources: heard,
      online: network.isOnline(),
      nowMs: clock.now(),
      asOfMs: this.asOfMs,
    })
    return this.#connection
  }

  /** What was heard in an earlier start is from then. */
  remember(asOfMs: number): void {
    this.#asOfMs = asOfMs
  }

  #heard(kind: SourceKind): void {
    this.#heardAt.set(kind, this.#options.clock.monotonic())
    // Not at once: the source tells us before it has changed its own mind.
    if (!this.#up.has(kind)) queueMicrotask(() => this.#options.onNews())
  }

  #follow(source: HeardSource, nowMs: number): void {
    const { kind } = source.view
    if (isUp(source)) {
      if (this.#up.has(kind)) return
      this.#up.add(kind)
      this.#toldAt.delete(kind)
      this.#sinks.get(kind)?.heard()
    } else if (this.#up.delete(kind)) {
      this.#options.desk.lose(kind)
      if (this.#up.size === 0) this.#options.onLost()
    } else this.#fade(kind, nowMs)
  }

  /** What a source that is not up told is true for a while, each row from when it was told. */
  #fade(kind: SourceKind, nowMs: number): void {
    const { desk } = this.#options
    const toldAtMs = this.#toldAt.get(kind)
    if (toldAtMs === undefined) return
    if (nowMs - toldAtMs > liveForMs) {
      this.#toldAt.delete(kind)
      desk.lose(kind)
    } else if (nowMs - (this.#fadedAt.get(kind) ?? -Infinity) >= fadeEveryMs) {
      this.#fadedAt.set(kind, nowMs)
      desk.fade(kind, liveForMs)
    }
  }
}
