import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../../log.ts'
import type { ChangeLog } from './change-log.ts'
import type { LogTail } from './log-tail.ts'
import { RedisStream } from './redis-stream.ts'

const redialMs = 500
const waitMs = 5_000
/** While Redis brings the changes, the log itself is asked so often whether they were all. */
const checkMs = 500

export interface RedisFollowerOptions {
  readonly url: string
  readonly changes: ChangeLog
  readonly tail: LogTail
  readonly log: Log
}

/**
 * Brings this gateway the batches that the relay wrote. Redis only makes it cheaper: whatever it
 * does not bring is read from the log.
 */
export class RedisFollower {
  readonly #options: RedisFollowerOptions
  readonly #closing = new AbortController()
  #stream: RedisStream | null = null
  #check: NodeJS.Timeout | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(options: RedisFollowerOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#check !== null) clearTimeout(this.#check)
    this.#stream?.close()
    await this.#running
  }

  /** Something was committed. */
  ring(): void {
    if (this.#stream === null) this.#options.tail.ring()
    else if (!this.#closing.signal.aborted) this.#checkSoon()
  }

  #checkSoon(): void {
    this.#check ??= setTimeout(() => {
      this.#check = null
      this.#options.tail.ring()
    }, checkMs)
  }

  async #run(): Promise<void> {
    const { tail, log } = this.#options
    const { signal } = this.#closing
    let down = false
    while (!signal.aborted) {
      try {
        const stream = await this.#open()
        if (down) log.info('Redis is back')
        down = false
        await this.#follow(stream)
      } catch (error) {
        if (!down) {
          log.warn('Redis cannot be reached; changes are read from the database', {
            why: error instanceof Error ? error.name : 'unknown',
          })
        }
        down = true
      }
      this.#stream?.close()
      this.#stream = null
      tail.ring()
      await pause(redialMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async #open(): Promise<RedisStream> {
    const { url, changes } = this.#options
    return (this.#stream = await RedisStream.open(url, await changes.epoch()))
  }

  /** Until the connection is lost. */
  async #follow(stream: RedisStream): Promise<void> {
    const { tail } = this.#options
    let id = (await stream.newest())?.id ?? '0-0'
    // What was written up to that entry.
    tail.ring()
    while (!this.#closing.signal.aborted) {
      for (const entry of await stream.after(id, waitMs)) {
        id = entry.id
        const taken = entry.batch !== null && tail.offer(entry.batch.after, entry.batch.changes)
        if (!taken) tail.ring()
      }
    }
  }
}
