import type { Log } from '../../log.ts'
import type { JudgeToken } from './access.ts'
import { ChannelChanges } from './channel-changes.ts'
import type { ChangePayload, Changes } from './changes/changes.ts'
import { mostBytesOfAName, type Frame, type Outgoing } from './frames.ts'
import { readJoin, type Join } from './join-payload.ts'
import { ChannelPresence } from './channel-presence.ts'
import { ChannelRights } from './channel-rights.ts'
import type { Policies } from './policies.ts'
import type { RealtimeLimits } from './realtime-limits.ts'
import type { SharedMessage } from './shared-message.ts'
import type { Content, Member, TopicName, Topics } from './topics.ts'

/** What every channel of the process shares. */
export interface ChannelRoom {
  readonly topics: Topics
  readonly changes: Changes
  readonly policies: Policies
  readonly judge: JudgeToken
  readonly limits: RealtimeLimits
  readonly log: Log
}

/** The connection, as its channels see it. */
export interface ChannelLink {
  /** The JWT that the connection was made with. */
  readonly keyToken: string
  send: (frame: Outgoing) => void
  sendShared: (message: SharedMessage) => void
  /** Waits, or never goes on when the connection ends first. */
  pause: (delayMs: number) => Promise<void>
  /** The channel is over; its topic is free. */
  over: (channel: Channel) => void
}

/** After the token could not be judged again, for want of a database. */
const judgeAgainMs = 5_000
const leastTimerMs = 20

/** One joined topic of one connection: whose it is, what it hears, and how it ends. */
export class Channel implements Member {
  /** As on the wire, `realtime:` included. */
  readonly topic: string
  readonly joinRef: string | null
  readonly #room: ChannelRoom
  readonly #link: ChannelLink
  readonly #join: Join
  readonly #name: TopicName
  readonly #changes: ChannelChanges
  readonly #presence: ChannelPresence
  readonly #rights: ChannelRights
  #expiry: NodeJS.Timeout | null = null
  #work: Promise<void> = Promise.resolve()
  #joined = false
  #over = false

