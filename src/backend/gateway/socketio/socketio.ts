import { setTimeout as pause } from 'node:timers/promises'
import { Server as Engine } from 'engine.io'
import type { FastifyInstance } from 'fastify'
import { createClient } from 'redis'
import { Server, type Socket } from 'socket.io'
import type { Database } from '../../database/database.ts'
import type { TakeUpgrade } from '../../http-upgrades.ts'
import type { Log } from '../../log.ts'
import type { Verifier } from '../../tokens/verifier.ts'
import type { Audit } from '../audit.ts'
import { idsOf } from '../caller.ts'
import { remoteAddress } from '../credential.ts'
import type { JobChange, JobFeed } from '../feed.ts'
import type { GatewayLimits } from '../limits.ts'
import type { Origins } from '../origins.ts'
import { RequestBudget } from '../request-budget.ts'
import type { UserSessions } from '../session-bridge/user-sessions.ts'
import { JobSockets, roomOf } from './job-sockets.ts'
import { Door, type Principal, type Refused } from './principal.ts'
import {
  memoryAdapter,
  recoveryMs,
  redisAdapter,
  type MayRecover,
  type Recovered,
  type Redis,
} from './recovery.ts'

export interface SocketIoOptions {
  readonly database: Database
  readonly verifier: Verifier
  readonly userSessions: UserSessions
  readonly origins: Origins
  readonly feed: JobFeed
  /** With Redis, events go to the clients of all gateways, from the one that relays. */
  readonly redisUrl: string | null
  readonly audit: Audit
  readonly limits: GatewayLimits
  readonly log: Log
  readonly behindProxy: boolean
}

/** Jobs over Socket.IO (gateway-protocol §5). */
export interface SocketIo {
  register: (app: FastifyInstance) => void
  readonly takeUpgrade: TakeUpgrade
  /** Open connections. */
  sockets: () => number
  /** Passes changes on to the clients of all gateways. */
  relay: (changes: readonly JobChange[]) => void
  start: () => Promise<void>
  close: () => Promise<void>
}

/** Namespaces that are not `/` do not exist; who does not choose one in time is cut off. */
const connectWithinMs = 10_000
const mostConnections = 5_000
const refusalsRecorded = 30
const leaveWithinMs = 1_000

export function createSocketIo(options: SocketIoOptions): SocketIo {
  const { database, feed, limits, log } = options
  const door = new Door(options)
  const engine = createEngine(options)
  const io = new Server({
    serveClient: false,
    connectTimeout: connectWithinMs,
    // Who comes back is there at once: what happens while it is asked who it is would be lost.
    connectionStateRecovery: { maxDisconnectionDuration: recoveryMs, skipMiddlewares: true },
  })
  const sockets = new JobSockets({ database, io, door, limits, log })
  const redis = connectRedis(options, io, () => sockets.tellAll())
  io.adapter(
    redis === null ? memoryAdapter(mayRecover(door)) : redisAdapter(redis, mayRecover(door)),
  )
  io.bind(engine)
  admit(io, { ...options, door, sockets })
  const relay = (changes: readonly JobChange[]): void => {
    for (const change of changes) emit(io, change)
  }
  /** Without Redis each gateway tells its own clients; once it is back, all are told anew. */
  const tellOwn = (changes: readonly JobChange[]): void => {
    for (const change of changes) emit(io.local, change)
  }
  const tell = (changes: readonly JobChange[] | null): void => {
    if (changes === null) sockets.tellAll()
    else if (redis === null) relay(changes)
    else if (!redis.isReady) tellOwn(changes)
  }
  const off: (() => Promise<void> | void)[] = []
  return {
    register: (app) => registerPolling(app, engine),
    takeUpgrade: ({ message, socket, head, path }) => {
      if (!/^\/socket\.io\/?$/.test(path)) return null
      engine.handleUpgrade(message, socket, head)
      return Promise.resolve()
    },
    sockets: () => engine.clientsCount,
    relay,
    start: async () => {
      const heard = (id: string | null): void => sockets.sessionEnded(id)
      off.push(await database.listen('user_session_ended', heard), feed.subscribe(tell))
      sockets.start()
    },
    close: async () => {
      for (const end of off.splice(0)) await Promise.resolve(end()).catch(() => undefined)
      sockets.close()
      await io.close()
      if (redis !== null) await leave(redis)
    },
  }
}

const emit = (io: Pick<Server, 'to'>, { tenantId, offset, job }: JobChange): void =>
  void io.to(roomOf(tenantId)).emit('job:event', { tenant_id: tenantId, offset, job })

