import type { RawData, WebSocket } from 'ws'
import { Channel, type ChannelLink, type ChannelRoom } from './channel.ts'
import {
  decodeBinary,
  decodeText,
  encodeText,
  type Frame,
  type Outgoing,
  type Vsn,
} from './frames.ts'
import { RateMeter } from './rate-meter.ts'
import type { SharedMessage } from './shared-message.ts'

export interface ConnectionOptions {
  readonly socket: WebSocket
  readonly vsn: Vsn
  /** The JWT that the connection was made with. */
  readonly keyToken: string
  readonly room: ChannelRoom
}

/** How long a peer may take to answer a close, in milliseconds, before it is cut off. */
const closeWithinMs = 500
/** Frames that wait for their channel before no more are read. */
const mostWaitingFrames = 64

/**
 * One socket: which channel a frame is for, how much a peer may send and how much may wait for it.
 * It knows nothing of what a channel does.
 */
export class Connection implements ChannelLink {
  readonly keyToken: string
  readonly #socket: WebSocket
  readonly #vsn: Vsn
  readonly #room: ChannelRoom
  readonly #channels = new Map<string, Channel>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #joins: RateMeter
  readonly #events: RateMeter
  readonly #silence: NodeJS.Timeout
  #waiting = 0

  constructor({ socket, vsn, keyToken, room }: ConnectionOptions) {
    this.keyToken = keyToken
    this.#socket = socket
    this.#vsn = vsn
    this.#room = room
    this.#joins = new RateMeter(room.limits.joinsPerSecond)
    this.#events = new RateMeter(room.limits.eventsPerSecond)
    this.#silence = setTimeout(() => this.end(1001, 'silent'), room.limits.silenceMs)
    socket.on('message', (data: RawData, isBinary: boolean) => this.#receive(data, isBinary))
    socket.on('ping', () => this.#count(null))
    socket.on('error', (error) => {
      room.log.debug('a socket broke', { why: error.message })
      // ws has said the right code by itself, and would wait half a minute for the answer.
      this.end(1002, 'broken')
    })
    socket.once('close', () => this.#gone())
  }

  get channels(): readonly Channel[] {
    return [...this.#channels.values()]
  }

  send(frame: Outgoing): void {
    this.#write(encodeText(this.#vsn, frame), false)
  }

  sendShared(message: SharedMessage): void {
    const made = message.in(this.#vsn)
    if (made !== null) this.#write(made.bytes, made.binary)
  }

  pause(delayMs: number): Promise<void> {
    if (delayMs === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        resolve()
      }, delayMs)
      this.#timers.add(timer)
    })
  }

  over(channel: Channel): void {
    if (this.#channels.get(channel.topic) === channel) this.#channels.delete(channel.topic)
  }

  /** Says why and closes, whether the peer answers or not. */
  end(code: number, reason: string): void {
    if (this.#socket.readyState === this.#socket.CLOSED) return
    this.#socket.resume()
    this.#socket.close(code, reason)
    this.#timers.add(setTimeout(() => this.#socket.terminate(), closeWithinMs))
  }

  #gone(): void {
    clearTimeout(this.#silence)
    for (const timer of this.#timers) clearTimeout(timer)
    for (const channel of this.channels) channel.drop()
  }

  #write(data: string | Buffer, binary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > this.#room.limits.waitingBytes) {
      this.end(1013, 'too_slow')
      return
    }
    this.#socket.send(data, { binary })
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const bytes = data as Buffer
    try {
      const frame = this.#decode(bytes, isBinary)
      if (this.#count(frame) && frame !== null) this.#take(frame)
    } catch (error) {
      // Nothing that a peer sends may reach further than its own frame.
      this.#room.log.debug('a frame was dropped', { why: String(error) })
    }
  }

  #decode(bytes: Buffer, isBinary: boolean): Frame | null {
    if (!isBinary) return decodeText(this.#vsn, bytes.toString('utf8'))
    return this.#vsn === '2.0.0' ? decodeBinary(bytes) : null
  }

  /** False past the limit: the channel it was for is closed, and without one the connection. */
  #count(frame: Frame | null): boolean {
    this.#silence.refresh()
    if (this.#events.take()) return true
    const channel = this.#channels.get(frame?.topic ?? '')
    if (channel === undefined) this.end(1008, 'too_many_messages')
    else channel.shutDown('Too many messages per second')
    return false
  }

  #take(frame: Frame): void {
    const { topic, event, joinRef } = frame
    if (topic === 'phoenix' && event === 'heartbeat') this.#reply(frame, 'ok', {})
    else if (event === 'phx_join') this.#join(frame)
    else {
      const channel = this.#channels.get(topic)
      // What was meant for an earlier channel of this topic is not for this one.
      const stale = channel !== undefined && joinRef !== null && joinRef !== channel.joinRef
      if (channel !== undefined && !stale) this.#await(channel.handle(frame))
      else if (event === 'phx_leave') this.#reply(frame, 'ok', {})
      else if (!stale) this.#reply(frame, 'error', { reason: 'unmatched topic' })
    }
  }

  #join(frame: Frame): void {
    if (!frame.topic.startsWith('realtime:')) {
      this.#reply(frame, 'error', { reason: 'unmatched topic' })
      return
    }
    this.#channels.get(frame.topic)?.replaced()
    if (!this.#joins.take()) {
      this.#reply(frame, 'error', {
        reason: 'ClientJoinRateLimitReached: Too many joins per second',
      })
      this.end(1001, 'too_many_joins')
      return
    }
    if (this.#channels.size >= this.#room.limits.channelsPerConnection) {
      const reason = 'ChannelRateLimitReached: Too many channels'
      const answered = this.pause(this.#room.limits.joinErrorDelayMs)
      this.#await(answered.then(() => this.#reply(frame, 'error', { reason })))
      return
    }
    const channel = new Channel(this.#room, this, frame)
    this.#channels.set(frame.topic, channel)
    this.#await(channel.open(frame.ref))
  }

  /** Whoever sends faster than its channels work is not read from until they have caught up. */
  #await(done: Promise<void>): void {
    this.#waiting += 1
    if (this.#waiting > mostWaitingFrames) this.#socket.pause()
    void done.then(() => {
      this.#waiting -= 1
      if (this.#waiting <= mostWaitingFrames && this.#socket.isPaused) this.#socket.resume()
    })
  }

  #reply({ topic, ref, joinRef }: Frame, status: 'ok' | 'error', response: object): void {
    const payload = JSON.stringify({ status, response })
    this.send({ topic, ref, joinRef, event: 'phx_reply', payload })
  }
}
