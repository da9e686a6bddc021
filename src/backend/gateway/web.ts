import type { FastifyInstance } from 'fastify'
import type { Database } from '../database/database.ts'
import type { TakeUpgrade } from '../http-upgrades.ts'
import type { Log } from '../log.ts'
import type { Sessions } from '../tokens/sessions.ts'
import type { Verifier } from '../tokens/verifier.ts'
import type { Audit } from './audit.ts'
import type { JobChange, JobFeed } from './feed.ts'
import type { GatewayLimits } from './limits.ts'
import { Origins } from './origins.ts'
import { createBridge } from './session-bridge/bridge.ts'
import type { BridgeSettings } from './session-bridge/grant.ts'
import { createSocketIo } from './socketio/socketio.ts'

/** What those who serve web pages may set. */
export interface WebSettings {
  /** What browsers know this gateway by; asked once it listens. */
  readonly publicOrigin?: () => string
  /** Other sites whose pages may use cookies here. */
  readonly allowedOrigins?: readonly string[]
  readonly bridge?: Partial<BridgeSettings>
}

interface WebOptions {
  readonly database: Database
  readonly verifier: Verifier
  readonly sessions: Sessions
  readonly audit: Audit
  readonly feed: JobFeed
  readonly redisUrl: string | null
  readonly limits: GatewayLimits
  readonly log: Log
  readonly behindProxy: boolean
}

/** The door for pages: bridged sessions, and Socket.IO for those who have one. */
export interface Web {
  register: (app: FastifyInstance) => void
  readonly takeUpgrade: TakeUpgrade
  /** Open Socket.IO connections. */
  sockets: () => number
  relay: (changes: readonly JobChange[]) => void
  start: () => Promise<void>
  close: () => Promise<void>
}

export function createWeb(options: WebOptions, settings: WebSettings): Web {
  const origins = new Origins({
    publicOrigin: settings.publicOrigin ?? (() => ''),
    allowed: settings.allowedOrigins ?? [],
  })
  const bridge = createBridge({ ...options, origins, settings: settings.bridge ?? {} })
  const { userSessions } = bridge
  const socketIo = createSocketIo({ ...options, origins, userSessions })
  return {
    register: (app) => {
      bridge.register(app)
      socketIo.register(app)
    },
    takeUpgrade: socketIo.takeUpgrade,
    sockets: socketIo.sockets,
    relay: socketIo.relay,
    start: async () => {
      bridge.start()
      await socketIo.start()
    },
    close: async () => {
      await socketIo.close()
      bridge.close()
    },
  }
}
