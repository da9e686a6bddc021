import type { Log } from '../../log.ts'
import type { Sessions } from '../../tokens/sessions.ts'
import { sessionEnded } from './access.ts'
import type { Connection } from './connection.ts'

/** Ended sessions that are remembered, for joins that were being judged at that moment. */
const endedKept = 1_000

/** Closes the channels of a session within a second of its end (gateway-protocol §7). */
export class SessionEnds {
  readonly #sessions: Sessions | null
  readonly #connections: ReadonlySet<Connection>
  readonly #log: Log
  readonly #ended = new Set<string>()
  #off: (() => void) | null = null

  constructor(sessions: Sessions | null, connections: ReadonlySet<Connection>, log: Log) {
    this.#sessions = sessions
    this.#connections = connections
    this.#log = log
  }

  start(): void {
    this.#off = this.#sessions?.onEnded((sessionId) => this.#hear(sessionId)) ?? null
  }

  close(): void {
    this.#off?.()
  }

  /** Also false for one that ends while it is asked. @throws when the database cannot be asked */
  async alive(sessionId: string): Promise<boolean> {
    if (this.#sessions === null) return true
    return (await this.#sessions.alive(sessionId)) && !this.#ended.has(sessionId)
  }

  #hear(sessionId: string | null): void {
    if (sessionId === null) {
      void this.#checkAll()
      return
    }
    this.#ended.add(sessionId)
    const [oldest] = this.#ended
    if (this.#ended.size > endedKept && oldest !== undefined) this.#ended.delete(oldest)
    for (const channel of this.#channels()) {
      if (channel.sessionId === sessionId) channel.shutDown(sessionEnded)
    }
  }

  /** Ends may have been missed: every session that matters is asked for again. */
  async #checkAll(): Promise<void> {
    const ids = new Set(this.#channels().map(({ sessionId }) => sessionId))
    for (const id of ids) {
      if (id === null) continue
      try {
        if (!(await this.alive(id))) this.#hear(id)
      } catch (error) {
        // The database went again: it will be said again when it is back.
        this.#log.warn('a session could not be checked', { why: String(error) })
      }
    }
  }

  #channels() {
    return [...this.#connections].flatMap(({ channels }) => channels)
  }
}
