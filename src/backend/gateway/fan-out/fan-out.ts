import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import type { JobChange, JobFeed } from '../feed.ts'
import { ChangeLog } from './change-log.ts'
import { LogTail } from './log-tail.ts'
import { RedisFollower } from './redis-follower.ts'
import { Relay } from './relay.ts'

export interface FanOutOptions {
  readonly database: Database
  /** Null where this gateway is the only one. */
  readonly redisUrl: string | null
  /** Of all gateways on one Redis, one is told of each change; at a handover two may be. */
  readonly onRelayed: (changes: readonly JobChange[]) => void
  readonly log: Log
}

/** How the changes of all jobs come into this gateway. */
export interface FanOut {
  readonly feed: JobFeed
  start: () => Promise<void>
  close: () => Promise<void>
}

/** The bell that the trigger rings. */
const bell = 'job_changes'

export function createFanOut({ database, redisUrl: url, onRelayed, log }: FanOutOptions): FanOut {
  const changes = new ChangeLog(database)
  const tail = new LogTail(changes, log)
  const { connection } = database
  const follower = url === null ? null : new RedisFollower({ url, changes, tail, log })
  const relay = url === null ? null : new Relay({ url, connection, changes, onRelayed, log })
  let unlisten: (() => Promise<void>) | null = null
  /** Null: the connection that hears the bell was lost. */
  const ring = (payload: string | null): void => {
    relay?.ring()
    if (payload === null) tail.doubt()
    else if (follower === null) tail.ring()
    else follower.ring()
  }
  return {
    feed: tail,
    start: async () => {
      // The bell first: what is committed while the log is looked up is read on the next ring.
      unlisten = await database.listen(bell, ring)
      await tail.start()
      follower?.start()
      relay?.start()
      ring('')
    },
    close: async () => {
      await unlisten?.().catch(() => undefined)
      await relay?.close()
      await follower?.close()
      await tail.close()
    },
  }
}
