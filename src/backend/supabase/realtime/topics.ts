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
}

/** Every topic that somebody has joined, in this process. */
export class Topics implements Bus {
  readonly #topics = new Map<string, Topic>()

  get size(): number {
    return this.#topics.size
  }

  join(topic: TopicName, member: Member): void {
    const key = keyOf(topic)
    const found = this.#topics.get(key) ?? { members: new Set(), presence: new Presence() }
    found.members.add(member)
    this.#topics.set(key, found)
  }

  leave(topic: TopicName, member: Member): void {
    const found = this.#topics.get(keyOf(topic))
    if (found?.members.delete(member) !== true) return
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

  track(
    topic: TopicName,
    member: Member,
    entry: { key: string; state: Record<string, unknown> },
  ): void {
    const found = this.#topics.get(keyOf(topic))
    if (found?.members.has(member) !== true) return
    this.#tell(topic, found.presence.track(member, entry.key, entry.state))
  }

  untrack(topic: TopicName, member: Member): void {
    const found = this.#topics.get(keyOf(topic))
    if (found !== undefined) this.#tell(topic, found.presence.untrack(member))
  }

  /** JSON text for `presence_state`. */
  presenceOf(topic: TopicName): string {
    return JSON.stringify(this.#topics.get(keyOf(topic))?.presence.list() ?? {})
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
