import type { Server, Socket } from 'socket.io'
import { z } from 'zod'
import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import { idsOf } from '../caller.ts'
import type { GatewayLimits } from '../limits.ts'
import { readSnapshot } from './job-snapshot.ts'
import type { Door, Principal } from './principal.ts'
import { keptSchema, type Kept } from './recovery.ts'

export interface JobSocketsOptions {
  readonly database: Database
  readonly io: Server
  readonly door: Door
  readonly limits: GatewayLimits
  readonly log: Log
}

interface Entry {
  principal: Principal
  expiry: NodeJS.Timeout | null
  inbound: number
  greeted: boolean
}

/** Longest delay that Node's timers take. */
const longestTimerMs = 2 ** 31 - 1
/** How long a peer has to take its last words. */
const closeWithinMs = 800
/** Packets that may wait for a slow peer; it then has to come again. */
const mostWaiting = 2_000
const minuteMs = 60_000
const checkMs = 1_000

const renewal = z.object({ token: z.string().max(16 * 1024) })

export const roomOf = (tenantId: string): string => `tenant:${tenantId}`

/**
 * Every open Socket.IO connection: what it is told first, and what ends it from outside. Each stays
 * as long as its session and its credential, and in the rooms of its tenants only.
 */
export class JobSockets {
  readonly #options: JobSocketsOptions
  readonly #sockets = new Map<Socket, Entry>()
  #checking: NodeJS.Timeout | null = null
  #minute: NodeJS.Timeout | null = null

  constructor(options: JobSocketsOptions) {
    this.#options = options
  }

