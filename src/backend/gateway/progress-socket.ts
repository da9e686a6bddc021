import type { WebSocket } from 'ws'
import type { WireJob } from '../../shared/job.ts'
import type { Watcher } from './job-channel.ts'
import type { GatewayLimits } from './limits.ts'
import type { OpenSocket } from './open-socket.ts'
import { parseMessage } from './stream/stream-messages.ts'

export interface ProgressSocketOptions {
  readonly socket: WebSocket
  readonly peer: OpenSocket
  readonly limits: GatewayLimits
  /** Monotonic, milliseconds. */
  readonly now?: () => number
}

/**
 * What is said on one socket about one job: order, the choice between every change and only the
 * latest state, and the end. It reads nothing from the database and trusts nothing that the peer
 * sends.
 */
export class ProgressSocket implements Watcher {
  readonly #socket: WebSocket
  readonly #peer: OpenSocket
  readonly #limits: GatewayLimits
  readonly #now: () => number
  #behind: { readonly sinceMs: number; latest: WireJob } | null = null

  constructor({ socket, peer, limits, now = () => performance.now() }: ProgressSocketOptions) {
    this.#socket = socket
    this.#peer = peer
    this.#limits = limits
    this.#now = now
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
    this.#peer.end(1000, 'finished')
  }

  unknown(): void {
    this.#peer.end(4404, 'job_unknown')
  }

  /** Nothing is listened to but a ping, which is how a client asks that has no ping frames. */
  hear(text: string): void {
    if (parseMessage(text).kind === 'ping') this.#send('{"type":"pong"}')
  }

  #send(text: string): void {
    if (!this.#peer.open) return
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
    if (this.#now() - this.#behind.sinceMs > this.#limits.behindMs) this.#peer.end(1013, 'too_slow')
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
