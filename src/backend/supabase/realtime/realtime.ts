import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { WebSocketServer, type WebSocket } from 'ws'
import type { RealtimeConfig } from '../../config.ts'
import type { Database } from '../../database/database.ts'
import { refuseUpgrade, type TakeUpgrade, type Upgrade } from '../../http-upgrades.ts'
import type { Log } from '../../log.ts'
import type { Readings } from '../../metrics/metrics.ts'
import type { Sessions } from '../../tokens/sessions.ts'
import type { TokenCheck } from '../../tokens/token-check.ts'
import type { ApiKeys } from '../api-keys.ts'
import { createJudge } from './access.ts'
import { registerBroadcasts } from './broadcast-routes.ts'
import { createChanges } from './changes/change-capture.ts'
import type { ChangesState } from './changes/changes.ts'
import type { ChannelRoom } from './channel.ts'
import { Connection } from './connection.ts'
import { DatabaseBroadcasts } from './database-broadcasts.ts'
import { judgeHandshake, Refusals } from './handshake.ts'
import { createPolicies } from './policies.ts'
import { defaultRealtimeLimits } from './realtime-limits.ts'
import { SessionEnds } from './session-ends.ts'
import { Topics } from './topics.ts'

export interface RealtimeOptions {
  readonly database: Database
  readonly apiKeys: ApiKeys
  readonly check: TokenCheck
  readonly config: RealtimeConfig
  readonly log: Log
  /** Without them a channel outlives its session until the token expires. */
  readonly sessions?: Sessions
}

/** `/realtime/v1` as an unmodified realtime-js expects it (supabase.md §3). */
export interface Realtime {
  /** Whether changes of tables can be told; broadcast and presence need nothing of it. */
  readonly changes: ChangesState
  register: (app: FastifyInstance) => void
  readonly takeUpgrade: TakeUpgrade
  readonly readings: Readings
  start: () => Promise<void>
  close: () => Promise<void>
}

/** A message of ours is never fragmented, and nobody's is that much. */
const mostFragments = 64

export function createRealtime(options: RealtimeOptions): Realtime {
  return new RealtimeServer(options)
}

/** Owns the sockets: lets them in, counts them, and says goodbye to all. */
class RealtimeServer implements Realtime {
  readonly #options: RealtimeOptions
  readonly #room: ChannelRoom
  readonly #connections = new Set<Connection>()
  readonly #sockets = new Set<WebSocket>()
  readonly #server: WebSocketServer
  readonly #refusals: Refusals
  readonly #ends: SessionEnds
  readonly #broadcasts: DatabaseBroadcasts
  #closed = false

  constructor(options: RealtimeOptions) {
    const { database, check, log, sessions = null } = options
    const limits = { ...defaultRealtimeLimits, ...options.config.limits }
    const topics = new Topics()
    this.#options = options
    this.#ends = new SessionEnds(sessions, this.#connections, log)
    this.#room = {
      topics,
      limits,
      log,
      changes: createChanges({ database, log: log.child('changes') }),
      policies: createPolicies(database),
      judge: createJudge(check, this.#ends),
    }
    this.#refusals = new Refusals(limits.handshakeDelayMs)
    this.#broadcasts = new DatabaseBroadcasts(database, topics, log)
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: limits.frameBytes,
      maxFragments: mostFragments,
      perMessageDeflate: false,
    })
  }

  get changes(): ChangesState {
    return this.#room.changes.state
  }

  readonly readings: Readings = () => [
    {
      name: 'realtime_connections',
      help: 'Open connections to Realtime',
      value: this.#connections.size,
    },
  ]

  register(app: FastifyInstance): void {
    if (!this.#options.config.enabled) return
    const { judge, policies, topics: bus, limits } = this.#room
    const context = { apiKeys: this.#options.apiKeys, judge, policies, bus, limits }
    app.register(
      (realtime, _options, done) => {
        registerBroadcasts(realtime, context)
        done()
      },
      { prefix: '/realtime/v1' },
    )
  }

  readonly takeUpgrade: TakeUpgrade = (upgrade) => {
    if (!upgrade.path.startsWith('/realtime/v1/')) return null
    // Also after it was refused: a peer may reset what it no longer reads.
    upgrade.socket.on('error', () => upgrade.socket.destroy())
    if (upgrade.path === '/realtime/v1/websocket') return this.#enter(upgrade)
    refuseUpgrade(upgrade.socket, '404 Not Found')
    return Promise.resolve()
  }

  async start(): Promise<void> {
    if (!this.#options.config.enabled) return
    this.#ends.start()
    await this.#room.changes.start()
    await this.#broadcasts.start()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#ends.close()
    this.#refusals.close()
    const gone = [...this.#sockets].map((socket) => once(socket, 'close'))
    for (const connection of this.#connections) connection.end(1012, 'restarting')
    await Promise.all(gone)
    this.#server.close()
    await this.#broadcasts.close()
    await this.#room.changes.close()
  }

  async #enter(upgrade: Upgrade): Promise<void> {
    const { message, socket, head } = upgrade
    if (!this.#options.config.enabled) {
      return this.#refusals.send(socket, '403 Forbidden', 'Realtime disabled for this tenant')
    }
    const welcome = await judgeHandshake(upgrade, this.#options.apiKeys, this.#room.judge)
    if (this.#closed) {
      refuseUpgrade(socket, '503 Service Unavailable', { 'retry-after': '2' })
      return
    }
    if (!welcome.ok) {
      this.#options.log.info('a socket was refused', { why: welcome.error })
      return this.#refusals.send(socket, welcome.status, welcome.error)
    }
    if (this.#sockets.size >= this.#room.limits.connections) {
      return this.#refusals.send(socket, '429 Too Many Requests', 'Too many connected users')
    }
    this.#server.handleUpgrade(message, socket, head, (accepted) => {
      const { vsn, keyToken } = welcome
      const connection = new Connection({ socket: accepted, vsn, keyToken, room: this.#room })
      this.#sockets.add(accepted)
      this.#connections.add(connection)
      accepted.once('close', () => {
        this.#sockets.delete(accepted)
        this.#connections.delete(connection)
      })
    })
  }
}
