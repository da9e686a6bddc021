import { openSocket } from '../../src/main/lib/sockets.ts'
import { openSocketIoSource } from '../../src/main/sources/socketio/socketio-source.ts'
import type { Tally } from '../../src/main/workspaces/meter.ts'
import { Meter } from '../../src/main/workspaces/meter.ts'
import { SourceBench } from './source-bench.ts'
import type { SourceBenchOptions } from './source-bench.ts'
import { FakeClock } from './fake-clock.ts'
import { until, untilAsked } from './until.ts'

const httpDeadlineMs = 10_000

/** A Socket.IO source on real sockets, counted as in a workspace. */
export class SocketIoBench extends SourceBench {
  readonly #meter: Meter

  constructor(options: SourceBenchOptions) {
    // Its clock is never asked: what is counted here are sockets and requests.
    const meter = new Meter({
      clock: new FakeClock(),
      sockets: options.sockets ?? openSocket,
      fetch: options.fetch ?? fetch,
    })
    super({ open: openSocketIoSource, ...options, sockets: meter.sockets, fetch: meter.fetch })
    this.#meter = meter
  }

  get tally(): Tally {
    return this.#meter.tally
  }

  /** Has been told where things stand, by the socket and by the list beside it. */
  async live(): Promise<void> {
    await until('it is live', () => this.state === 'live' && this.rows.length > 0)
    await until('nothing is asked for', () => !this.clock.delays.includes(httpDeadlineMs))
  }

  /** Waits out every wait for the next dial, and no more: what goes over the network has all of its own. */
  async pass(what: string, check: () => boolean): Promise<void> {
    await untilAsked(what, async () => {
      const { nextTryAtMs } = this.source.view
      if (nextTryAtMs !== null) await this.clock.advance(nextTryAtMs - this.clock.now())
      return check()
    })
  }
}
