import type { FailureCode } from '../../shared/failure.ts'
import { isFinal } from '../../shared/job.ts'
import type { Scope } from '../lib/scope.ts'
import type { Active } from './catalogue.ts'
import type { ConnectionState } from './connection-state.ts'
import { DialGate } from './dial-gate.ts'
import { segment, socketUrl } from './gateway-url.ts'
import type { Intake } from './intake.ts'
import { Line } from './line.ts'
import type { SourceContext } from './source.ts'
import { TokenForm } from './token-form.ts'

/** Most sockets a workspace opens (gateway-protocol §8). */
const maxSockets = 1_000

export interface JobSocketsOptions {
  readonly context: SourceContext
  readonly scope: Scope
  readonly intake: Intake
  readonly onHeard: () => void
  readonly onStopped: (reason: FailureCode) => void
  readonly onChanged: () => void
}

interface Entry {
  readonly scope: Scope
  readonly line: Line
}

/**
 * One line a job. It owns the lines and knows which jobs need none any more, so that a
 * finished, unknown or forbidden job is not dialled again while it stays listed.
 */
export class JobSockets {
  readonly #options: JobSocketsOptions
  readonly #gate = new DialGate()
  readonly #form: TokenForm
  readonly #entries = new Map<string, Entry>()
  /** Jobs that need no socket, up to and including this attempt. */
  readonly #settled = new Map<string, number>()
  #open = 0
  #unserved = 0

  constructor(options: JobSocketsOptions) {
    this.#options = options
    this.#form = new TokenForm(options.context.tokenTransport)
  }

  get open(): number {
    return this.#open
  }

  get size(): number {
    return this.#entries.size
  }

  /** Active jobs past the limit: they are only listed. */
  get unserved(): number {
    return this.#unserved
  }

  /** The soonest next dial and its reason, if anything failed; it looks at every line. */
  get trouble(): { readonly reason: FailureCode; readonly nextTryAtMs: number | null } | null {
    let reason: FailureCode | null = null
    let soonestMs = Infinity
    for (const { line } of this.#entries.values()) {
      reason ??= line.reason
      soonestMs = Math.min(soonestMs, line.nextTryAtMs ?? Infinity)
    }
    if (reason === null) return null
    return { reason, nextTryAtMs: soonestMs === Infinity ? null : soonestMs }
  }

  /** Opens what is missing. Nothing is closed here: a list may be older than a socket's word. */
  serve(active: Active): void {
    for (const id of this.#settled.keys()) {
      if (!active.has(id)) this.#settled.delete(id)
    }
    this.#unserved = 0
    for (const [id, job] of active) {
      if (this.#entries.has(id) || (this.#settled.get(id) ?? 0) >= (job?.attempt ?? 1)) continue
      if (this.#entries.size < maxSockets) this.#add(id)
      else this.#unserved += 1
    }
    this.#options.onChanged()
  }

  drop(jobId: string): void {
    const entry = this.#entries.get(jobId)
    if (entry === undefined) return
    if (entry.line.state.kind === 'open') this.#open -= 1
    this.#entries.delete(jobId)
    void entry.scope.close('no longer needed')
    this.#options.onChanged()
  }

  wake(): void {
    for (const { line } of [...this.#entries.values()]) line.wake()
  }

  #add(id: string): void {
    const { context, scope: parent, intake, onHeard } = this.#options
    const scope = parent.child(`job ${id}`)
    const line = new Line({
      scope,
      clock: context.clock,
      random: context.random,
      sockets: context.sockets,
      tokens: context.tokens,
      form: this.#form,
      gate: this.#gate,
      url: socketUrl(context.gatewayUrl, `ws/progress/${segment(id)}`),
      onMessage: (text) => {
        const frame = intake.takeFrame(id, text)
        if (frame?.finished === true) line.finish()
        return frame !== null
      },
      onHeard,
      isOver: () => this.#isOver(id),
      onChanged: (state, before) => this.#changed(id, state, before),
    })
    this.#entries.set(id, { scope, line })
    line.start()
  }

  #changed(id: string, state: ConnectionState, before: ConnectionState): void {
    if (before.kind === 'open') this.#open -= 1
    if (state.kind === 'open') this.#open += 1
    const { intake, onStopped, onChanged } = this.#options
    if (state.kind === 'done' || state.kind === 'stopped') {
      const isKnownEnd = state.kind === 'done' && !state.gone
      this.#settled.set(id, isKnownEnd ? (intake.last(id)?.attempt ?? 1) : Infinity)
      this.drop(id)
    }
    if (state.kind === 'done' && state.gone) intake.forget(id)
    if (state.kind === 'stopped' && state.reach === 'source') onStopped(state.reason)
    onChanged()
  }

  #isOver(id: string): boolean {
    const last = this.#options.intake.last(id)
    return last !== undefined && isFinal(last.status)
  }
}
