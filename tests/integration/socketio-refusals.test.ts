import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeTokens } from '../support/fake-tokens.ts'
import type { Answer } from '../support/scripted-gateway.ts'
import { ScriptedSocketIo } from '../support/scripted-socketio.ts'
import { SocketIoBench } from '../support/socketio-bench.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

let server: ScriptedSocketIo
let bench: SocketIoBench

const open = (): SocketIoBench => {
  bench = new SocketIoBench({ gatewayUrl: server.url })
  return bench
}
const openLive = (): Promise<void> => open().live()
const shows = (view: object): Promise<void> =>
  until(`it shows ${JSON.stringify(view)}`, () =>
    Object.entries(view).every(([name, value]) =>
      Object.is(Reflect.get(bench.source.view, name), value),
    ),
  )
const stopped = (reason: string): Promise<void> =>
  until(`it stops for ${reason}`, () => bench.source.stopped === reason)

/** What the bridge answers, this often or always; then as usual. */
function bridgeAnswers(answer: Answer | 'hang', times = Infinity): void {
  let left = times
  server.onHttp = ({ path }) => {
    if (path !== '/api/auth/session/bridge' || left === 0) return undefined
    left -= 1
    return answer
  }
}
const refusal = (status: number, code: string): Answer => ({
  status,
  body: JSON.stringify({ success: false, error: { code, message: 'no', ref: 'r1' } }),
})

beforeEach(async () => {
  server = await ScriptedSocketIo.listen()
  server.put(wireJob())
})

afterEach(async () => {
  const closed = bench.scope.close('test over')
  await bench.clock.advance(500)
  await closed
  expect(bench.clock.armed).toBe(0)
  expect(bench.tally).toEqual({ sockets: 0, timersAndRequests: 0, subscriptions: 0 })
  await until('the server has no connection left', () => server.connections === 0)
  await server.close()
  expect(bench.logged.join('')).not.toMatch(/token-|session-\d|refresh-\d/)
})

