import type { Scope } from '../lib/scope.ts'
import type { Clock, Random } from '../ports.ts'
import type { GatewayAnswer, GatewayHttp } from './gateway-http.ts'
import { Rounds } from './rounds.ts'
import { streamPlaceSchema } from './stream-frames.ts'
import type { StreamPlace } from './stream-frames.ts'

/** No message for this long: it is asked whether there should have been one. */
const quietMs = 9_000
/** What an answer is ahead by may be under way for this long. */
const graceMs = 4_000

export interface StreamCheckOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly random: Random
  /** A way to ask that ends with the signal. */
  readonly http: (signal: AbortSignal) => GatewayHttp
  /** Up to where the open stream was heard; null while that proves nothing. */
  readonly place: () => StreamPlace | null
  /** The server says that this is all. */
  readonly isWhole: () => boolean
  /**
   * The server has told of more than was heard, and nothing follows that would show it. `again`: it
   * was gone on with from this very place before.
   */
  readonly onBehind: (again: boolean) => void
}

/**
 * Finds the hole that no later event follows: asks a quiet stream's server how far it is. It owns
 * its rounds, and knows no socket and no job.
 */
export class StreamCheck {
  readonly #options: StreamCheckOptions
  readonly #rounds: Rounds
  #heardAtMs = 0
  /** Where the server was, as long as it is not known whether the stream comes there by itself. */
  #ahead: StreamPlace | null = null
  /** For what the stream was begun anew the last time. */
  #claim: { readonly from: StreamPlace; readonly to: StreamPlace } | null = null
  #served = true

  constructor(options: StreamCheckOptions) {
    const { scope, clock, random } = options
    this.#options = options
    this.#rounds = new Rounds({
      scope,
      clock,
      random,
      periodMs: () => this.#leftMs,
      run: ({ scope: round }) => this.#look(options.http(round.signal)),
      onStopped: () => undefined,
      onChanged: () => undefined,
    })
  }

  start(): void {
    this.#rounds.within(quietMs)
  }

  /** The stream is under way: had something before this been lost, it would show. */
  heard(): void {
    this.#heardAtMs = this.#options.clock.monotonic()
    this.#ahead = null
  }

  wake(): void {
    // What is under way has all of its time.
    this.#ahead = null
    this.#rounds.wake()
  }

  get #leftMs(): number | null {
    if (!this.#served) return null
    const leftMs = this.#heardAtMs + quietMs - this.#options.clock.monotonic()
    return leftMs > 0 ? leftMs : quietMs
  }

  async #look(ask: GatewayHttp): Promise<GatewayAnswer | null> {
    const { clock, isWhole, onBehind } = this.#options
    const ahead = this.#ahead
    this.#ahead = null
    const place = this.#options.place()
    if (place === null || clock.monotonic() - this.#heardAtMs < quietMs) return null
    if (ahead !== null && isBefore(place, ahead)) {
      const again = this.#claim?.from.epoch === place.epoch && !isBefore(this.#claim.from, place)
      this.#claim = { from: place, to: ahead }
      onBehind(again)
      return null
    }
    // Begun again for this very claim, it says that this is all: it numbers something else here.
    if (this.#claim !== null && isBefore(place, this.#claim.to) && isWhole()) return null
    return this.#compare(await ask('api/v1/jobs?limit=1'))
  }

  #compare(answer: GatewayAnswer): GatewayAnswer | null {
    if (answer.kind === 'failed') return answer
    const said = streamPlaceSchema.safeParse(answer.kind === 'body' ? answer.body : null)
    this.#served = said.success
    const place = this.#options.place()
    if (!said.success || place === null || !isBefore(place, said.data)) return null
    this.#ahead = said.data
    this.#rounds.within(graceMs)
    return null
  }
}

/** Another epoch has other numbers, and is no place of this history. */
const isBefore = (a: StreamPlace, b: StreamPlace): boolean =>
  a.epoch === b.epoch && a.offset < b.offset
