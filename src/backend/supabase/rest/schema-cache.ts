import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import type { Schema } from './schema.ts'
import { readSchema } from './schema-reading.ts'

/** How often what is unknown may make us look again, milliseconds. */
const patienceMs = 1_000

/**
 * Owns what is known of the exposed schema. It is read when it is first needed, again after
 * `NOTIFY pgrst`, and again when a request names something unknown.
 */
export class SchemaCache {
  readonly #database: Database
  readonly #log: Log
  #reading: Promise<Schema> | null = null
  #readAtMs = -Infinity
  #listening = false

  constructor(database: Database, log: Log) {
    this.#database = database
    this.#log = log
  }

  get(): Promise<Schema> {
    this.#reading ??= this.#read()
    return this.#reading
  }

  /** A newer one; null when this one was read a moment ago: what is unknown then is unknown now. */
  async refreshed(known: Schema): Promise<Schema | null> {
    const latest = await this.get()
    if (latest !== known) return latest
    if (performance.now() - this.#readAtMs < patienceMs) return null
    this.#reading = null
    return this.get()
  }

  async #read(): Promise<Schema> {
    this.#readAtMs = performance.now()
    const reading = this.#load()
    reading.catch(() => {
      this.#reading = null
    })
    return reading
  }

  async #load(): Promise<Schema> {
    // Before the first reading, so that no change falls between.
    if (!this.#listening) await this.#listen()
    return readSchema(this.#database)
  }

  async #listen(): Promise<void> {
    this.#listening = true
    try {
      await this.#database.listen('pgrst', (payload) => {
        // Null after a gap, in which something may have been told.
        if (payload !== null && !['', 'reload schema'].includes(payload)) return
        this.#log.debug('the schema is read again when it is needed')
        this.#reading = null
      })
    } catch (error) {
      this.#listening = false
      throw error
    }
  }
}
