import type { Caller, Database } from '../../../database/database.ts'
import type { Log } from '../../../log.ts'
import type { Changes, ChangesState, Refusal, Subscribed, Subscriber } from './changes.ts'
import { openFeed, type Feed } from './feed.ts'
import { audienceOf, type Listener } from './listener.ts'
import { whyUnavailable } from './unavailable.ts'
import { acceptWishes, type Accepted } from './wishes.ts'

/** A page that is turned, or a token that is renewed, does not open everything anew. */
const lingerMs = 5_000
/** Between two attempts to open that fail. */
const pauseMs = 1_000

interface CaptureOptions {
  readonly database: Database
  readonly log: Log
}

export function createChanges(options: CaptureOptions): Changes {
  return new ChangeCapture(options)
}

/** Owns the feed: there is one while somebody subscribes, and nothing at all while nobody does. */
class ChangeCapture implements Changes {
  readonly #database: Database
  readonly #log: Log
  #state: ChangesState = { kind: 'idle' }
  #feed: Feed | null = null
  #opening: Promise<Feed> | null = null
  #failedAtMs = -Infinity
  #linger: NodeJS.Timeout | null = null
  /** Subscriptions that are on their way, and must not find the feed closed. */
  #arriving = 0
  #closed = false

  constructor({ database, log }: CaptureOptions) {
    this.#database = database
    this.#log = log
  }

  get state(): ChangesState {
    return this.#state
  }

  async start(): Promise<void> {
    const [row] = await this.#database.query<{ wal_level: string }>('show wal_level')
    if (row?.wal_level !== 'logical') this.#unavailable({ code: '55000' })
  }

  async subscribe(subscriber: Subscriber): Promise<Subscribed> {
    this.#arriving += 1
    try {
      const feed = await this.#open()
      const accepted = await acceptWishes(this.#database, subscriber)
      if (!accepted.ok) return accepted
      if (this.#feed !== feed) return retry('the database connection was lost')
      return { ok: true, subscription: this.#join(feed, subscriber, accepted) }
    } catch (error) {
      return retry(this.#state.kind === 'unavailable' ? this.#state.why : messageOf(error))
    } finally {
      this.#arriving -= 1
      this.#closeLater()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#linger !== null) clearTimeout(this.#linger)
    await this.#opening?.catch(() => undefined)
    await this.#shut()
  }

  #join(feed: Feed, subscriber: Subscriber, accepted: Accepted) {
    const { caller } = subscriber
    const listener: Listener = {
      subscriber,
      wishes: accepted.wishes,
      since: accepted.since,
      caller,
      audience: audienceOf(caller),
      stopped: false,
    }
    feed.add(listener, accepted.direct)
    const stop = (): void => {
      listener.stopped = true
      feed.remove(listener)
      this.#closeLater()
    }
    return { stop, update: (next: Caller) => this.#update(listener, next, stop) }
  }

  async #update(listener: Listener, caller: Caller, stop: () => void): Promise<Refusal | null> {
    if (caller.role !== listener.caller.role) {
      const { params } = listener.subscriber
      const accepted = await acceptWishes(this.#database, { params, caller }).catch(
        (error: unknown) => retry(messageOf(error)),
      )
      if (!accepted.ok) {
        stop()
        return accepted
      }
    }
    listener.caller = caller
    listener.audience = audienceOf(caller)
    return null
  }

  #open(): Promise<Feed> {
    if (this.#linger !== null) clearTimeout(this.#linger)
    this.#linger = null
    if (this.#closed) return Promise.reject(new Error('Realtime is shutting down'))
    if (this.#feed !== null) return Promise.resolve(this.#feed)
    if (performance.now() - this.#failedAtMs < pauseMs) {
      return Promise.reject(new Error('the database could not be reached a moment ago'))
    }
    this.#opening ??= this.#openNow().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #openNow(): Promise<Feed> {
    this.#state = { kind: 'opening' }
    try {
      const feed = await openFeed({
        database: this.#database,
        onLost: (why) => this.#lost(why),
        onUntold: (listeners) => this.#untold(listeners),
      })
      this.#feed = feed
      this.#state = { kind: 'up' }
      return feed
    } catch (error) {
      this.#failedAtMs = performance.now()
      this.#unavailable(error)
      throw error
    }
  }

  #unavailable(error: unknown): void {
    const why = whyUnavailable(error)
    this.#state = { kind: 'unavailable', why }
    this.#log.warn('changes of tables cannot be followed', { why })
  }

  #lost(why: string): void {
    const feed = this.#feed
    this.#feed = null
    this.#state = { kind: 'idle' }
    this.#log.warn('the stream of changes broke', { why })
    for (const listener of feed?.listeners ?? []) {
      end(listener, 'The connection to the database was lost; changes may be missing')
    }
    void feed?.close()
  }

  #untold(listeners: ReadonlySet<Listener>): void {
    this.#log.warn('it could not be told who may see a change', { subscribers: listeners.size })
    for (const listener of listeners) {
      this.#feed?.remove(listener)
      end(listener, 'Unable to check who may see a change; changes may be missing')
    }
    this.#closeLater()
  }

  #closeLater(): void {
    if (this.#closed || this.#arriving > 0 || this.#feed?.listeners.length !== 0) return
    this.#linger ??= setTimeout(() => {
      this.#linger = null
      if (this.#arriving === 0 && this.#feed?.listeners.length === 0) void this.#shut()
    }, lingerMs)
  }

  async #shut(): Promise<void> {
    const feed = this.#feed
    this.#feed = null
    if (feed !== null) this.#state = { kind: 'idle' }
    await feed?.close()
  }
}

function end(listener: Listener, message: string): void {
  if (listener.stopped) return
  listener.stopped = true
  listener.subscriber.lost(message)
}

function retry(message: string): Refusal {
  return { ok: false, message, final: false }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
