import type { FailureCode } from '../../shared/failure.ts'
import type { Job } from '../../shared/job.ts'
import type { Scope } from '../lib/scope.ts'
import type { Clock, Random } from '../ports.ts'
import type { Active, Catalogue } from './catalogue.ts'
import type { GatewayAnswer, GatewayHttp } from './gateway-http.ts'
import type { Intake } from './intake.ts'
import { Rounds } from './rounds.ts'

/** Between two looks at what a stream tells that proves nothing. */
const periodMs = 30_000
/** A look that was asked for out of turn comes so soon. */
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

/** `once`: beside a snapshot. `kept`: for want of one, again and again. */
type Mode = 'once' | 'kept'

interface Looking {
  readonly mode: Mode
  readonly scope: Scope
  readonly rounds: Rounds
}

/**
 * What a gateway lists beside its stream: once after each snapshot, which names only what is not
 * over or was lately, and again and again where the stream neither begins with one nor resumes. It
 * owns its rounds, and knows no socket.
 */
export class StreamListing {
  readonly #options: StreamListingOptions
  /** What the stream has told of since it began: the list may be older than that. */
  readonly #told = new Set<string>()
  #looking: Looking | null = null

  constructor(options: StreamListingOptions) {
    this.#options = options
  }

  /** Why what is needed could not be listed; null when it was, or is not needed. */
  get reason(): FailureCode | null {
    return this.#kept?.reason ?? null
  }

  /** What the last snapshot left unsaid was not read yet. */
  get isOwed(): boolean {
    return this.#looking?.mode === 'once'
  }

  get nextTryAtMs(): number | null {
    return this.#kept?.nextTryAtMs ?? null
  }

  /** The stream told of this job. */
  heard(jobId: string): void {
    if (this.#looking !== null) this.#told.add(jobId)
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

  /** The stream proves itself again. What its last snapshot left unsaid is owed all the same. */
  leave(): void {
    if (this.#looking?.mode === 'kept') this.#end()
  }

  /** A look out of turn: something was missed. */
  soon(): void {
    this.#kept?.within(soonMs)
  }

  wake(): void {
    this.#looking?.rounds.wake()
  }

  get #kept(): Rounds | null {
    return this.#looking?.mode === 'kept' ? this.#looking.rounds : null
  }

  #end(): void {
    void this.#looking?.scope.close('not needed')
    this.#looking = null
    this.#told.clear()
  }

  #begin(mode: Mode): void {
    this.#end()
    const { clock, random, onStopped, onChanged } = this.#options
    const scope = this.#options.scope.child('listing')
    const rounds = new Rounds({
      scope,
      clock,
      random,
      periodMs: () => periodMs,
      run: ({ scope: round }) => this.#list(mode, round),
      onStopped,
      onChanged,
    })
    this.#looking = { mode, scope, rounds }
    rounds.next()
  }

  async #list(mode: Mode, round: Scope): Promise<GatewayAnswer | null> {
    const { catalogue, http, onListed } = this.#options
    const ask = http(round.signal)
    let active: Active = new Map()
    if (mode === 'kept') {
      this.#told.clear()
      const answer = await ask('api/v1/websocket/status?active_jobs=true')
      if (round.closed || answer.kind === 'failed') return answer
      active = (answer.kind === 'body' ? catalogue.readActive(answer.body) : null) ?? active
    }
    const isAllTold = mode === 'once'
    const trouble = await catalogue.takeBeside(active, {
      ask,
      scope: round,
      isAllTold,
      told: () => this.#states(),
    })
    if (round.closed || trouble !== null) return trouble
    if (mode === 'once') this.#end()
    onListed()
    return null
  }

  #states(): Job[] {
    const { intake } = this.#options
    return [...this.#told].map((id) => intake.last(id)).filter((job) => job !== undefined)
  }
}
