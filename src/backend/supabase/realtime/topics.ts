import { Presence, type PresenceDiff } from './presence.ts'
import { SharedMessage } from './shared-message.ts'
import type { UserBroadcast } from './frames.ts'

/** A joined channel, as its topic sees it. */
export interface Member {
  readonly hearsPresence: boolean
  readonly hearsBroadcasts: boolean
  push: (message: SharedMessage) => void
}

/** What is broadcast: bytes to pass on as they are, or JSON text of a whole payload. */
export type Content = UserBroadcast | { readonly payload: string }

/**
 * Where broadcasts go, from sockets, from HTTP and from the database. This is the seam for more
 * than one process: an implementation that also tells the others.
 */
export interface Bus {
  publish: (topic: TopicName, content: Content, from?: Member) => void
}

/** Public and private channels of one name are two topics. */
export interface TopicName {
  /** Without `realtime:`. */
  readonly name: string
  readonly isPrivate: boolean
}

interface Topic {
  readonly members: Set<Member>
  readonly presence: Presence
  /** Of what each member tracks. */
  readonly sizes: Map<Member, number>
  bytes: number
}

/** What a member tells of itself. */
export interface PresenceEntry {
  readonly key: string
  readonly state: Record<string, unknown>
  /** Of both, in bytes. */
  readonly size: number
}

/** Bytes that presence may take: whoever enters a topic is sent all of it. */
export interface PresenceRoom {
  readonly topicBytes: number
  readonly allBytes: number
}

const usualRoom: PresenceRoom = { topicBytes: 4 * 1024 * 1024, allBytes: 64 * 1024 * 1024 }

/** Every topic that somebody has joined, in this process. */
export class Topics implements Bus {
  readonly #topics = new Map<string, Topic>()
  readonly #room: PresenceRoom
  #presenceBytes = 0

  constructor(room = usualRoom) {
    this.#room = room
  }

  get size(): number {
    return this.#topics.size
  }

  join(topic: TopicName, member: Member): void {
    const key = keyOf(topic)
    const found = this.#topics.get(key) ?? {
      members: new Set(),
      presence: new Presence(),
      sizes: new Map<Member, number>(),
      bytes: 0,
    }
    found.members.add(member)
    this.#topics.set(key, found)
  }

  leave(topic: TopicName, member: Member): void {
    const found = this.#topics.get(keyOf(topic))
    if (found?.members.delete(member) !== true) return
    this.#resize(found, member, 0)
    this.#tell(topic, found.presence.untrack(member))
    if (found.members.size === 0) this.#topics.delete(keyOf(topic))
  }

  publish(topic: TopicName, content: Content, from?: Member): void {
    const found = this.#topics.get(keyOf(topic))
    if (found === undefined) return
    const on = wireTopic(topic.name)
    const message =
      'content' in content
        ? SharedMessage.broadcast(on, content)
        : SharedMessage.text(on, 'broadcast', content.payload)
    for (const member of found.members) {
      if (member !== from && member.hearsBroadcasts) member.push(message)
    }
  }

  /** False when there is no room for it. */
  track(topic: TopicName, member: Member, { key, state, size }: PresenceEntry): boolean {
    const found = this.#topics.get(keyOf(topic))
    if (found?.members.has(member) !== true) return true
    const more = size - (found.sizes.get(member) ?? 0)
    const { topicBytes, allBytes } = this.#room
    if (more > 0 && found.bytes + more > topicBytes) return false
    if (more > 0 && this.#presenceBytes + more > allBytes) return false
    this.#resize(found, member, size)
    this.#tell(topic, found.presence.track(member, key, state))
    return true
  }

  untrack(topic: TopicName, member: Member): void {
    const found = this.#topics.get(keyOf(topic))
    if (found === undefined) return
    this.#resize(found, member, 0)
    this.#tell(topic, found.presence.untrack(member))
  }

  /** JSON text for `presence_state`. */
  presenceOf(topic: TopicName): string {
    return JSON.stringify(this.#topics.get(keyOf(topic))?.presence.list() ?? {})
  }

  #resize(found: Topic, member: Member, size: number): void {
    const more = size - (found.sizes.get(member) ?? 0)
    found.bytes += more
    this.#presenceBytes += more
    if (size === 0) found.sizes.delete(member)
    else found.sizes.set(member, size)
  }

  #tell(topic: TopicName, diff: PresenceDiff | null): void {
    if (diff === null) return
    const message = SharedMessage.text(wireTopic(topic.name), 'presence_diff', JSON.stringify(diff))
    for (const member of this.#topics.get(keyOf(topic))?.members ?? []) {
      if (member.hearsPresence) member.push(message)
    }
  }
}

export function wireTopic(name: string): string {
  return `realtime:${name}`
}

function keyOf({ name, isPrivate }: TopicName): string {
  return `${isPrivate ? 'private' : 'public'}:${name}`
}
