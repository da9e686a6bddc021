// The network as the system has it: its proxies, its trust store, whether and where there is one.
import { net, session } from 'electron'
import { networkInterfaces } from 'node:os'
import tls from 'node:tls'
import type { Log } from '../../lib/log.ts'
import { openSocket } from '../../lib/sockets.ts'
import type { Clock, HttpFetch, Network, SocketFactory } from '../../ports.ts'
import { chromiumSockets } from './chromium-socket.ts'
import { placeOf } from './place.ts'
import { chromiumFetch, routedFetch } from './routed-fetch.ts'
import { routedSockets } from './routed-sockets.ts'
import { Routes } from './routes.ts'
import { trustTheSystem } from './trust.ts'

export interface NetworkPorts {
  readonly network: Network
  readonly fetch: HttpFetch
  readonly sockets: SocketFactory
}

/** Only after the app is ready. */
export function openNetwork(clock: Clock, log: Log): NetworkPorts {
  // Of its own and in memory only: no answer, cookie or login of a server is ever on the disk.
  const wires = session.fromPartition('wires', { cache: false })
  const network: Network = {
    isOnline: () => net.isOnline(),
    place: () => placeOf(networkInterfaces()),
  }
  const routes = new Routes({
    resolveProxy: (url) => wires.resolveProxy(url),
    // Reading the store takes a tenth of a second, and without a certificate to check it is not needed.
    prepareTrust: () => trustTheSystem(tls, log),
    network,
    clock,
    log,
  })
  return {
    network,
    fetch: routedFetch({
      routes,
      direct: globalThis.fetch,
      system: chromiumFetch((input, init) => wires.fetch(input, init)),
    }),
    sockets: routedSockets({
      routes,
      direct: openSocket,
      system: chromiumSockets(
        (url, options) => new net.WebSocket(url, { ...options, session: wires }),
      ),
    }),
  }
}
