/**
 * What a screen reader is told without asking: a summary, at most every few seconds. Rows never
 * speak by themselves.
 */
import type { Frames } from '../ui/frames.ts'
import { plural } from '../ui/format.ts'
import { Listeners } from '../ui/listeners.ts'
import type { Off } from '../ui/listeners.ts'
import type { JobFeed } from './job-feed.ts'

const summariseAfterMs = 2_000
/** After this the place is empty again: the same words twice would be no change, and not be read. */
const clearAfterMs = 8_000

export class Announcer {
  readonly #frames: Frames
  readonly #listeners = new Listeners()
  readonly #failed = new Map<string, number>()
  readonly #off: Off
  #nameOf: (tenantId: string) => string = (tenantId) => tenantId
  #connection: string | null = null
  #recovery: string | null = null
  #text = ''
  #cancel: Off | null = null
  #cancelClear: Off | null = null

  constructor(feed: JobFeed, frames: Frames) {
    this.#frames = frames
    this.#off = feed.onFlush((changes) => {
      for (const { before, after } of changes) {
        // A snapshot brings failed rows that were never seen running: old news.
        if (before === undefined || after?.status !== 'failed' || before.status === 'failed')
          continue
        this.#failed.set(after.tenantId, (this.#failed.get(after.tenantId) ?? 0) + 1)
        this.#schedule()
      }
    })
  }

  readonly text = (): string => this.#text
  readonly subscribe = this.#listeners.subscribe

  setTenantNames(nameOf: (tenantId: string) => string): void {
    this.#nameOf = nameOf
  }

  /** The connection changed its kind: one sentence. */
  sayConnection(sentence: string): void {
    this.#connection = sentence
    this.#schedule()
  }

  /** What the interruption that is over came to; later words take the place of earlier ones. */
  sayRecovery(words: string): void {
    this.#recovery = words.slice(0, 1).toUpperCase() + words.slice(1)
    this.#schedule()
  }

  close(): void {
    this.#off()
    this.#cancel?.()
    this.#cancel = null
    this.#cancelClear?.()
    this.#cancelClear = null
    this.#failed.clear()
    this.#text = ''
  }

  #schedule(): void {
    this.#cancel ??= this.#frames.after(summariseAfterMs, () => {
      this.#cancel = null
      const failures = [...this.#failed].map(
        ([tenantId, count]) => `${plural(count, 'job')} failed in ${this.#nameOf(tenantId)}`,
      )
      const parts = [this.#connection, this.#recovery, ...failures]
      this.#connection = null
      this.#recovery = null
      this.#failed.clear()
      this.#say(parts.filter((part) => part !== null).join('. '))
    })
  }

  #say(text: string): void {
    this.#cancelClear?.()
    this.#cancelClear =
      text === ''
        ? null
        : this.#frames.after(clearAfterMs, () => {
            this.#cancelClear = null
            this.#say('')
          })
    this.#text = text
    this.#listeners.notify()
  }
}
