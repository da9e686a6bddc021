import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import type { Bus } from './topics.ts'

interface Row {
  readonly id: string
  readonly topic: string
  readonly event: string
  /** JSON text. */
  readonly payload: string | null
  readonly private: boolean | null
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** Rows that wait to be read; what comes while so many wait is lost. */
const mostWaiting = 10_000
const batchSize = 100
/** Rows are kept as long as the real server keeps them. */
const prune = `delete from realtime.messages where inserted_at < now() - interval '3 days'`
const pruneEveryMs = 3_600_000

/** What is inserted into `realtime.messages` is broadcast, in the order of commits. */
export class DatabaseBroadcasts {
  readonly #database: Database
  readonly #bus: Bus
  readonly #log: Log
  #waiting: string[] = []
  #reading: Promise<void> | null = null
  #stop: (() => Promise<void>) | null = null
  #pruning: NodeJS.Timeout | null = null

  constructor(database: Database, bus: Bus, log: Log) {
    this.#database = database
    this.#bus = bus
    this.#log = log
  }

  async start(): Promise<void> {
    this.#stop = await this.#database.listen('realtime_messages', (id) => this.#hear(id))
    this.#pruning = setInterval(() => {
      this.#database.query(prune).catch((error: unknown) => {
        this.#log.warn('old messages could not be deleted', { why: String(error) })
      })
    }, pruneEveryMs)
    this.#pruning.unref()
  }

  async close(): Promise<void> {
    if (this.#pruning !== null) clearInterval(this.#pruning)
    this.#waiting = []
    await this.#stop?.().catch(() => undefined)
    await this.#reading
  }

  #hear(id: string | null): void {
    // Null, a gap: a broadcast is not repeated, also not by the real server's sockets.
    if (id === null || !uuid.test(id) || this.#waiting.length >= mostWaiting) return
    this.#waiting.push(id)
    this.#reading ??= this.#read().finally(() => (this.#reading = null))
  }

  async #read(): Promise<void> {
    while (this.#waiting.length > 0) {
      const ids = this.#waiting.splice(0, batchSize)
      try {
        for (const row of await this.#rows(ids)) this.#publish(row)
      } catch (error) {
        this.#log.warn('broadcasts of the database were lost', { why: String(error) })
      }
    }
  }

  #rows(ids: readonly string[]): Promise<Row[]> {
    return this.#database.query<Row>(
      `select id, topic, event, payload::text, private from realtime.messages
       where id = any($1::uuid[]) order by array_position($1::uuid[], id)`,
      [ids],
    )
  }

  #publish({ id, topic, event, payload, private: isPrivate }: Row): void {
    const content = `{"type":"broadcast","event":${JSON.stringify(event)},"payload":${payload ?? '{}'},"meta":{"id":"${id}"}}`
    this.#bus.publish({ name: topic, isPrivate: isPrivate ?? false }, { payload: content })
  }
}
