import type { WebSocket } from 'ws'
import type { WireJob } from '../../shared/job.ts'
import type { Claims } from '../tokens/claims.ts'
import { closeSocket } from './close-socket.ts'
import type { Watcher } from './job-channel.ts'
import type { GatewayLimits } from './limits.ts'

export interface ProgressSocketOptions {
  readonly socket: WebSocket
  readonly claims: Claims
  readonly limits: GatewayLimits
  /** Monotonic, milliseconds. */
  readonly now?: () => number
}

/**
 * One open socket on one job. It owns what is said on it: order, the choice between every change
 * and only the latest state, and the end. It reads nothing from the database and trusts nothing
 * that the peer sends.
 */
export class ProgressSocket implements Watcher {
  readonly claims: Claims
  readonly #socket: WebSocket
  readonly #limits: GatewayLimits
  readonly #now: () => number
  #behind: { readonly sinceMs: number; latest: WireJob } | null = null
  #unanswered = 0
  #inbound = 0
  #ended = false

  constructor({ socket, claims, limits, now = () => performance.now() }: ProgressSocketOptions) {
    this.claims = claims
    this.#socket = socket
    this.#limits = limits
    this.#now = now
    socket.on('pong', () => (this.#unanswered = 0))
    socket.on('ping', () => this.#countInbound())
    socket.on('message', () => this.#countInbound())
  }

  /** Whether something may still be said. */
  get open(): boolean {
    return !this.#ended && this.#socket.readyState === this.#socket.OPEN
  }

  snapshot(job: WireJob): void {
    if (this.#isBehind(job)) return
    this.#send(JSON.stringify({ type: 'snapshot', job }))
  }

  progress(text: string, job: WireJob): void {
    if (this.#isBehind(job)) return
    this.#send(text)
  }

  finished(job: WireJob): void {
    // Said also to a peer that is behind: it is the last thing, and it is the latest state.
    this.#send(JSON.stringify({ type: 'finished', job }))
    this.end(1000, 'finished')
  }

  unknown(): void {
    this.end(4404, 'job_unknown')
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

  #send(text: string): void {
    if (!this.open) return
    this.#socket.send(text, () => this.#catchUp())
  }

  /** Beyond the high-water mark changes are not queued any more: the latest state stands for them. */
  #isBehind(job: WireJob): boolean {
    if (this.#behind === null) {
      if (this.#socket.bufferedAmount <= this.#limits.highWaterBytes) return false
      this.#behind = { sinceMs: this.#now(), latest: job }
      return true
    }
    this.#behind.latest = job
    if (this.#now() - this.#behind.sinceMs > this.#limits.behindMs) this.end(1013, 'too_slow')
    return true
  }

  /** Something was flushed: with room again, one snapshot makes up for what was left out. */
  #catchUp(): void {
    if (this.#behind === null || this.#socket.bufferedAmount > this.#limits.highWaterBytes / 2) {
      return
    }
    const { latest } = this.#behind
    this.#behind = null
    this.snapshot(latest)
  }
}
