import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Log } from '../../log.ts'
import type { Claims } from '../../tokens/claims.ts'
import type { Verifier } from '../../tokens/verifier.ts'
import { idsOf } from '../caller.ts'
import type { GatewayLimits } from '../limits.ts'
import { OpenSocket } from '../open-socket.ts'
import type { SocketRegistry } from '../socket-registry.ts'
import type { StreamHub } from './stream-hub.ts'
import { parseMessage, type ResumePoint } from './stream-messages.ts'
import type { StreamReader } from './stream-reader.ts'
import { StreamSocket } from './stream-socket.ts'

export interface StreamSessionOptions {
  readonly socket: WebSocket
  readonly raw: Duplex
  readonly claims: Claims
  /** As the query said; undefined when it said nothing. */
  readonly from: ResumePoint | undefined
  readonly verifier: Verifier
  readonly hub: StreamHub
  readonly reader: StreamReader
  readonly sockets: SocketRegistry
  readonly limits: GatewayLimits
  readonly log: Log
}

/** Longest reason in a close frame, in bytes (RFC 6455 §5.5). */
const longestReason = 123

/**
 * What a client says on its tenant stream: where to begin, and newer tokens. A newer token is of
 * the same session, or the stream is closed: it never becomes somebody else's.
 */
export class StreamSession {
  readonly #options: StreamSessionOptions
  readonly #peer: OpenSocket
  readonly #stream: StreamSocket
  #waiting: NodeJS.Timeout | null = null
  #renewals: Promise<void> = Promise.resolve()

  constructor(options: StreamSessionOptions) {
    const { socket, raw, claims, from, hub, reader, sockets, limits, log } = options
    this.#options = options
    this.#peer = new OpenSocket({
      socket,
      claims,
      limits,
      hear: (data, isBinary) => this.#hear(data, isBinary),
    })
    sockets.add(this.#peer, 'stream', idsOf(claims))
    const onFault = (error: unknown): void =>
      log.warn('a stream could not be read', { why: String(error) })
    this.#stream = new StreamSocket({ peer: this.#peer, raw, hub, reader, limits, onFault })
    socket.once('close', () => {
      if (this.#waiting !== null) clearTimeout(this.#waiting)
      this.#stream.leave()
      sockets.remove(this.#peer)
    })
    this.#waiting = setTimeout(() => this.#begin(null, false), limits.resumeWaitMs)
    if (from !== undefined) this.#begin(from, false)
  }

  /** Once; a resume that comes too late changes nothing. */
  #begin(from: ResumePoint, parts: boolean): void {
    if (this.#waiting === null) return
    clearTimeout(this.#waiting)
    this.#waiting = null
    this.#stream.begin(from, parts)
  }

  #hear(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.#peer.end(1003, 'text_only')
      return
    }
    const message = parseMessage(data.toString('utf8'))
    switch (message.kind) {
      case 'resume':
        this.#begin(message.from, message.parts)
        return
      case 'auth':
        this.#renewals = this.#renewals.then(() => this.#renew(message.token))
        return
      case 'ping':
        this.#say({ type: 'pong' })
        return
      case 'malformed':
        this.#peer.end(1007, message.fault.slice(0, longestReason))
        return
      case 'unknown':
    }
  }

  /** Never rejects. What cannot be taken leaves the token before it as it was. */
  async #renew(token: string): Promise<void> {
    const { verifier, sockets, log } = this.#options
    const verdict = await verifier.verify(token).catch((error: unknown) => {
      log.warn('a token could not be checked', { why: String(error) })
      return null
    })
    if (!verdict?.ok) {
      const reason = verdict?.refusal ?? 'verifier_unavailable'
      log.info('a newer token was refused', { result: reason, user: this.#peer.claims.userId })
      this.#say({ type: 'auth_refused', reason })
      return
    }
    const { claims } = verdict
    const { userId, sessionId } = this.#peer.claims
    if (claims.userId !== userId || claims.sessionId !== sessionId) {
      this.#peer.end(4403, 'forbidden')
      return
    }
    if (!isSameSet(idsOf(claims), idsOf(this.#peer.claims))) {
      // Not a refusal: with a new connection the client gets the stream of the tenants it has now.
      this.#peer.end(1012, 'tenants_changed')
      return
    }
    this.#peer.renew(claims)
    sockets.renewed(this.#peer)
    this.#say({ type: 'authenticated', expires_at: new Date(claims.expiresAtMs).toISOString() })
  }

  #say(message: object): void {
    if (this.#peer.open) this.#options.socket.send(JSON.stringify(message))
  }
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  const known = new Set(a)
  return known.size === b.length && b.every((id) => known.has(id))
}
