import type { Log } from '../../lib/log.ts'
import type { Clock, Network } from '../../ports.ts'

/** Straight from here, or as the system says: through a proxy. */
export type Route = 'direct' | 'system'

export interface RoutesOptions {
  /** Chromium's answer for an address: `DIRECT`, or a list like `PROXY host:port; DIRECT`. */
  readonly resolveProxy: (url: string) => Promise<string>
  /** Called once, before the first way that Node itself has to trust a server. */
  readonly prepareTrust: () => void
  readonly network: Pick<Network, 'place'>
  readonly clock: Clock
  readonly log: Log
}

interface Known {
  readonly route: Promise<Route>
  readonly atMs: number
  readonly place: string
}

/** An answer is asked for again after this time, and at once in another place on the network. */
const keptMs = 60_000
/** A proxy script that cannot be fetched can keep Chromium waiting for long. */
const answerWithinMs = 3_000

/**
 * Which way leads to a server. It owns the answers for a minute. Only scheme, host and port are
 * asked about: a path or a query is no business of a proxy script.
 */
export class Routes {
  readonly #options: RoutesOptions
  readonly #known = new Map<string, Known>()
  #prepared = false

  constructor(options: RoutesOptions) {
    this.#options = options
  }

  /** Never rejects; an address that is none goes nowhere either way. */
  to(url: string): Promise<Route> {
    const origin = originOf(url)
    if (origin === null) return Promise.resolve('direct')
    const nowMs = this.#options.clock.monotonic()
    const place = this.#options.network.place()
    const known = this.#known.get(origin)
    if (known?.place === place && nowMs - known.atMs < keptMs) return known.route
    const route = this.#ask(origin)
    this.#known.set(origin, { route, atMs: nowMs, place })
    return route
  }

  async #ask(origin: string): Promise<Route> {
    const route = await this.#resolve(origin)
    const needsTrust = route === 'direct' && /^(https|wss):/.test(origin)
    if (needsTrust && !this.#prepared) {
      this.#prepared = true
      this.#options.prepareTrust()
    }
    this.#options.log.debug('the way to a server', { origin, route })
    return route
  }

  async #resolve(origin: string): Promise<Route> {
    const { resolveProxy, clock, log } = this.#options
    const { promise: late, resolve } = Promise.withResolvers<null>()
    const cancel = clock.after(answerWithinMs, () => resolve(null))
    try {
      const answer = await Promise.race([resolveProxy(origin), late])
      if (answer === null) log.warn('no answer which way leads to a server', { origin })
      return answer === null || isDirect(answer) ? 'direct' : 'system'
    } catch (error) {
      log.warn('it is not known which way leads to a server', { origin, error: String(error) })
      return 'direct'
    } finally {
      cancel()
    }
  }
}

/** The first of the list is what Chromium would try first. */
const isDirect = (answer: string): boolean => /^\s*(DIRECT\b|$)/i.test(answer)

/** `wss://host:port/`, without user, path or query. */
function originOf(url: string): string | null {
  if (!URL.canParse(url)) return null
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}/`
}
