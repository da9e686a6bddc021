import type { FastifyInstance } from 'fastify'
import type { RealtimeConfig } from '../../config.ts'
import type { Database } from '../../database/database.ts'
import { refuseUpgrade, type TakeUpgrade } from '../../http-upgrades.ts'
import type { Log } from '../../log.ts'
import type { TokenCheck } from '../../tokens/token-check.ts'
import type { ApiKeys } from '../api-keys.ts'

export interface RealtimeOptions {
  readonly database: Database
  readonly apiKeys: ApiKeys
  readonly check: TokenCheck
  readonly config: RealtimeConfig
  readonly log: Log
}

/** `/realtime/v1` as an unmodified realtime-js expects it (supabase.md §3). */
export interface Realtime {
  register: (app: FastifyInstance) => void
  readonly takeUpgrade: TakeUpgrade
  start: () => Promise<void>
  close: () => Promise<void>
}

export function createRealtime(options: RealtimeOptions): Realtime {
  return {
    register: () => options.log.debug('registered'),
    takeUpgrade: ({ path, socket }) => {
      if (!path.startsWith('/realtime/v1/')) return null
      refuseUpgrade(socket, '403 Forbidden')
      return Promise.resolve()
    },
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