describe('a bridge that fails', () => {
  it.each<[string, Answer]>([
    [
      '500 in words of the seed',
      {
        status: 500,
        body: '{"success":false,"message":"Failed to create session","error":"Session creation failed: Could not find the table \'public.user_sessions\' in the schema cache"}',
      },
    ],
    ['503', { status: 503 }],
    ['no success', { status: 200, body: '{"success":false}' }],
    ['no JSON', { status: 200, body: 'welcome' }],
  ])(
    'S4: %s is shown as such, no socket is dialled, and it is tried again',
    async (_what, answer) => {
      bridgeAnswers(answer, 2)
      open()
      await shows({ state: 'reconnecting', reason: 'bridge_failed', sockets: 0 })
      expect(bench.source.view.nextTryAtMs).toBeGreaterThan(bench.clock.now())
      expect(server.dials).toEqual([])
      await bench.pass('it is live', () => bench.state === 'live')
      expect(server.bridged).toHaveLength(3)
    },
  )

  it('S4: one that never answers has failed after 10 s', async () => {
    bridgeAnswers('hang')
    open()
    await until('it is asked', () => server.bridged.length === 1)
    await bench.clock.advance(9_999)
    expect(bench.state).toBe('connecting')
    await bench.clock.advance(1)
    await shows({ state: 'reconnecting', reason: 'bridge_failed' })
    expect(server.dials).toEqual([])
  })

  it('F31: a refused token is renewed once, for the bridge as for everything', async () => {
    bridgeAnswers(refusal(401, 'token_expired'), 1)
    await openLive()
    expect(server.bridged.map(({ token }) => token)).toEqual(['token-1', 'token-2'])
    expect(server.credentials).toEqual([{ token: 'token-2' }])
  })

  it.each([
    ['401 with a reason', refusal(401, 'token_signature'), 'token_signature'],
    ['401 without', { status: 401 }, 'bridge_refused'],
    ['403 without', { status: 403 }, 'bridge_refused'],
  ])('%s, twice, stops the source with that reason', async (_what, answer, reason) => {
    bridgeAnswers(answer)
    open()
    await stopped(reason)
    expect(server.bridged).toHaveLength(2)
    expect(server.dials).toEqual([])
  })

  it.each([
    ['an account that may not', refusal(403, 'forbidden')],
    ['a gateway without a bridge', { status: 404 }],
    ['a page that may not', refusal(403, 'origin_refused')],
  ])('%s is told so at once', async (_what, answer) => {
    bridgeAnswers(answer)
    open()
    await stopped('bridge_refused')
    expect(server.bridged).toHaveLength(1)
  })

  it.each<[string, Answer]>([
    [
      'F13: a login page',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
    ],
    ['F14: a way to one', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
  ])('%s is a captive portal and not followed', async (_what, answer) => {
    bridgeAnswers(answer)
    open()
    await shows({ state: 'reconnecting', reason: 'captive_portal' })
    expect(bench.source.view.nextTryAtMs! - bench.clock.now()).toBeGreaterThanOrEqual(10_000)
  })

  it('F16: one that asks for a pause gets it', async () => {
    bridgeAnswers({ status: 429, headers: { 'retry-after': '30' } })
    open()
    await shows({ reason: 'rate_limited' })
    expect(bench.source.view.nextTryAtMs! - bench.clock.now()).toBeGreaterThanOrEqual(30_000)
  })

  it('F6: a server that is not there is unreachable, not unbridged', async () => {
    const { url } = server
    await server.close()
    bench = new SocketIoBench({ gatewayUrl: url })
    await shows({ state: 'reconnecting', reason: 'unreachable' })
    server = await ScriptedSocketIo.listen()
  })
})

describe('a connection that is refused', () => {
  const once = (code: string) => {
    let left = 1
    server.admit = () => (left-- > 0 ? { message: 'no', code } : null)
  }

  it('for want of a bridge is bridged again, once, with the same token', async () => {
    once('bridge_required')
    await openLive()
    expect(server.bridged.map(({ token }) => token)).toEqual(['token-1', 'token-1'])
    expect(bench.tokens.renewals).toBe(0)
  })

  it('for want of a bridge again and again is given up', async () => {
    server.admit = () => ({ message: 'no', code: 'bridge_required' })
    open()
    await stopped('bridge_refused')
    expect(server.bridged).toHaveLength(2)
  })

  it.each([['token_expired'], ['session_revoked']])('for %s gets one fresh token', async (code) => {
    once(code)
    await openLive()
    expect(server.credentials).toEqual([{ token: 'token-1' }, { token: 'token-2' }])
    expect(server.bridged).toHaveLength(2)
  })

  it('in prose is refused all the same', async () => {
    server.admit = (token) => (token === 'token-1' ? { message: 'jwt expired' } : null)
    await openLive()
    server.admit = () => ({ message: 'Authentication error' })
    server.cut()
    await bench.pass('it is given up', () => bench.source.stopped !== null)
    expect(bench.source.stopped).toBe('forbidden')
  })

  it('for its origin is given up', async () => {
    once('origin_refused')
    open()
    await stopped('forbidden')
    expect(bench.tokens.renewals).toBe(0)
  })

  it.each([
    ['too_many_sockets', 'rate_limited', 10_000],
    ['server_going', 'server_error', 0],
    ['verifier_unavailable', 'server_error', 0],
  ])('for %s is tried later', async (code, reason, atLeastMs) => {
    once(code)
    open()
    await shows({ state: 'reconnecting', reason })
    expect(bench.source.view.nextTryAtMs! - bench.clock.now()).toBeGreaterThanOrEqual(atLeastMs)
    await bench.pass('it is live', () => bench.state === 'live')
    expect(bench.tokens.renewals).toBe(0)
  })

  it('by a server without Socket.IO is given up', async () => {
    server.onHttp = ({ path }) => (path.startsWith('/socket.io/') ? { status: 404 } : undefined)
    server.way = 'refused'
    open()
    await stopped('not_served')
    expect(server.dials).toEqual(['websocket', 'polling'])
  })
})

describe('a connection that the server ends', () => {
  it.each([
    ['token_expired', 'token-2'],
    ['session_revoked', 'token-2'],
  ])('with the word %s is dialled with a fresh token', async (reason, token) => {
    await openLive()
    server.io.emit('session:ended', { reason })
    server.io.disconnectSockets(true)
    await until('it is back', () => server.credentials.length === 2)
    await bench.live()
    expect(server.credentials[1]).toMatchObject({ token })
  })

  it('without a word is dialled again, ever more slowly, and no token is spent', async () => {
    server.onSocket = (socket) => socket.disconnect(true)
    open()
    const waits: number[] = []
    for (let times = 1; times <= 6; times += 1) {
      await until(
        'it waits',
        () => server.credentials.length === times && bench.source.view.nextTryAtMs !== null,
      )
      waits.push(bench.source.view.nextTryAtMs! - bench.clock.now())
      await bench.clock.advance(waits.at(-1)!)
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
    expect(bench.tokens.renewals).toBe(0)
  })

  it('for too many messages has its pause', async () => {
    await openLive()
    server.io.emit('session:ended', { reason: 'too_many_messages' })
    server.io.disconnectSockets(true)
    await shows({ state: 'reconnecting', reason: 'rate_limited' })
  })

  it('F45: for a session that cannot be renewed stops', async () => {
    await openLive()
    bench.tokens.failure = { code: 'session_revoked', message: 'gone' }
    server.io.emit('session:ended', { reason: 'session_revoked' })
    server.io.disconnectSockets(true)
    await stopped('session_revoked')
  })
})

describe('a peer that breaks the rules', () => {
  it.each<[string, (emit: (name: string, ...said: unknown[]) => void) => void]>([
    ['F64: an unknown name', (emit) => emit('chat:message', { text: 'hello' })],
    ['F64: bytes', (emit) => emit('job:event', Buffer.from('abc'))],
    ['F58: no object', (emit) => emit('job:event', 'x')],
    ['F58: no list', (emit) => emit('job:snapshot', { jobs: 7 })],
    [
      'F55: no number',
      (emit) => emit('job:event', { tenant_id: 'acme', offset: 'x', job: wireJob() }),
    ],
  ])('%s is dropped and counted, and the socket stays', async (_what, say) => {
    await openLive()
    say((name, ...said) => server.io.emit(name, ...said))
    await until('it is counted', () => bench.desk.dropped > 0)
    server.push('job-1', { progress: 55 })
    await until('the next one is taken', () => bench.row()?.progress === 55)
    expect(server.dials).toHaveLength(1)
  })

  it('F61: one that keeps naming another tenant is not listened to any more', async () => {
    await openLive()
    for (let at = 1; at <= 3; at += 1) {
      server.io.emit('job:event', {
        tenant_id: 'globex',
        offset: at,
        job: wireJob({ id: `g${at}`, tenant_id: 'globex' }),
      })
    }
    await stopped('protocol_error')
    expect(bench.rows.map(({ id }) => id)).toEqual(['job-1'])
  })

  it('F21: a packet of 5 MB is not taken', async () => {
    await openLive()
    server.io.emit('job:event', { text: 'x'.repeat(5 * 1024 * 1024) })
    await shows({ state: 'reconnecting', reason: 'protocol_error' })
  })

  it('F21: nor is it by polling', async () => {
    server.way = 'refused'
    await openLive()
    server.io.emit('job:event', { text: 'x'.repeat(5 * 1024 * 1024) })
    await shows({ state: 'reconnecting', reason: 'protocol_error' })
  })

  it.each([
    ['no JSON', '0{'],
    ['nothing in it', '0null'],
    ['no Engine.IO', 'hello'],
  ])('a handshake with %s is an error, by either transport', async (_what, body) => {
    server.way = 'refused'
    server.onHttp = ({ path }) =>
      path.startsWith('/socket.io/')
        ? { status: 200, headers: { 'content-type': 'text/plain' }, body }
        : undefined
    open()
    await shows({ state: 'reconnecting', reason: 'protocol_error' })
  })
})

describe('a token that cannot be had', () => {
  it('neither bridges nor dials', async () => {
    const tokens = new FakeTokens()
    tokens.failure = { code: 'offline', message: 'no network' }
    bench = new SocketIoBench({ gatewayUrl: server.url, tokens })
    await shows({ state: 'reconnecting', reason: 'offline' })
    expect(server.requests).toEqual([])
  })
})
