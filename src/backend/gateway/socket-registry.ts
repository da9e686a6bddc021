import type { Log } from '../log.ts'
import type { Sessions } from '../tokens/sessions.ts'
import type { GatewayLimits } from './limits.ts'
import type { OpenSocket } from './open-socket.ts'

/** Longest delay that Node's timers take. */
const longestTimerMs = 2 ** 31 - 1
const minuteMs = 60_000
/** Ended sessions that are remembered, for sockets that were being opened at that moment. */
const endedKept = 1_000

export interface SocketRegistryOptions {
  readonly sessions: Sessions
  readonly limits: GatewayLimits
  readonly log: Log
}

export type SocketKind = 'progress' | 'stream'

interface Entry {
  readonly kind: SocketKind
  readonly tenantIds: readonly string[]
  expiry: NodeJS.Timeout
}

/**
 * Every open socket, and what ends one from outside: its token's expiry, the end of its session,
 * a silent peer, the end of the server.
 */
export class SocketRegistry {
  readonly #options: SocketRegistryOptions
  readonly #sockets = new Map<OpenSocket, Entry>()
  readonly #ended = new Set<string>()
  #pinging: NodeJS.Timeout | null = null
  #minute: NodeJS.Timeout | null = null
  #off: (() => void) | null = null

  constructor(options: SocketRegistryOptions) {
    this.#options = options
  }

  start(): void {
    this.#off = this.#options.sessions.onEnded((sessionId) => this.#sessionEnded(sessionId))
    this.#pinging = setInterval(() => {
      for (const socket of this.#sockets.keys()) socket.ping()
    }, this.#options.limits.pingIntervalMs)
    this.#minute = setInterval(() => {
      for (const socket of this.#sockets.keys()) socket.forgetInbound()
    }, minuteMs)
  }

  /** Says goodbye to all. */
  close(): void {
    this.#off?.()
    if (this.#pinging !== null) clearInterval(this.#pinging)
    if (this.#minute !== null) clearInterval(this.#minute)
    for (const socket of this.#sockets.keys()) socket.end(1001, 'server_going')
  }

  /** Open sockets of each kind. */
  counts(): Readonly<Record<SocketKind, number>> {
    const counts = { progress: 0, stream: 0 }
    for (const [socket, { kind }] of this.#sockets) if (socket.open) counts[kind] += 1
    return counts
  }

  countFor(tenantIds: readonly string[]): number {
    const wanted = new Set(tenantIds)
    let count = 0
    for (const [socket, entry] of this.#sockets) {
      if (socket.open && entry.tenantIds.some((id) => wanted.has(id))) count += 1
    }
    return count
  }

  hasRoomFor(userId: string, kind: SocketKind): boolean {
    const { socketsPerUser, streamsPerUser } = this.#options.limits
    let count = 0
    for (const [{ claims }, entry] of this.#sockets) {
      if (claims.userId === userId && entry.kind === kind) count += 1
    }
    return count < (kind === 'stream' ? streamsPerUser : socketsPerUser)
  }

  /** From here on the socket's end is seen to. The tenants are those whose jobs it shows. */
  add(socket: OpenSocket, kind: SocketKind, tenantIds: readonly string[]): void {
    this.#sockets.set(socket, { kind, tenantIds, expiry: untilExpiry(socket) })
    if (this.#ended.has(socket.claims.sessionId)) socket.end(1008, 'session_revoked')
  }

  /** Its token was replaced by a newer one. */
  renewed(socket: OpenSocket): void {
    const entry = this.#sockets.get(socket)
    if (entry === undefined) return
    clearTimeout(entry.expiry)
    entry.expiry = untilExpiry(socket)
  }

  remove(socket: OpenSocket): void {
    const entry = this.#sockets.get(socket)
    if (entry === undefined) return
    clearTimeout(entry.expiry)
    this.#sockets.delete(socket)
  }

  #sessionEnded(sessionId: string | null): void {
    if (sessionId === null) {
      void this.#checkSessions()
      return
    }
    this.#ended.add(sessionId)
    const [oldest] = this.#ended
    if (this.#ended.size > endedKept && oldest !== undefined) this.#ended.delete(oldest)
    for (const socket of this.#sockets.keys()) {
      if (socket.claims.sessionId === sessionId) socket.end(1008, 'session_revoked')
    }
  }

  /** Ends may have been missed: every session that matters is asked for again. */
  async #checkSessions(): Promise<void> {
    const { sessions, log } = this.#options
    const ids = new Set([...this.#sockets.keys()].map(({ claims }) => claims.sessionId))
    for (const id of ids) {
      try {
        if (!(await sessions.alive(id))) this.#sessionEnded(id)
      } catch (error) {
        // The database went again: it will be said again when it is back.
        log.warn('a session could not be checked', { why: String(error) })
      }
    }
  }
}

function untilExpiry(socket: OpenSocket): NodeJS.Timeout {
  const leftMs = socket.claims.expiresAtMs - Date.now()
  const delayMs = Math.min(longestTimerMs, Math.max(0, leftMs))
  return setTimeout(() => socket.end(1008, 'token_expired'), delayMs)
}
