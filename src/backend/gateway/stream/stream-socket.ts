import type { Duplex } from 'node:stream'
import type { GatewayLimits } from '../limits.ts'
import type { OpenSocket } from '../open-socket.ts'
import type { StreamHub } from './stream-hub.ts'
import type { ResumePoint } from './stream-messages.ts'
import type { Standing, StreamReader } from './stream-reader.ts'
import type { Follower, TenantChannel } from './tenant-channel.ts'
import { eventFrame, textFrame } from './text-frame.ts'

/** Missed events are sent in pieces of so many, each of them flushed before the next is read. */
const pageSize = 500
/** A peer that fell so far behind is better off with a snapshot. */
const mostBehind = 10_000

export interface StreamSocketOptions {
  readonly peer: OpenSocket
  /** Under the WebSocket: frames that many share are written to it as they are. */
  readonly raw: Duplex
  readonly hub: StreamHub
  readonly reader: StreamReader
  readonly limits: GatewayLimits
  /** The database could not be asked. */
  readonly onFault: (error: unknown) => void
}

/**
 * What is said on one tenant stream (gateway-protocol §4): a snapshot or a resume, then every
 * change with offset +1. A peer that does not keep up is not queued for: it catches up from the
 * log, or is closed.
 */
export class StreamSocket implements Follower {
  readonly #options: StreamSocketOptions
  readonly #channel: TenantChannel
  #offset = 0
  #begun = false
  #takesParts = false
  /** One at a time brings this follower to the live stream. */
  #rising = false
  #fromNothing = false
  #behindSinceMs: number | null = null
  #wake: (() => void) | null = null

  constructor(options: StreamSocketOptions) {
    this.#options = options
    this.#channel = options.hub.follow(options.peer.claims, this)
  }

  get offset(): number {
    return this.#offset
  }

  /** Says where things stand, in parts if the client takes them, and goes on; null is from nothing. */
  begin(from: ResumePoint, parts: boolean): void {
    this.#begun = true
    this.#takesParts = parts
    this.#rise(from === null ? () => this.#snapshot() : () => this.#resume(from))
  }

  /** The socket is closed. */
  leave(): void {
    this.#wake?.()
    this.#options.hub.unfollow(this.#channel, this)
  }

  deliver(frames: Buffer, offset: number): void {
    const { peer, raw, limits } = this.#options
    if (raw.writableLength > limits.highWaterBytes) {
      this.#channel.leave(this)
      this.#behindSinceMs = performance.now()
      this.#rise(() => Promise.resolve(null))
      return
    }
    if (peer.open) raw.write(frames, this.#onFlushed)
    this.#offset = offset
  }

  restart(): void {
    if (!this.#begun) return
    if (this.#rising) this.#fromNothing = true
    else this.#rise(() => this.#snapshot())
  }

  /** `first` answers where the log is to be read on, null if that has to be looked up. */
  #rise(first: () => Promise<Standing | null>): void {
    this.#rising = true
    first()
      .then((standing) => this.#catchUp(standing))
      .catch((error: unknown) => {
        this.#options.onFault(error)
        this.#options.peer.end(1013, 'database_unavailable')
      })
      .finally(() => (this.#rising = false))
  }

  async #catchUp(first: Standing | null): Promise<void> {
    let standing = first
    while (await this.#flushed()) {
      if (this.#fromNothing) {
        this.#fromNothing = false
        standing = await this.#snapshot()
      } else if (this.#channel.join(this)) {
        this.#behindSinceMs = null
        return
      } else {
        standing = (await this.#page(standing)) ?? (await this.#snapshot())
      }
    }
  }

  async #resume({ epoch, offset }: NonNullable<ResumePoint>): Promise<Standing> {
    const { peer, reader } = this.#options
    const plan = await reader.plan(peer.claims, offset)
    if (plan.epoch !== epoch || plan.from === null) return this.#snapshot()
    this.#offset = offset
    const missed = plan.offset - offset
    this.#write(textFrame(JSON.stringify({ type: 'resumed', epoch, offset, missed })))
    return plan.from
  }

  async #snapshot(): Promise<Standing> {
    const { peer, hub } = this.#options
    const { frames, offset, offsets } = await hub.snapshot(this.#channel, peer.claims)
    this.#offset = offset
    this.#write(this.#takesParts ? frames.parts : frames.whole)
    return offsets
  }

  /** Null when the log does not help: too much was missed, or it is gone. */
  async #page(standing: Standing | null): Promise<Standing | null> {
    const { peer, reader } = this.#options
    let from = standing
    if (from === null) {
      const plan = await reader.plan(peer.claims, this.#offset)
      if (plan.offset - this.#offset > mostBehind) return null
      from = plan.from
    }
    const page = from === null ? null : await reader.page(peer.claims, from, pageSize)
    if (page === null || page.jobs.length === 0) return null
    const frames = page.jobs.map((job, index) => eventFrame(this.#offset + index + 1, job))
    this.#write(Buffer.concat(frames))
    this.#offset += page.jobs.length
    return page.next
  }

  #write(frames: Buffer): void {
    if (this.#options.peer.open) this.#options.raw.write(frames, this.#onFlushed)
  }

  readonly #onFlushed = (): void => {
    if (this.#hasRoom) this.#wake?.()
  }

  get #hasRoom(): boolean {
    const { raw, limits } = this.#options
    return raw.destroyed || raw.writableLength <= limits.highWaterBytes / 2
  }

  /** False when nothing more can be said, also because the peer did not take what was. */
  async #flushed(): Promise<boolean> {
    const { peer, limits } = this.#options
    const tooSlow = (): void => peer.end(1013, 'too_slow')
    const sinceMs = this.#behindSinceMs ?? performance.now()
    if (performance.now() - sinceMs > limits.behindMs) tooSlow()
    if (peer.open && !this.#hasRoom) {
      const late = setTimeout(tooSlow, limits.behindMs)
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#wake = null
      clearTimeout(late)
    }
    return peer.open
  }
}