  constructor(room: ChannelRoom, link: ChannelLink, frame: Frame) {
    this.#room = room
    this.#link = link
    this.topic = frame.topic
    this.joinRef = frame.joinRef
    this.#join = readJoin(frame.payload)
    this.#name = { name: frame.topic.slice('realtime:'.length), isPrivate: this.#join.isPrivate }
    this.#rights = new ChannelRights(room, this.#name)
    this.#changes = new ChannelChanges({
      changes: room.changes,
      entries: this.#join.changes,
      deliver: (change) => this.#deliver(change),
      tell: (status, message) => this.#system('postgres_changes', status, message),
      resubscribeMs: room.limits.resubscribeMs,
    })
    this.#presence = new ChannelPresence(this.#join.presence, room.limits)
  }

  get sessionId(): string | null {
    return this.#rights.access?.sessionId ?? null
  }

  get hearsPresence(): boolean {
    return this.#presence.enabled && this.#rights.read.presence
  }

  get hearsBroadcasts(): boolean {
    return this.#rights.read.broadcast
  }

  push(message: SharedMessage): void {
    this.#link.sendShared(message)
  }

  /** Answers the join. Settles when that is done; never rejects. */
  open(ref: string | null): Promise<void> {
    return this.#inTurn(async () => {
      const refusal = await this.#admit()
      if (this.#isOver()) return
      if (refusal === null) {
        this.#enter(ref)
        return
      }
      this.#room.log.debug('a join was refused', { why: refusal })
      await this.#link.pause(this.#room.limits.joinErrorDelayMs)
      if (this.#isOver()) return
      this.#reply(ref, 'error', { reason: refusal })
      this.#end()
    })
  }

  /** Settles when the frame has been dealt with; never rejects. */
  handle(frame: Frame): Promise<void> {
    if (frame.event === 'phx_leave') {
      this.#reply(frame.ref, 'ok', {})
      this.replaced()
      return Promise.resolve()
    }
    return this.#inTurn(() => this.#take(frame))
  }

  /** As Phoenix when a topic is joined again, and at a leave. */
  replaced(): void {
    if (this.#over) return
    this.#end()
    const { topic, joinRef } = this
    this.#link.send({ topic, joinRef, ref: joinRef, event: 'phx_close', payload: '{}' })
  }

  /** Says why, and closes the channel; the connection stays. */
  shutDown(message: string): void {
    if (this.#over) return
    this.#system('system', 'error', message)
    this.replaced()
  }

  /** The connection is gone. */
  drop(): void {
    if (!this.#over) this.#end()
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#work = this.#work
      .then(() => (this.#over ? undefined : step()))
      .catch((error: unknown) => {
        this.#room.log.warn('a channel failed', { why: String(error) })
        this.shutDown('Unknown Error on Channel')
      })
    return this.#work
  }

  /** Null when it may join, else the reason. */
  async #admit(): Promise<string | null> {
    const { name } = this.#name
    if (name === '') return 'TopicNameRequired: You must provide a topic name'
    if (Buffer.byteLength(this.topic) > mostBytesOfAName) {
      return 'TopicNameTooLong: A topic has 255 bytes at the most'
    }
    if (this.#join.changes.length > this.#room.limits.changesPerChannel) {
      return 'TooManyPostgresChanges: Too many entries of postgres_changes'
    }
    const { accessToken } = this.#join
    const own = accessToken !== null && !accessToken.startsWith('sb_')
    const refused = await this.#rights.take(own ? accessToken : this.#link.keyToken)
    return refused === null ? null : `${refused.code}: ${refused.message}`
  }

  #enter(ref: string | null): void {
    this.#joined = true
    this.#room.topics.join(this.#name, this)
    const changes = this.#join.changes.map(({ id, sent }) => ({ ...sent, id }))
    this.#reply(ref, 'ok', { postgres_changes: changes })
    if (this.hearsPresence) this.#sendPresence()
    this.#use()
  }

  /** The token as it is now, just judged. */
  #use(): void {
    const { access } = this.#rights
    if (access === null) return
    this.#changes.use(access.caller)
    this.#armExpiry(access.expiresAtMs - Date.now())
  }

  #armExpiry(leftMs: number): void {
    if (this.#expiry !== null) clearTimeout(this.#expiry)
    const delayMs = Math.max(leastTimerMs, Math.min(this.#room.limits.tokenCheckMs, leftMs))
    this.#expiry = setTimeout(() => void this.#confirm(), delayMs)
  }

  /** Not in turn: a token that expires does not wait for a database that hangs. */
  async #confirm(): Promise<void> {
    const { access } = this.#rights
    if (access === null) return
    const settled = (): boolean => this.#over || access !== this.#rights.access
    try {
      const verdict = await this.#room.judge(access.token)
      if (settled()) return
      if (verdict.ok) this.#armExpiry(access.expiresAtMs - Date.now())
      else this.shutDown(verdict.message)
    } catch {
      if (!settled()) this.#armExpiry(judgeAgainMs)
    }
  }

  async #take(frame: Frame): Promise<void> {
    if (!this.#joined) return
    switch (frame.event) {
      case 'broadcast':
        return this.#broadcast(frame)
      case 'presence':
        return this.#takePresence(frame)
      case 'access_token':
        return this.#renew(frame.payload.access_token)
      default:
        // As the real server: what it does not know it ignores.
        return
    }
  }

  async #broadcast({ ref, payload, pushed }: Frame): Promise<void> {
    if (!(await this.#rights.write()).broadcast || this.#over) return
    const content: Content = pushed ?? { payload: JSON.stringify(payload) }
    const bytes = 'content' in content ? content.content.length : Buffer.byteLength(content.payload)
    const fits = bytes <= this.#room.limits.broadcastBytes
    if (fits) this.#room.topics.publish(this.#name, content, this.#join.self ? undefined : this)
    if (!this.#join.ack) return
    if (fits) this.#reply(ref, 'ok', {})
    else this.#reply(ref, 'error', { reason: 'payload_size_exceeded' })
  }

  async #takePresence({ ref, payload }: Frame): Promise<void> {
    const wasEnabled = this.#presence.enabled
    const step = this.#presence.judge(payload, (await this.#rights.write()).presence)
    if (this.#over) return
    switch (step.kind) {
      case 'shut_down':
        this.shutDown(step.message)
        return
      case 'refused':
        this.#reply(ref, 'error', step.reason === null ? {} : { reason: step.reason })
        return
      case 'track':
        if (this.#room.topics.track(this.#name, this, step)) break
        this.#reply(ref, 'error', { reason: 'There is no room for more presence' })
        return
      case 'untrack':
        this.#room.topics.untrack(this.#name, this)
        break
      case 'nothing':
    }
    this.#reply(ref, 'ok', {})
    // To track is to take part: the state comes now, differences from now on.
    if (!wasEnabled && this.hearsPresence) this.#sendPresence()
  }

  async #renew(token: unknown): Promise<void> {
    if (typeof token !== 'string' || token.startsWith('sb_')) return
    if (token === this.#rights.access?.token) return
    const refused = await this.#rights.take(token)
    if (this.#isOver()) return
    if (refused === null) this.#use()
    else this.shutDown(refused.message)
  }

  #deliver({ ids, data }: ChangePayload): void {
    const payload = `{"ids":${JSON.stringify(ids)},"data":${data}}`
    this.#link.send({ topic: this.topic, event: 'postgres_changes', payload })
  }

  #sendPresence(): void {
    const { topic, joinRef } = this
    const payload = this.#room.topics.presenceOf(this.#name)
    this.#link.send({ topic, joinRef, event: 'presence_state', payload })
  }

  #system(extension: string, status: 'ok' | 'error', message: string): void {
    const { topic, joinRef } = this
    const payload = JSON.stringify({ extension, status, message, channel: this.#name.name })
    this.#link.send({ topic, joinRef, event: 'system', payload })
  }

  #reply(ref: string | null, status: 'ok' | 'error', response: object): void {
    const { topic, joinRef } = this
    const payload = JSON.stringify({ status, response })
    this.#link.send({ topic, joinRef, ref, event: 'phx_reply', payload })
  }

  /** A method, because it changes while something is awaited. */
  #isOver(): boolean {
    return this.#over
  }

  #end(): void {
    this.#over = true
    if (this.#expiry !== null) clearTimeout(this.#expiry)
    this.#changes.close()
    this.#room.topics.leave(this.#name, this)
    this.#link.over(this)
  }
}
