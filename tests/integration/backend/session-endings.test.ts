import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthCaller, type SessionBody } from '../../support/auth-caller.ts'
import { startTestBackend, type TestBackend } from '../../support/backend.ts'
import { BridgeCaller } from '../../support/bridge-caller.ts'
import { openSocket } from '../../support/gateway.ts'
import { RealtimeSocket } from '../../support/realtime-socket.ts'
import { connectIo } from '../../support/socketio-client.ts'
import { until } from '../../support/until.ts'

const lifetimeSeconds = 6

let backend: TestBackend
let auth: AuthCaller

beforeAll(async () => {
  backend = await startTestBackend({
    auth: { tokenLifetimeSeconds: lifetimeSeconds, reuseIntervalSeconds: 0 },
    tuning: { work: { scheduled: false } },
  })
  auth = new AuthCaller(backend)
  await backend.database.query(
    `insert into public.jobs (id, name, kind, tenant_id, queue, status, worker, started_at)
     values ('watched', 'Watched', 'ETL', 'acme-freight', 'by-hand', 'running', 'w', clock_timestamp())`,
  )
})
afterAll(() => backend.stop())

interface Wires {
  /** The last word of each wire, as soon as it has come; null until then. */
  readonly last: () => Readonly<
    Record<'progress' | 'stream' | 'socketio' | 'realtime', string | null>
  >
  readonly close: () => void
}

/** One wire of each kind, all of the same session. */
async function openAll({ access_token: token }: SessionBody): Promise<Wires> {
  const ends: { progress: string | null; stream: string | null } = { progress: null, stream: null }
  const progress = openSocket(`${backend.gatewayUrl}/ws/progress/watched`, token)
  const stream = openSocket(`${backend.gatewayUrl}/ws?epoch=none&offset=0`, token)
  void progress.ended.then(({ code, reason }) => (ends.progress = `${code} ${reason}`))
  void stream.ended.then(({ code, reason }) => (ends.stream = `${code} ${reason}`))
  expect((await new BridgeCaller(backend.gatewayUrl).bridge(token)).status).toBe(200)
  const io = connectIo(backend.gatewayUrl, { auth: { token }, reconnection: false })
  const realtime = await RealtimeSocket.open(backend)
  await realtime.join('wires', {}, token)
  await progress.until(1)
  await stream.until(1)
  await until('Socket.IO is greeted', () => io.snapshots.length > 0)
  return {
    last: () => ({
      ...ends,
      socketio: io.endings[0] ?? null,
      realtime: saidLast(realtime),
    }),
    close: () => {
      io.socket.disconnect()
      realtime.socket.terminate()
      progress.socket.terminate()
      stream.socket.terminate()
    },
  }
}

/** The words of the system error, once the channel was closed as well. */
function saidLast({ heard }: RealtimeSocket): string | null {
  if (!heard.some(({ event }) => event === 'phx_close')) return null
  const error = heard.find(({ event, payload }) => event === 'system' && payload.status === 'error')
  return JSON.stringify(error?.payload.message).slice(1, -1)
}

const allEnded = (wires: Wires) => (): boolean =>
  Object.values(wires.last()).every((word) => word !== null)

describe('every wire of a session', () => {
  it('ends when the session is revoked, each with the reason', async () => {
    const session = await auth.signIn()
    const other = await openAll(await auth.signIn(1))
    const wires = await openAll(session)
    await auth.call('/logout?scope=local', { method: 'POST', token: session.access_token })
    await until('all have ended', allEnded(wires))
    expect(wires.last()).toEqual({
      progress: '1008 session_revoked',
      stream: '1008 session_revoked',
      socketio: 'session_revoked',
      realtime: expect.stringMatching(/^session_revoked/) as string,
    })
    expect(Object.values(other.last()).every((word) => word === null)).toBe(true)
    other.close()
    wires.close()
  })

  it('ends when its token expires, each with the reason', async () => {
    const wires = await openAll(await auth.signIn())
    await until('all have ended', allEnded(wires))
    expect(wires.last()).toEqual({
      progress: '1008 token_expired',
      stream: '1008 token_expired',
      socketio: 'token_expired',
      realtime: expect.stringMatching(/^Token has expired \d+ seconds ago$/) as string,
    })
    wires.close()
  })

  it('stays through a refresh, and ends when a refresh token is used that was rotated twice', async () => {
    const session = await auth.signIn()
    const wires = await openAll(session)
    const second = await auth.refresh(session.refresh_token)
    const third = await auth.refresh(second.body.refresh_token as string)
    expect(third.status).toBe(200)
    expect(Object.values(wires.last()).every((word) => word === null)).toBe(true)
    const stolen = await auth.refresh(session.refresh_token)
    expect(stolen.body.code).toBe('refresh_token_already_used')
    await until('all have ended', allEnded(wires))
    expect(wires.last()).toMatchObject({
      progress: '1008 session_revoked',
      stream: '1008 session_revoked',
      socketio: 'session_revoked',
      realtime: expect.stringMatching(/^session_revoked/) as string,
    })
    expect((await auth.refresh(third.body.refresh_token as string)).status).toBe(400)
    wires.close()
  })
})
