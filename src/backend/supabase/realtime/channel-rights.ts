import type { Log } from '../../log.ts'
import type { Access, AccessVerdict, JudgeToken } from './access.ts'
import type { Policies, Rights } from './policies.ts'
import type { TopicName } from './topics.ts'

interface RightsRoom {
  readonly judge: JudgeToken
  readonly policies: Policies
  readonly log: Log
}

export type Refused = Extract<AccessVerdict, { ok: false }>

const everything: Rights = { broadcast: true, presence: true }
const nothing: Rights = { broadcast: false, presence: false }

/** Whom a channel speaks for, and what that allows: everything, unless it is private. */
export class ChannelRights {
  readonly #room: RightsRoom
  readonly #topic: TopicName
  #access: Access | null = null
  #read: Rights
  #write: Rights | null = null

  constructor(room: RightsRoom, topic: TopicName) {
    this.#room = room
    this.#topic = topic
    this.#read = topic.isPrivate ? nothing : everything
  }

  /** Null until a token was taken. */
  get access(): Access | null {
    return this.#access
  }

  get read(): Rights {
    return this.#read
  }

  /** Takes on a token; null when it may read with it. The first time or the next. */
  async take(token: string): Promise<Refused | null> {
    const { name, isPrivate } = this.#topic
    const before = this.#read
    try {
      const verdict = await this.#room.judge(token)
      if (!verdict.ok) return verdict
      // Known from here on, so that the end of its session is heard.
      this.#access = verdict.access
      this.#write = null
      if (!isPrivate) return null
      this.#read = await this.#room.policies.read(name, verdict.access.caller)
    } catch (error) {
      this.#room.log.warn('a token could not be judged', { why: String(error) })
      const message = 'Realtime was unable to connect to the project database'
      return { ok: false, code: 'UnableToConnectToProject', message }
    }
    const { broadcast, presence } = this.#read
    if (!broadcast && !presence)
      return unauthorized(`You do not have permissions to read from`, name)
    if ((before.broadcast && !broadcast) || (before.presence && !presence)) {
      return unauthorized('You no longer have permission to read from', name)
    }
    return null
  }

  /** Asked of the database once for each token. */
  async write(): Promise<Rights> {
    if (!this.#topic.isPrivate || this.#access === null) return everything
    if (this.#write !== null) return this.#write
    try {
      return (this.#write = await this.#room.policies.write(this.#topic.name, this.#access.caller))
    } catch (error) {
      this.#room.log.warn('a right to write could not be judged', { why: String(error) })
      return nothing
    }
  }
}

function unauthorized(what: string, topic: string): Refused {
  return { ok: false, code: 'Unauthorized', message: `${what} this Channel topic: ${topic}` }
}
