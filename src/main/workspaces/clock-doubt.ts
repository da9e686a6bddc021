// Tells a wrong clock from a bad certificate: a certificate whose dates are refused while this
// computer is more than a day off the servers is not the server's fault (F11). It stands next to the
// network, reads the Date of every answer, and must never know what is asked or answered.
import type { Clock, HttpFetch, SocketEnding, SocketFactory } from '../ports.ts'
import { clockWrong, isRefusedByDate } from '../lib/network-errors.ts'
import { networkErrorCode } from '../sources/error-codes.ts'
import type { MeteredPorts } from './meter.ts'

/** No certificate is so short-lived, and no clock so bad, that less would say anything. */
const doubtfulMs = 24 * 3_600_000

export function doubtClock(ports: MeteredPorts): MeteredPorts {
  const servers = new ServersTime(ports.clock)
  const fetch: HttpFetch = async (input, init) => {
    try {
      const response = await ports.fetch(input, init)
      servers.note(response.headers.get('date'))
      return response
    } catch (error) {
      if (!isRefusedByDate(networkErrorCode(error)) || !servers.disagrees) throw error
    }
    const cause = Object.assign(new Error('its dates were refused'), { code: clockWrong })
    throw new TypeError('fetch failed', { cause })
  }
  const explained = (ending: SocketEnding): SocketEnding =>
    isRefusedByDate(ending.errorCode ?? '') && servers.disagrees
      ? { ...ending, errorCode: clockWrong }
      : ending
  const sockets: SocketFactory = (request) => {
    const { handlers } = request
    const close = (ending: SocketEnding): void => handlers.close(explained(ending))
    return ports.sockets({ ...request, handlers: { ...handlers, close } })
  }
  return { clock: ports.clock, fetch, sockets }
}

/** What time it is at the servers, as far as they said. */
class ServersTime {
  readonly #clock: Clock
  /** Their wall clock less our monotonic one. */
  #aheadMs: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get disagrees(): boolean {
    if (this.#aheadMs === null) return false
    const { monotonic, now } = this.#clock
    return Math.abs(this.#aheadMs + monotonic() - now()) > doubtfulMs
  }

  note(date: string | null): void {
    const atMs = Date.parse(date ?? '')
    if (!Number.isNaN(atMs)) this.#aheadMs = atMs - this.#clock.monotonic()
  }
}
