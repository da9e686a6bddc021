import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  JobHand,
  startTestGateway,
  type TestGateway,
  type TestSocket,
} from '../../support/gateway.ts'
import { until } from '../../support/until.ts'

let gateway: TestGateway
let hand: JobHand

beforeAll(async () => {
  gateway = await startTestGateway({
    auth: { tokenLifetimeSeconds: 5 },
    leewaySeconds: 0,
    limits: { streamsPerUser: 3 },
  })
  hand = new JobHand(gateway.backend)
})
afterAll(() => gateway.stop())

async function streaming(token: string): Promise<TestSocket> {
  const stream = gateway.open('/ws?epoch=&offset=', token)
  await stream.until(1)
  return stream
}

const offer = (stream: TestSocket, token: string): void =>
  stream.socket.send(JSON.stringify({ type: 'auth', token }))

const answer = async (stream: TestSocket): Promise<object | undefined> => {
  const before = stream.frames.length
  const frames = await stream.until(before + 1)
  return frames[before]
}

describe('a tenant stream ends', () => {
  it('when its token expires, and not before when it was renewed', async () => {
    const { token, renew } = await session(0)
    const [left, kept] = [await streaming(token), await streaming(token)]
    const newer = await renew()
    const told = answer(kept)
    offer(kept, newer.token)
    expect(await told).toEqual({ type: 'authenticated', expires_at: newer.expiresAt })
    expect(await left.ended).toEqual({ code: 1008, reason: 'token_expired' })
    expect(kept.socket.readyState).toBe(kept.socket.OPEN)
    expect(await kept.ended).toEqual({ code: 1008, reason: 'token_expired' })
  })

  it('not when a newer token is refused: the one before it counts on', async () => {
    const { token } = await session(0)
    const stream = await streaming(token)
    for (const [bad, reason] of [
      ['x', 'token_malformed'],
      [gateway.backend.legacyAnonKey, 'token_wrong_kind'],
      [`${token.slice(0, -4)}AAAA`, 'token_signature'],
    ] as const) {
      const told = answer(stream)
      offer(stream, bad)
      expect(await told).toEqual({ type: 'auth_refused', reason })
    }
    const event = answer(stream)
    await hand.start(gateway.tenantOf(0))
    expect(await event).toMatchObject({ type: 'event' })
    stream.socket.close()
  })

  it('when the newer token is of somebody else, also of the same tenant', async () => {
    for (const other of [1, 2]) {
      const stream = await streaming((await session(0)).token)
      offer(stream, (await session(other)).token)
      expect(await stream.ended).toEqual({ code: 4403, reason: 'forbidden' })
    }
  })

  it('when its session is ended', async () => {
    const { token } = await session(0)
    const stream = await streaming(token)
    await gateway.signOut(token)
    expect(await stream.ended).toEqual({ code: 1008, reason: 'session_revoked' })
  })

  it('beyond the number that one user may have', async () => {
    const { token } = await session(1)
    const streams = [await streaming(token), await streaming(token), await streaming(token)]
    expect(await gateway.open('/ws', token).ended).toEqual({
      code: 4429,
      reason: 'too_many_sockets',
    })
    for (const { socket } of streams) socket.close()
  })
})

interface Session {
  readonly token: string
  readonly renew: () => Promise<{ token: string; expiresAt: string }>
}

async function session(user: number): Promise<Session> {
  const { email, password } = gateway.backend.users[user]!
  const ask = async (grant: string, body: object) => {
    const url = `${gateway.backend.supabaseUrl}/auth/v1/token?grant_type=${grant}`
    const headers = { apikey: gateway.backend.publishableKey, 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await response.json()) as {
      access_token: string
      refresh_token: string
      expires_at: number
    }
  }
  const signedIn = await ask('password', { email, password })
  return {
    token: signedIn.access_token,
    renew: async () => {
      // Tokens of one second are the same token.
      const began = Date.now()
      await until('a second went by', () => Date.now() > began + 1_100)
      const newer = await ask('refresh_token', { refresh_token: signedIn.refresh_token })
      return {
        token: newer.access_token,
        expiresAt: new Date(newer.expires_at * 1_000).toISOString(),
      }
    },
  }
}
