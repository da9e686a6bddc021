import type { Server, Socket } from 'socket.io'
import { z } from 'zod'
import type { Database } from '../../database/database.ts'
import type { Log } from '../../log.ts'
import { idsOf } from '../caller.ts'
import type { GatewayLimits } from '../limits.ts'
import { readSnapshot } from './job-snapshot.ts'
import type { Door, Principal, Refused } from './principal.ts'
import type { Kept } from './recovery.ts'

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
  /** As it is kept, once it has been greeted. */
  beforeGreeting: string[] | null
  greeted: boolean
  /** How often it was told, or is about to be told, where things stand. */
  tellings: number
}

/** Longest delay that Node's timers take. */
const longestTimerMs = 2 ** 31 - 1
/** How long a peer has to take its last words. */
const closeWithinMs = 800
/** Packets before the greeting that are remembered. */
const mostBefore = 1_000
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

  /** The other connections of a user. */
  countBeside(own: Socket, userId: string): number {
    let count = 0
    for (const [socket, { principal }] of this.#sockets) {
      if (socket !== own && principal.claims.userId === userId) count += 1
    }
    return count
  }

  /** From here on the socket is seen to. */
  add(socket: Socket, principal: Principal): void {
    const { recovered: greeted, handshake } = socket
    const told = { beforeGreeting: [], greeted, tellings: greeted ? 1 : 0 }
    const entry: Entry = { principal, expiry: null, inbound: 0, ...told }
    this.#sockets.set(socket, entry)
    // Also what it heard of another connection.
    if (!greeted) this.#noteBefore(entry, handshake.auth.offset)
    socket.onAnyOutgoing((...said: unknown[]) => this.#noteBefore(entry, said.at(-1)))
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
    if (this.#settle(socket, entry) || !greeted) this.#tell(socket)
    // It may have ended while it was let in.
    this.#check(socket, entry)
  }

  /** What its own credential says of a socket that was recovered. */
  judged(socket: Socket, found: Principal | Refused): void {
    const entry = this.#sockets.get(socket)
    if (entry === undefined) return
    if ('refused' in found) {
      // That nobody can tell is no reason: its session was there a moment ago.
      if (found.refused !== 'verifier_unavailable') this.#end(socket, found.refused)
      return
    }
    entry.principal = found
    if (this.#settle(socket, entry)) this.#tell(socket)
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

  #keep(socket: Socket, { principal, greeted, beforeGreeting }: Entry): void {
    const { claims, sessionId, by } = principal
    const kept: Kept = {
      sessionId,
      by,
      tenantIds: idsOf(claims),
      beforeGreeting: greeted ? beforeGreeting : null,
      expiresAtMs: claims.expiresAtMs,
    }
    socket.data = kept
  }

  /** Rooms, what is kept for a recovery, and the time that it has. True if the rooms are others. */
  #settle(socket: Socket, entry: Entry): boolean {
    const { claims, by } = entry.principal
    const rooms = new Set(idsOf(claims).map(roomOf))
    const before = [...socket.rooms].filter((room) => room !== socket.id)
    for (const room of before) if (!rooms.has(room)) void socket.leave(room)
    void socket.join([...rooms])
    this.#keep(socket, entry)
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
    entry.tellings += 1
    // Which of them it heard, nobody can tell.
    if (entry.tellings > 1) entry.beforeGreeting = null
    this.#keep(socket, entry)
    readSnapshot(this.#options.database, entry.principal.claims).then(
      (snapshot) => {
        this.#say(socket, 'job:snapshot', snapshot)
        entry.greeted = true
        this.#keep(socket, entry)
      },
      (error: unknown) => {
        this.#warn('jobs could not be read for a socket', error)
        // Without last words: it is to come again.
        socket.conn.close()
      },
    )
  }

  /** Socket.IO's number of a packet is the last that it says. */
  #noteBefore(entry: Entry, packetId: unknown): void {
    if (entry.greeted || typeof packetId !== 'string') return
    entry.beforeGreeting?.push(packetId)
    if (entry.beforeGreeting?.length === mostBefore) entry.beforeGreeting = null
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
