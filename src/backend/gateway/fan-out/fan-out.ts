import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import type { JobFeed } from '../feed.ts'
import { ChangeLog } from './change-log.ts'
import { LogTail } from './log-tail.ts'

export interface FanOutOptions {
  readonly database: Database
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

export function createFanOut({ database, log }: FanOutOptions): FanOut {
  const tail = new LogTail(new ChangeLog(database), log)
  let unlisten: (() => Promise<void>) | null = null
  return {
    feed: tail,
    start: async () => {
      // The bell first: what is committed while the log is looked up is read on the next ring.
      unlisten = await database.listen(bell, () => tail.ring())
      await tail.start()
      tail.ring()
    },
    close: async () => {
      await unlisten?.().catch(() => undefined)
      await tail.close()
    },
  }
}
