import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Connection } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import type { JobChange } from '../feed.ts'
import type { ChangeLog } from './change-log.ts'
import { RedisStream } from './redis-stream.ts'

/** Held by the gateway that relays; of Signalbox, and of nobody else in this database. */
const lockId = 720_661_421
/** How often a gateway that does not relay tries to. */
const tryMs = 1_000
/** Changes are gathered for so long. */
const gatherMs = 20
const batchSize = 200
/** A relay that finds Redis further behind does not relay what everybody has read meanwhile. */
const mostBehind = 5_000

export interface RelayOptions {
  readonly url: string
  readonly connection: Connection
  readonly changes: ChangeLog
  /** Told of each batch before it is written: the next relay may tell it again. */
  readonly onRelayed: (changes: readonly JobChange[]) => void
  readonly log: Log
}

/**
 * Of all gateways one reads the log and writes it to Redis for the others. Which one is decided by
 * a lock that the database gives up with the connection of its holder. Two at once do no harm:
 * batches say what they follow.
 */
export class Relay {
  readonly #options: RelayOptions
  readonly #closing = new AbortController()
  #rung = false
  #wake: (() => void) | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(options: RelayOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#wake?.()
    await this.#running
  }

  /** Something was committed. */
  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await this.#tryToLead().catch((error: unknown) => {
        this.#options.log.debug('could not relay changes', {
          why: error instanceof Error ? error.name : 'unknown',
        })
      })
      await pause(tryMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Settles when this gateway does not hold the lock (any more), or has no Redis. */
  async #tryToLead(): Promise<void> {
    const { url, connection, changes, log } = this.#options
    const client = new pg.Client({ ...connection, application_name: 'signalbox-relay' })
    const lost = new AbortController()
    client.on('error', () => lost.abort())
    client.once('end', () => {
      lost.abort()
      this.#wake?.()
    })
    let stream: RedisStream | null = null
    try {
      await client.connect()
      const { rows } = await client.query<{ held: boolean }>(
        'select pg_try_advisory_lock($1) as held',
        [lockId],
      )
      if (rows[0]?.held !== true) return
      stream = await RedisStream.open(url, await changes.epoch())
      log.info('relays the changes of all jobs to Redis')
      await this.#lead(stream, AbortSignal.any([lost.signal, this.#closing.signal]))
    } finally {
      stream?.close()
      await client.end().catch(() => undefined)
    }
  }

  async #lead(stream: RedisStream, signal: AbortSignal): Promise<void> {
    const { changes, onRelayed } = this.#options
    let position = await this.#startOf(stream)
    while (!signal.aborted) {
      const page = await changes.after(position, batchSize)
      const last = page.at(-1)
      if (last !== undefined) {
        onRelayed(page)
        await stream.append({ after: position, changes: page })
        position = last.position
      }
      if (page.length === batchSize) continue
      await this.#untilRung()
      await pause(gatherMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Where the relay before this one stopped. */
  async #startOf(stream: RedisStream): Promise<number> {
    const { position } = await this.#options.changes.heads()
    const relayed = (await stream.newest())?.batch?.changes.at(-1)?.position ?? 0
    return relayed > position || position - relayed > mostBehind ? position : relayed
  }

  async #untilRung(): Promise<void> {
    if (!this.#rung && !this.#closing.signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#wake = null
    }
    this.#rung = false
  }
}
