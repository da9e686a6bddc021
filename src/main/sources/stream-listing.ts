import type { FailureCode } from '../../shared/failure.ts'
import type { Job } from '../../shared/job.ts'
import type { Scope } from '../lib/scope.ts'
import type { Cancel, Clock, Random } from '../ports.ts'
import { backoffMs } from './backoff.ts'
import type { Active, Catalogue } from './catalogue.ts'
import type { GatewayAnswer, GatewayHttp } from './gateway-http.ts'
import type { Intake } from './intake.ts'

/** Between two looks at what a stream tells that proves nothing. */
const periodMs = 30_000
/** Least time to a look out of turn. */
const soonMs = 500

export interface StreamListingOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  readonly intake: Intake
  readonly catalogue: Catalogue
  /** A way to ask that ends with the signal. */
  readonly http: (signal: AbortSignal) => GatewayHttp
  /** What is listed is known. */
  readonly onListed: () => void
  readonly onStopped: (reason: FailureCode) => void
  readonly onChanged: () => void
}

/**
 * What a gateway lists beside its stream: once after each snapshot, which names only what is not
 * over or was lately, and again and again where the stream neither begins with one nor resumes. It
 * owns one round or one timer, never both, and knows no socket.
 */
export class StreamListing {
  readonly #options: StreamListingOptions
  /** What the stream has told of since it began: the list may be older than that. */
  readonly #told = new Set<string>()
  #mode: 'off' | 'once' | 'kept' = 'off'
  #round: Scope | null = null
  #cancelTimer: Cancel | null = null
  #failures = 0
  #reason: FailureCode | null = null
  #nextTryAtMs: number | null = null

  constructor(options: StreamListingOptions) {
    this.#options = options
    options.scope.own(() => this.#disarm())
  }

  /** Why what is needed could not be listed; null when it was, or is not needed. */
  get reason(): FailureCode | null {
    return this.#mode === 'kept' ? this.#reason : null
  }

  get nextTryAtMs(): number | null {
    return this.#mode === 'kept' ? this.#nextTryAtMs : null
  }

  /** The stream told of this job. */
  heard(jobId: string): void {
    if (this.#mode !== 'off') this.#told.add(jobId)
  }

  /** The stream began with these. */
  once(jobs: readonly Job[]): void {
    this.#begin('once')
    for (const { id } of jobs) this.#told.add(id)
  }

  /** The stream begins with nothing, and proves nothing. */
  keep(): void {
    this.#begin('kept')
  }

  /** Nothing is needed of it: the stream is where it was. */
  leave(): void {
    this.#mode = 'off'
    this.#told.clear()
    void this.#round?.close('not needed')
    this.#round = null
    this.#disarm()
  }

  /** A look out of turn: something was missed. */
  soon(): void {
    if (this.#mode === 'kept' && this.#round === null && this.#reason === null) this.#arm(soonMs)
  }

  wake(): void {
    if (this.#mode !== 'off' && this.#round === null) void this.#run()
  }

  #begin(mode: 'once' | 'kept'): void {
    this.leave()
    this.#mode = mode
    this.#failures = 0
    this.#reason = null
    void this.#run()
  }

  async #run(): Promise<void> {
    const { scope, http } = this.#options
    if (scope.closed) return
    this.#disarm()
    const round = scope.child('listing')
    this.#round = round
    const trouble = await this.#list(http(round.signal), round)
    if (round.closed) return
    this.#round = null
    void round.close('over')
    this.#settle(trouble)
  }

  async #list(ask: GatewayHttp, round: Scope): Promise<GatewayAnswer | null> {
    const { catalogue } = this.#options
    let active: Active = new Map()
    if (this.#mode === 'kept') {
      this.#told.clear()
      const answer = await ask('api/v1/websocket/status?active_jobs=true')
      if (round.closed) return null
      if (answer.kind === 'failed') return answer
      active = (answer.kind === 'body' ? catalogue.readActive(answer.body) : null) ?? active
    }
    const isAllTold = this.#mode === 'once'
    return catalogue.takeBeside(active, { ask, isAllTold, told: () => this.#states() })
  }

  #states(): Job[] {
    const { intake } = this.#options
    return [...this.#told].map((id) => intake.last(id)).filter((job) => job !== undefined)
  }

  #settle(trouble: GatewayAnswer | null): void {
    const { clock, random, onListed, onStopped, onChanged } = this.#options
    const verdict = trouble?.kind === 'failed' ? trouble.verdict : null
    if (verdict?.kind === 'stop') {
      onStopped(verdict.reason)
      return
    }
    if (verdict === null) {
      this.#failures = 0
      this.#reason = null
      this.#nextTryAtMs = null
      if (this.#mode === 'kept') this.#arm(periodMs)
      else this.leave()
      onListed()
      return
    }
    const minDelayMs = verdict.kind === 'retry' ? verdict.minDelayMs : 0
    const delayMs = backoffMs({ failures: this.#failures, minDelayMs, random })
    this.#failures += 1
    this.#reason = verdict.kind === 'retry' ? verdict.reason : 'protocol_error'
    this.#nextTryAtMs = clock.now() + delayMs
    this.#arm(delayMs)
    onChanged()
  }

  #arm(delayMs: number): void {
    this.#disarm()
    this.#cancelTimer = this.#options.clock.after(delayMs, () => {
      this.#cancelTimer = null
      void this.#run()
    })
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }
}
