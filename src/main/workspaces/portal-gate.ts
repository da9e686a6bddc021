// Keeps tokens out of captive portals. It stands between the wires and the network: once somebody
// else answered in a server's place, nothing goes there but a look without credentials every ten
// seconds, and one real attempt a minute, until the server is there again. It must never know what
// is sent.
import type { Profile } from '../../shared/profile.ts'
import type { Scope } from '../lib/scope.ts'
import type { HttpFetch, Socket, SocketFactory, SocketRequest } from '../ports.ts'
import { isPortalAnswer, isPortalEnding } from '../sources/portal.ts'
import type { MeteredPorts } from './meter.ts'
import { PortalDoor } from './portal-door.ts'

export interface PortalGateOptions {
  readonly scope: Scope
  readonly ports: MeteredPorts
  readonly profile: Pick<Profile, 'gatewayUrl' | 'supabaseUrl' | 'publishableKey'>
  /** A server is there again: whatever waits may try. */
  readonly onCleared: () => void
}

/** "Network authentication required" (RFC 6585): what is not even sent is answered with it. */
const shutStatus = 511

export class PortalGate {
  readonly #options: PortalGateOptions
  /** By origin, http(s). Servers that are not the profile's have none. */
  readonly #doors: ReadonlyMap<string, PortalDoor>

  constructor(options: PortalGateOptions) {
    this.#options = options
    const { gatewayUrl, supabaseUrl, publishableKey } = options.profile
    const apikey = { apikey: publishableKey }
    // One origin may be both: then the gateway is asked.
    this.#doors = new Map([
      [originOf(supabaseUrl), this.#door(below(supabaseUrl, 'auth/v1/health'), apikey)],
      [originOf(gatewayUrl), this.#door(below(gatewayUrl, 'health'), {})],
    ])
  }

  readonly fetch: HttpFetch = async (input, init) => {
    const door = this.#doors.get(originOf(addressOf(input)))
    if (door?.enter() === false) return new Response(null, { status: shutStatus })
    const response = await this.#options.ports.fetch(input, init)
    // Asked for a page, a page says nothing: Engine.IO acknowledges by one.
    if (response.ok && wantsPage(init)) return response
    if (isPortalAnswer(response)) door?.shut()
    else door?.clear()
    return response
  }

  readonly sockets: SocketFactory = (request) => {
    const door = this.#doors.get(originOf(request.url.reveal()))
    if (door?.enter() === false) return shutSocket(request)
    const { handlers } = request
    return this.#options.ports.sockets({
      ...request,
      handlers: {
        ...handlers,
        open: () => {
          door?.clear()
          handlers.open()
        },
        close: (ending) => {
          if (isPortalEnding(ending)) door?.shut()
          handlers.close(ending)
        },
      },
    })
  }

  /** Looks at once. */
  wake(): void {
    for (const door of this.#doors.values()) door.wake()
  }

  #door(url: string, headers: Readonly<Record<string, string>>): PortalDoor {
    const { scope, onCleared } = this.#options
    const { clock, fetch } = this.#options.ports
    return new PortalDoor({ scope, clock, fetch, url, headers, onCleared })
  }
}

/** Never opens. */
function shutSocket({ handlers }: SocketRequest): Socket {
  let over = false
  const end = (): void => {
    if (over) return
    over = true
    handlers.close({
      code: null,
      reason: '',
      status: shutStatus,
      retryAfterMs: null,
      errorCode: null,
    })
  }
  queueMicrotask(end)
  return {
    send: () => undefined,
    ping: () => false,
    close: end,
    terminate: () => {
      over = true
    },
    bufferedAmount: 0,
  }
}

const addressOf = (input: Parameters<HttpFetch>[0]): string =>
  input instanceof Request ? input.url : String(input)

const wantsPage = (init: RequestInit | undefined): boolean =>
  new Headers(init?.headers).get('accept')?.includes('html') ?? false

/** A socket goes to the same server as a request. */
function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address.replace(/^ws/, 'http')).origin : ''
}

const below = (base: string, path: string): string =>
  new URL(path, base.endsWith('/') ? base : `${base}/`).href