  start(): void {
    this.#checking = setInterval(() => this.#cutSlow(), checkMs)
    this.#minute = setInterval(() => {
      for (const entry of this.#sockets.values()) entry.inbound = 0
    }, minuteMs)
  }

  close(): void {
    if (this.#checking !== null) clearInterval(this.#checking)
    if (this.#minute !== null) clearInterval(this.#minute)
    for (const { expiry } of this.#sockets.values()) if (expiry !== null) clearTimeout(expiry)
    this.#sockets.clear()
  }

  countFor(userId: string): number {
    let count = 0
    for (const { principal } of this.#sockets.values()) {
      if (principal.claims.userId === userId) count += 1
    }
    return count
  }

  /** From here on the socket is seen to. */
  add(socket: Socket, principal: Principal): void {
    const entry: Entry = { principal, expiry: null, inbound: 0, greeted: false }
    this.#sockets.set(socket, entry)
    socket.once('disconnect', () => {
      if (entry.expiry !== null) clearTimeout(entry.expiry)
      this.#sockets.delete(socket)
    })
    socket.onAny(() => this.#countInbound(socket, entry))
    socket.on('auth', (message: unknown, answer: unknown) => {
      this.#renew(socket, entry, message)
        .catch((error: unknown) => this.#cannotTell(error))
        .then((said) => {
          if (typeof answer === 'function') (answer as (said: object) => void)(said)
        })
        .catch((error: unknown) => this.#warn('an answer could not be sent', error))
    })
    socket.on('ping', (_message: unknown, answer: unknown) => {
      if (typeof answer === 'function') (answer as (said: object) => void)({ type: 'pong' })
    })
    const known = keptSchema.safeParse(socket.data)
    const isKnown = socket.recovered && known.success && known.data.greeted
    entry.greeted = isKnown
    if (this.#settle(socket, entry) || !isKnown) this.#tell(socket)
    // It may have ended while it was let in.
    this.#check(socket, entry)
  }

  /** Bridged sessions that ended; null is that any may have. */
  sessionEnded(sessionId: string | null): void {
    for (const [socket, entry] of this.#sockets) {
      if (sessionId === null) this.#check(socket, entry)
      else if (entry.principal.sessionId === sessionId) this.#end(socket, 'session_revoked')
    }
  }

  /** Something was missed: everybody is told anew where things stand. */
  tellAll(): void {
    for (const socket of this.#sockets.keys()) this.#tell(socket)
  }

  /** Rooms, what is kept for a recovery, and the time that it has. True if the rooms are others. */
  #settle(socket: Socket, entry: Entry): boolean {
    const { claims, sessionId, by } = entry.principal
    const tenantIds = idsOf(claims)
    const rooms = new Set(tenantIds.map(roomOf))
    const before = [...socket.rooms].filter((room) => room !== socket.id)
    for (const room of before) if (!rooms.has(room)) void socket.leave(room)
    void socket.join([...rooms])
    const { expiresAtMs } = claims
    const kept: Kept = { sessionId, by, tenantIds, expiresAtMs, greeted: entry.greeted }
    socket.data = kept
    if (entry.expiry !== null) clearTimeout(entry.expiry)
    const delayMs = Math.min(longestTimerMs, Math.max(0, claims.expiresAtMs - Date.now()))
    entry.expiry = setTimeout(() => {
      if (by === 'token') this.#end(socket, 'token_expired')
      else this.#check(socket, entry)
    }, delayMs)
    return before.length !== rooms.size || before.some((room) => !rooms.has(room))
  }

  /** Whether its session still stands; a cookie's may also have been prolonged. */
  #check(socket: Socket, entry: Entry): void {
    const { door } = this.#options
    const { sessionId, by } = entry.principal
    door
      .again(sessionId)
      .then((found) => {
        if (!this.#sockets.has(socket) || entry.principal.sessionId !== sessionId) return
        // The token speaks for itself: that the cookie ran out beside it does not matter.
        if ('refused' in found && (by === 'cookie' || found.refused !== 'token_expired')) {
          this.#end(socket, found.refused)
        } else if (!('refused' in found) && by === 'cookie') {
          entry.principal = found
          if (this.#settle(socket, entry)) this.#tell(socket)
        }
      })
      .catch((error: unknown) => {
        this.#warn('a session could not be checked', error)
        // Nobody stays longer than is known to be right.
        if (entry.principal.claims.expiresAtMs <= Date.now()) this.#end(socket, 'token_expired')
      })
  }

  /** A newer token of the same session. What cannot be taken leaves everything as it was. */
  async #renew(socket: Socket, entry: Entry, message: unknown): Promise<object> {
    const parsed = renewal.safeParse(message)
    if (!parsed.success) return { ok: false, code: 'token_malformed' }
    const found = await this.#options.door.byToken(parsed.data.token)
    if ('refused' in found) return { ok: false, code: found.refused }
    const { userId, sessionId } = entry.principal.claims
    if (found.claims.userId !== userId || found.claims.sessionId !== sessionId) {
      return { ok: false, code: 'forbidden' }
    }
    if (!this.#sockets.has(socket)) return { ok: false, code: 'session_revoked' }
    entry.principal = found
    if (this.#settle(socket, entry)) this.#tell(socket)
    return { ok: true, expires_at: new Date(found.claims.expiresAtMs).toISOString() }
  }

  #cannotTell(error: unknown): object {
    this.#warn('a token could not be checked', error)
    return { ok: false, code: 'verifier_unavailable' }
  }

  #tell(socket: Socket): void {
    const entry = this.#sockets.get(socket)
    if (entry === undefined) return
    readSnapshot(this.#options.database, entry.principal.claims).then(
      (snapshot) => {
        this.#say(socket, 'job:snapshot', snapshot)
        entry.greeted = true
        socket.data = { ...(socket.data as Kept), greeted: true }
      },
      (error: unknown) => {
        this.#warn('jobs could not be read for a socket', error)
        // Without last words: it is to come again.
        socket.conn.close()
      },
    )
  }

  /** At once and to this one only: not by way of Redis, nor kept for a recovery. */
  #say(socket: Socket, event: string, message: object): void {
    this.#options.io.local.to(socket.id).emit(event, message)
  }

  #end(socket: Socket, reason: string): void {
    if (!this.#sockets.delete(socket)) return
    this.#say(socket, 'session:ended', { reason })
    const { conn } = socket
    socket.disconnect(true)
    const cut = setTimeout(() => conn.close(true), closeWithinMs)
    conn.once('close', () => clearTimeout(cut))
  }

  #countInbound(socket: Socket, entry: Entry): void {
    entry.inbound += 1
    if (entry.inbound > this.#options.limits.inboundPerMinute)
      this.#end(socket, 'too_many_messages')
  }

  #cutSlow(): void {
    for (const { conn } of this.#sockets.keys()) {
      const { writeBuffer } = conn as unknown as { readonly writeBuffer: readonly unknown[] }
      if (writeBuffer.length > mostWaiting) conn.close(true)
    }
  }

  #warn(what: string, error: unknown): void {
    this.#options.log.warn(what, { why: String(error) })
  }
}
