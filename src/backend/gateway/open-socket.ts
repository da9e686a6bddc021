import type { WebSocket } from 'ws'
import type { Claims } from '../tokens/claims.ts'
import { closeSocket } from './close-socket.ts'
import type { GatewayLimits } from './limits.ts'

export interface OpenSocketOptions {
  readonly socket: WebSocket
  readonly claims: Claims
  readonly limits: GatewayLimits
  /** What the peer says, within the limits. */
  readonly hear?: (data: Buffer, isBinary: boolean) => void
}

/** An accepted socket: whose it is, whether its peer is there and keeps within limits, its end. */
export class OpenSocket {
  readonly #socket: WebSocket
  readonly #limits: GatewayLimits
  #claims: Claims
  #unanswered = 0
  #inbound = 0
  #ended = false

  constructor({ socket, claims, limits, hear }: OpenSocketOptions) {
    this.#claims = claims
    this.#socket = socket
    this.#limits = limits
    socket.on('pong', () => (this.#unanswered = 0))
    socket.on('ping', () => this.#countInbound())
    socket.on('message', (data: Buffer, isBinary) => {
      this.#countInbound()
      if (this.open) hear?.(data, isBinary)
    })
  }

  get claims(): Claims {
    return this.#claims
  }

  /** Whether something may still be said. */
  get open(): boolean {
    return !this.#ended && this.#socket.readyState === this.#socket.OPEN
  }

  /** A newer token of the same session; its expiry is the registry's to see to. */
  renew(claims: Claims): void {
    this.#claims = claims
  }

  /** Says why and closes; later calls change nothing. */
  end(code: number, reason: string): void {
    if (this.#ended) return
    this.#ended = true
    closeSocket(this.#socket, code, reason)
  }

  /** One beat of the heart: cuts a peer that is gone, asks the others. */
  ping(): void {
    if (!this.open) return
    if (this.#unanswered >= this.#limits.missedPings) {
      this.#ended = true
      this.#socket.terminate()
      return
    }
    this.#unanswered += 1
    this.#socket.ping()
  }

  /** A minute went by. */
  forgetInbound(): void {
    this.#inbound = 0
  }

  #countInbound(): void {
    this.#inbound += 1
    if (this.#inbound > this.#limits.inboundPerMinute) this.end(4429, 'too_many_messages')
  }
}