function createEngine({ origins, limits }: SocketIoOptions): Engine {
  const engine: Engine = new Engine({
    transports: ['websocket', 'polling'],
    maxHttpBufferSize: limits.inboundBytes,
    pingInterval: limits.pingIntervalMs,
    perMessageDeflate: false,
    cors: {
      credentials: true,
      origin: (origin, say) => say(null, origin !== undefined && origins.knows(origin)),
    },
    allowRequest: (request, say) => {
      const isNew = !/[?&]sid=/.test(request.url ?? '')
      say(null, !isNew || engine.clientsCount < mostConnections)
    },
  })
  return engine
}

/** The body belongs to Engine.IO, and so do preflights and all of the answer. */
function registerPolling(app: FastifyInstance, engine: Engine): void {
  app.register((own, _options, done) => {
    own.removeAllContentTypeParsers()
    own.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
    own.route({
      method: ['GET', 'POST', 'OPTIONS'],
      url: '/socket.io/',
      config: { cors: false },
      handler: (request, reply) => {
        reply.hijack()
        const { raw } = request
        engine.handleRequest(raw, reply.raw)
      },
    })
    done()
  })
}

function connectRedis(
  { redisUrl, log }: SocketIoOptions,
  io: Server,
  onBack: () => void,
): Redis | null {
  if (redisUrl === null) return null
  const client = createClient({ url: redisUrl, commandsQueueMaxLength: 10_000 })
  // The adapter does not wait for this one; without Redis there is no recovery, and that is all.
  const set = client.set.bind(client)
  const quiet = (...args: Parameters<typeof set>): Promise<unknown> =>
    set(...args).catch(() => null)
  Object.assign(client, { set: quiet })
  let lost = false
  // The message may hold the address, but never the password.
  client.on('error', (error: Error) => {
    if (!lost) log.warn('Redis cannot be reached', { why: error.message })
    lost = true
  })
  client.on('ready', () => {
    if (lost) onBack()
    lost = false
  })
  client.connect().catch((error: unknown) => {
    log.error('Redis was given up', { why: String(error) })
    io.local.disconnectSockets(true)
  })
  return client
}

/** What was said is still sent, if that is possible soon. */
async function leave(redis: Redis): Promise<void> {
  if (redis.isReady) {
    await Promise.race([redis.close(), pause(leaveWithinMs, undefined, { ref: false })])
  }
  if (redis.isOpen) redis.destroy()
}

/** The session must stand, with the tenants it had; a token that was shown must still be good. */
const mayRecover =
  (door: Door): MayRecover =>
  async ({ sessionId, by, tenantIds, expiresAtMs }) => {
    const found = await door.again(sessionId)
    if ('refused' in found) return null
    const { claims } = found
    const now = new Set(idsOf(claims))
    if (!tenantIds.every((id) => now.has(id))) return null
    if (by === 'cookie') return found
    return expiresAtMs > Date.now() ? { claims: { ...claims, expiresAtMs }, sessionId, by } : null
  }

interface Admission extends SocketIoOptions {
  readonly door: Door
  readonly sockets: JobSockets
}

function admit(io: Server, { door, sockets, limits, audit, log, behindProxy }: Admission): void {
  const admitted = new WeakMap<Socket, Principal>()
  const recorded = new RequestBudget(refusalsRecorded)
  const record = (socket: Socket, found: Principal | Refused): void => {
    const address = remoteAddress(socket.request, behindProxy)
    const isRefused = 'refused' in found
    const result = isRefused ? found.refused : socket.recovered ? 'recovered' : 'accepted'
    if (isRefused && recorded.spend(address ?? '') !== null) return
    const claims = isRefused ? null : found.claims
    const subject = isRefused ? null : found.sessionId
    audit.write({ claims, action: 'socketio.connect', subject, remoteAddress: address, result })
    log.debug('Socket.IO connection', { result, user: claims?.userId })
  }
  const judge = async (socket: Socket): Promise<Principal | Refused> => {
    const found = await door.judge(socket).catch((error: unknown): Refused => {
      log.warn('a socket could not be judged', { why: String(error) })
      return { refused: 'verifier_unavailable', message: 'sessions cannot be checked; try again' }
    })
    if ('refused' in found) return found
    if (sockets.countBeside(socket, found.claims.userId) < limits.streamsPerUser) return found
    return { refused: 'too_many_sockets', message: 'too many connections of one user' }
  }
  io.use((socket, next) => {
    void judge(socket).then((found) => {
      record(socket, found)
      if ('refused' in found) {
        next(Object.assign(new Error(found.message), { data: { code: found.refused } }))
        return
      }
      admitted.set(socket, found)
      next()
    })
  })
  io.on('connection', (socket) => {
    const principal = admitted.get(socket)
    if (principal !== undefined) {
      sockets.add(socket, principal)
      return
    }
    if (!socket.recovered) {
      socket.disconnect(true)
      return
    }
    // It was asked for its session. That it is who it says is asked while it is there.
    sockets.add(socket, (socket.data as Recovered).principal)
    void judge(socket).then((found) => {
      record(socket, found)
      sockets.judged(socket, found)
    })
  })
}
