import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../../../src/main/lib/secret.ts'
import { openSocketIoSource } from '../../../../../src/main/sources/socketio/socketio-source.ts'
import { settleAll } from '../../../../support/fake-clock.ts'
import { FakeSockets } from '../../../../support/fake-socket.ts'
import { handshake } from '../../../../support/io-bench.ts'
import { SourceBench } from '../../../../support/source-bench.ts'
import { wireJob } from '../../../../support/wire-jobs.ts'

let sockets: FakeSockets
let bench: SourceBench
/** Paths that were asked for by HTTP. */
let asked: string[]

beforeEach(() => {
  sockets = new FakeSockets()
  asked = []
  bench = new SourceBench({
    open: openSocketIoSource,
    gatewayUrl: 'http://gw.test/base',
    sockets: sockets.open,
    fetch: (input) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      asked.push(pathname)
      return Promise.resolve(
        pathname.endsWith('/bridge')
          ? Response.json({ success: true })
          : new Response(null, { status: 404 }),
      )
    },
  })
})

afterEach(async () => {
  await bench.scope.close('test over')
  expect(bench.clock.armed).toBe(0)
  expect(sockets.live).toBe(0)
  expect(bench.logged.join('')).not.toContain('token-')
})

async function say(...texts: string[]): Promise<void> {
  for (const text of texts) sockets.last.say(text)
  await settleAll()
}

/** The socket that was dialled last is welcome, and told where things stand. */
async function live(): Promise<void> {
  await settleAll()
  sockets.last.accept()
  const snapshot = { epoch: 'e1', offsets: { acme: 1 }, jobs: [wireJob()] }
  const said = JSON.stringify(['job:snapshot', snapshot])
  await say(handshake(), '40{"sid":"io-1"}', `42${said}`)
}

const bridges = (): number => asked.filter((path) => path.endsWith('/bridge')).length

async function offer(): Promise<void> {
  await bench.tokens.renew(new Secret(bench.tokens.token))
  await settleAll()
}

describe('the Socket.IO source', () => {
  it('says how it stands, from the first dial on', async () => {
    expect(bench.source.view).toEqual({
      kind: 'socketio',
      state: 'connecting',
      sockets: 0,
      nextTryAtMs: null,
      reason: null,
    })
    await live()
    expect(bench.source.view).toMatchObject({ state: 'live', sockets: 1, reason: null })
    expect(asked[0]).toBe('/base/api/auth/session/bridge')
    expect(new URL(sockets.last.url).pathname).toBe('/base/socket.io/')
    expect(new URL(sockets.last.url).searchParams.has('token')).toBe(false)
    sockets.last.end()
    await settleAll()
    expect(bench.source.view).toMatchObject({
      state: 'reconnecting',
      sockets: 0,
      reason: 'unreachable',
      nextTryAtMs: expect.any(Number) as unknown,
    })
  })

  it('counts a socket that is silent, and does not call it live', async () => {
    await live()
    bench.clock.stall(12_000)
    expect(bench.source.view).toMatchObject({ state: 'reconnecting', sockets: 1 })
  })

  it('F52: knows by its connection what it was told before, and ends it for a hole', async () => {
    await live()
    const event = { tenant_id: 'acme', offset: 3, job: wireJob({ seq: 3 }) }
    await say(`42${JSON.stringify(['job:event', event])}`)
    expect(sockets.live).toBe(0)
    expect(bench.row()).toMatchObject({ remembered: true })
  })

  it('I14: takes its rows for true again when a silent peer speaks, and only then', async () => {
    await live()
    bench.lose()
    sockets.last.pong()
    expect(bench.row()?.remembered).toBe(true)
    bench.clock.stall(12_001)
    sockets.last.pong()
    expect(bench.row()?.remembered).toBe(false)
  })

  it('does not take rows for true by a sign of life alone, while it may have missed something', async () => {
    await live()
    bench.lose()
    sockets.last.end()
    await settleAll()
    const { nextTryAtMs } = bench.source.view
    await bench.clock.advance((nextTryAtMs ?? 0) - bench.clock.now(), settleAll)
    sockets.last.accept()
    await say(handshake(), '40{"sid":"io-2"}')
    bench.clock.stall(12_001)
    await say('2')
    expect(bench.source.view.state).toBe('live')
    expect(bench.row()?.remembered).toBe(true)
  })

  it('does not wake once it is over', async () => {
    await live()
    await bench.scope.close('signed out')
    const { length } = asked
    bench.source.wake()
    await settleAll()
    expect([asked.length, sockets.all.length]).toEqual([length, 1])
  })

  it('stops for a refusal that nothing can mend', async () => {
    await settleAll()
    sockets.last.accept()
    await say(handshake(), '44{"message":"x","data":{"code":"origin_refused"}}')
    expect(bench.source.stopped).toBe('forbidden')
  })
})

describe('a renewed token', () => {
  it('is offered on the open socket, and tells the bridge', async () => {
    await live()
    await offer()
    expect(sockets.last.sent.at(-1)).toBe('420["auth",{"token":"token-2"}]')
    await say('430[{"ok":true}]')
    expect(asked.at(-1)).toBe('/base/api/auth/session/refresh')
    expect([bridges(), sockets.all.length]).toEqual([1, 1])
    expect(bench.logged.join('')).not.toContain('was not taken')
  })

  it.each<[unknown, string, number]>([
    [{ ok: false, code: 'bridge_required' }, 'bridge_required', 2],
    [{ ok: false, code: 'session_revoked' }, 'session_revoked', 2],
    [{ ok: false, code: 'token_expired' }, 'token_expired', 1],
    [{ ok: false }, 'unnamed', 1],
    ['what', 'unreadable', 1],
  ])('that is answered by %j is brought in by a successor', async (answer, code, bridgings) => {
    await live()
    await offer()
    await say(`430[${JSON.stringify(answer)}]`)
    expect(bench.logged.join('')).toContain(`"code":"${code}"`)
    await bench.clock.advance(100, settleAll)
    expect([bridges(), sockets.all.length]).toEqual([bridgings, 2])
    expect(sockets.last.headers.Authorization).toBe('Bearer token-2')
  })
})
