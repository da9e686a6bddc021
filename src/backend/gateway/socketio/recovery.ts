import { createAdapter } from '@socket.io/redis-streams-adapter'
import type { RedisClientType } from 'redis'
import { Adapter, SessionAwareAdapter, type Session } from 'socket.io-adapter'
import { z } from 'zod'
import type { Principal } from './principal.ts'

/** How long a connection may be away and still be told what it missed. */
export const recoveryMs = 120_000
/** Packets that are kept for those who are away, over all tenants. */
const mostPackets = 10_000

export type Redis = Pick<RedisClientType, 'close' | 'destroy' | 'isOpen' | 'isReady'>

/** What is kept of a socket while it is away; also in Redis, so nothing in it is a secret. */
export const keptSchema = z.object({
  sessionId: z.string(),
  by: z.enum(['cookie', 'token']),
  tenantIds: z.array(z.string()),
  /**
   * Packets that went before it was told where things stand. Who comes back with one of them has
   * not heard that. Null is that nobody can tell.
   */
  beforeGreeting: z.array(z.string()).nullable(),
  expiresAtMs: z.number(),
})
export type Kept = z.infer<typeof keptSchema>

/**
 * Asked before anything that was missed is sent: Socket.IO sends it before it asks who is there
 * (all that a client shows for it is a private id, known to nobody else).
 */
export type MayRecover = (kept: Kept) => Promise<Principal | null>

type Restore = (pid: string, offset: string) => Promise<Session>

/** What a socket that is recovered has as its data, until it is seen to; never kept anywhere. */
export interface Recovered extends Kept {
  readonly principal: Principal
}

/** Socket.IO takes a rejection for a connection that is not there any more. */
async function checkKept(
  data: unknown,
  offset: string,
  mayRecover: MayRecover,
): Promise<Recovered> {
  const kept = keptSchema.parse(data)
  const wasGreeted = kept.beforeGreeting?.includes(offset) === false
  const principal = wasGreeted ? await mayRecover(kept) : null
  if (principal === null) throw new Error('this connection cannot be recovered')
  return { ...kept, principal }
}

/**
 * For one process: the packets of two minutes, but never more than a bounded number. What is sent
 * as `local` is for one client and for now: it is not kept.
 */
export function memoryAdapter(mayRecover: MayRecover) {
  return class extends SessionAwareAdapter {
    override async restoreSession(pid: string, offset: string): Promise<Session> {
      // Before what was missed is looked up: what happens during the question is missed as well.
      const { sessions } = this as unknown as { readonly sessions: ReadonlyMap<string, Session> }
      const data = await checkKept(sessions.get(pid)?.data, offset, mayRecover)
      // Null, whatever its type says, if what was missed is not there any more.
      const session = (await super.restoreSession(pid, offset)) as Session | null
      if (session === null) throw new Error('what this connection missed is not kept')
      return { ...session, data }
    }

    override broadcast(...args: Parameters<SessionAwareAdapter['broadcast']>): void {
      const [, { flags }] = args
      if (flags?.local === true) {
        Adapter.prototype.broadcast.apply(this, args)
        return
      }
      super.broadcast(...args)
      const { packets } = this as unknown as { readonly packets: unknown[] }
      if (packets.length > mostPackets) packets.splice(0, mostPackets / 10)
    }
  }
}

/** For several processes: a packet that one of them sends reaches the clients of all. */
export function redisAdapter(client: Redis, mayRecover: MayRecover) {
  const create = createAdapter(client, {
    streamName: 'signalbox:socket.io',
    channelPrefix: 'signalbox:socket.io',
    sessionKeyPrefix: 'signalbox:socket.io:session:',
    maxLen: mostPackets,
    blockTimeInMs: 1_000,
    onlyPlaintext: true,
  })
  return function guardedAdapter(namespace: unknown) {
    const adapter = create(namespace)
    const restore: Restore = adapter.restoreSession.bind(adapter)
    adapter.restoreSession = async (pid, offset) => {
      const session = await restore(pid, offset)
      const data = await checkKept(session.data, offset, mayRecover)
      // Once more, for what happened during the question.
      adapter.persistSession({ ...session, missedPackets: [] })
      return { ...(await restore(pid, offset)), data }
    }
    return adapter
  }
}
