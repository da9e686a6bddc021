import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Log } from './log.ts'

/** A request to leave HTTP for a socket. Nothing has been answered yet. */
export interface Upgrade {
  readonly message: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  /** As sent, still percent-encoded, without the query. */
  readonly path: string
  /** What stands after the question mark; it may hold a token. */
  readonly query: string
}

/** Null when the path is somebody else's. A rejection is answered with 503. */
export type TakeUpgrade = (upgrade: Upgrade) => Promise<void> | null

/** Offers each upgrade to the rooms that serve sockets; what nobody takes is not there. */
export function routeUpgrades(server: Server, takers: readonly TakeUpgrade[], log: Log): void {
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    const broken = (): void => void socket.destroy()
    socket.on('error', broken)
    const [path = '', ...query] = (message.url ?? '').split('?')
    const upgrade = { message, socket, head, path, query: query.join('?') }
    for (const take of takers) {
      const taken = take(upgrade)
      if (taken === null) continue
      taken.then(
        () => socket.off('error', broken),
        (error: unknown) => {
          log.warn('a socket could not be judged', { why: String(error) })
          refuseUpgrade(socket, '503 Service Unavailable', { 'retry-after': '2' })
        },
      )
      return
    }
    refuseUpgrade(socket, '404 Not Found')
  })
}

/** How long a peer may take to close after a refusal, in milliseconds. */
const closeWithinMs = 1_000

/** Answers in HTTP and closes: there will be no socket. */
export function refuseUpgrade(
  socket: Duplex,
  status: string,
  { body = '', ...headers }: Readonly<Record<string, string>> = {},
): void {
  const lines = Object.entries({
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`)
  // A peer that never closes its half would be kept for good.
  const cut = setTimeout(() => socket.destroy(), closeWithinMs)
  socket.once('close', () => clearTimeout(cut))
}
