import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Sessions } from './sessions.ts'

/** A socket ends within 1 s of its session: a sweep and what follows must fit into that. */
const sweepEveryMs = 800
/** Sessions that were asked for; the least recently asked are forgotten first. */
const mostWatched = 10_000
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Sessions of a project that lets nobody put a trigger on `auth.sessions`, as hosted ones: those
 * that were found alive are asked for again and again, all in one statement.
 */
export class WatchedSessions implements Sessions {
  readonly #database: Database
  readonly #log: Log
  readonly #watched = new Set<string>()
  readonly #listeners = new Set<(sessionId: string | null) => void>()
  #timer: NodeJS.Timeout | null = null
  #sweeping: Promise<void> = Promise.resolve()
  #failed = false

  constructor(database: Database, log: Log) {
    this.#database = database
    this.#log = log
    this.#later()
  }

  async alive(sessionId: string): Promise<boolean> {
    const id = sessionId.toLowerCase()
    if (!uuid.test(id)) return false
    if ((await this.#living([id])).size === 0) return false
    this.#watched.delete(id)
    this.#watched.add(id)
    const [oldest] = this.#watched
    if (this.#watched.size > mostWatched && oldest !== undefined) this.#watched.delete(oldest)
    return true
  }

  async revoke(sessionId: string): Promise<void> {
    await this.#database.query('delete from auth.sessions where id = $1', [sessionId])
    this.#tell(sessionId)
  }

  onEnded(listener: (sessionId: string | null) => void): () => void {
    const own = (sessionId: string | null): void => listener(sessionId)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    await this.#sweeping
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#sweeping = this.#sweep().then(() => {
        if (this.#timer !== null) this.#later()
      })
    }, sweepEveryMs)
  }

  async #living(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#database.query<{ id: string }>(
      `select id::text as id from auth.sessions
       where id = any($1::uuid[]) and (not_after is null or not_after > now())`,
      [ids],
    )
    return new Set(rows.map(({ id }) => id))
  }

  async #sweep(): Promise<void> {
    if (this.#watched.size === 0) return
    const asked = [...this.#watched]
    try {
      const alive = await this.#living(asked)
      for (const id of asked) if (!alive.has(id)) this.#tell(id)
      this.#failed = false
    } catch (error) {
      // Nothing is forgotten: the next sweep asks for the same sessions.
      if (!this.#failed) this.#log.warn('sessions could not be checked', { why: String(error) })
      this.#failed = true
    }
  }

  #tell(sessionId: string): void {
    this.#watched.delete(sessionId)
    for (const listener of [...this.#listeners]) {
      try {
        listener(sessionId)
      } catch (error) {
        this.#log.error('a listener to the end of a session failed', { why: String(error) })
      }
    }
  }
}
