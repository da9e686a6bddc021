import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import { every, type Repeating } from './every.ts'
import { pruneRecords } from './pruner.ts'

/** What grows with every change is kept small by every process, whether it works on jobs or not. */
export interface Upkeep {
  start: () => Promise<void>
  close: () => Promise<void>
}

const pauseMs = 30_000

export function createUpkeep(database: Database, log: Log): Upkeep {
  let repeating: Repeating | null = null
  return {
    start: () => {
      repeating ??= every(pauseMs, () => pruneRecords(database), log)
      return Promise.resolve()
    },
    close: async () => repeating?.close(),
  }
}
