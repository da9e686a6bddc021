import type { FailureCode } from '../../shared/failure.ts'
import type { SourceKind } from '../../shared/profile.ts'
import type { Gap, SourceView } from '../../shared/workspace.ts'
import { Emitter } from '../lib/emitter.ts'
import type { Off } from '../lib/emitter.ts'
import type { Scope } from '../lib/scope.ts'
import { Hearing } from './hearing.ts'
import type { SourceContext } from './source.ts'

/** How a source stands, without what all of them tell alike. */
export type Stand = Omit<SourceView, 'kind' | 'gap'>

export interface StandingOptions {
  readonly kind: SourceKind
  readonly context: SourceContext
  /** Asked when something may have changed, and only while the source runs. */
  readonly look: () => Stand
}

export const idle: Stand = { state: 'idle', sockets: 0, nextTryAtMs: null, reason: null }

/**
 * What every source tells of itself: its view, when it was last heard, how its last gap was closed,
 * and that it stopped. It owns the source's scope, which closes when the source stops for good. It
 * knows no wire.
 */
export class Standing {
  /** Closed when the source stops, which may be before its context's scope. */
  readonly scope: Scope
  readonly #options: StandingOptions
  readonly #changed = new Emitter<undefined>()
  readonly #hearing: Hearing
  #stopped: FailureCode | null = null
  #gap: Gap | null = null
  #view: SourceView
  #isTelling = false

  constructor(options: StandingOptions) {
    const { kind, context } = options
    this.#options = options
    this.#view = { kind, ...idle }
    this.scope = context.scope.child(kind)
    this.scope.own(() => this.#changed.clear())
    this.#hearing = new Hearing(this.scope, context.clock, () => this.tell())
  }

  get view(): SourceView {
    return this.#look()
  }

  get stopped(): FailureCode | null {
    return this.#stopped
  }

  /** Something was heard within the time in which "live" may be said. */
  get fresh(): boolean {
    return this.#hearing.fresh
  }

  get everHeard(): boolean {
    return this.#hearing.ever
  }

  /** The source is whole: what it looks like now is no change. */
  begin(): void {
    this.#view = this.#look()
  }

  onChanged(listener: () => void): Off {
    return this.#changed.on(listener)
  }

  /** A sign of life of the server came by this source; answers whether it was silent before. */
  heard(): boolean {
    this.#options.context.sink.heard()
    const wasSilent = this.#hearing.heard()
    if (this.#view.state !== 'live' && this.#view.state !== 'polling') this.tell()
    return wasSilent
  }

  /** An interruption is over. */
  closeGap(gap: Omit<Gap, 'atMs'>): void {
    this.#gap = { ...gap, atMs: this.#options.context.clock.now() }
    this.tell()
  }

  /** For good: the operator, or a new session, opens a new source. */
  stop(reason: FailureCode): void {
    if (this.#stopped !== null || this.scope.closed) return
    this.#stopped = reason
    this.#options.context.log.warn('source stopped', { reason })
    this.#view = this.#look()
    this.#changed.emit(undefined)
    void this.scope.close(reason)
  }

  /** Told once for all that changes in one turn, and only when the view differs. */
  tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    queueMicrotask(() => {
      this.#isTelling = false
      if (this.scope.closed) return
      const before = this.#view
      this.#view = this.#look()
      if (!isSame(before, this.#view)) this.#changed.emit(undefined)
    })
  }

  #look(): SourceView {
    const { kind } = this.#options
    return { kind, ...this.#stand(), ...(this.#gap !== null && { gap: this.#gap }) }
  }

  #stand(): Stand {
    if (this.#stopped !== null) return { ...idle, state: 'stopped', reason: this.#stopped }
    return this.scope.closed ? idle : this.#options.look()
  }
}

function isSame(a: SourceView, b: SourceView): boolean {
  return (
    a.state === b.state &&
    a.sockets === b.sockets &&
    a.nextTryAtMs === b.nextTryAtMs &&
    a.reason === b.reason &&
    a.gap === b.gap
  )
}
