import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/main/lib/secret.ts'
import { ScriptedSocketIo } from '../support/scripted-socketio.ts'
import { SocketIoBench } from '../support/socketio-bench.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

let server: ScriptedSocketIo
let bench: SocketIoBench

/** Handles of this process that keep it alive: both ends of every connection are here. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return { tcp: counts.TCPSocketWrap ?? 0, timers: counts.Timeout ?? 0 }
}
const renew = (): Promise<unknown> => bench.tokens.renew(new Secret(bench.tokens.token))
const asked = (what: string, count = 1): Promise<void> =>
  until(
    `${what} is asked for`,
    () => server.requests.filter(({ path }) => path.includes(what)).length >= count,
  )
const hangs = (what: string): void => {
  server.onHttp = ({ path }) => (path.includes(what) ? 'hang' : undefined)
}

beforeEach(async () => {
  server = await ScriptedSocketIo.listen()
  server.put(wireJob())
})
afterEach(() => server.close())

/** Live, with a poll that waits: a server notices who has gone by the poll that ends. */
async function polling(): Promise<void> {
  await bench.live()
  await until('a poll waits', () => server.waiting === 1)
}

interface State {
  /** Before it is opened. */
  readonly set?: () => void
  readonly reached: () => Promise<unknown>
}

const states: Record<string, State> = {
  'while the bridge is asked': {
    set: () => hangs('/bridge'),
    reached: () => asked('/bridge'),
  },
  'in the handshake of a websocket': {
    set: () => (server.way = 'hanging'),
    reached: () => asked('transport=websocket'),
  },
  'in the handshake of polling': {
    set: () => {
      server.way = 'refused'
      hangs('transport=polling')
    },
    reached: () => asked('transport=polling'),
  },
  'before it is let in, on a websocket': {
    set: () => (server.admit = () => 'never'),
    reached: () => until('it knocks', () => server.credentials.length === 1),
  },
  'before it is let in, by polling': {
    set: () => {
      server.way = 'refused'
      server.admit = () => 'never'
    },
    reached: () => until('it knocks', () => server.credentials.length === 1),
  },
  'open, on a websocket': { reached: () => bench.live() },
  'open, by polling': {
    set: () => (server.way = 'refused'),
    reached: polling,
  },
  'while it waits for the next dial': {
    set: () => (server.onHttp = () => ({ status: 503 })),
    reached: () => until('it waits', () => bench.source.view.nextTryAtMs !== null),
  },
  'on a websocket in a black hole': {
    reached: async () => {
      await bench.live()
      server.freeze()
    },
  },
  'by polling in a black hole, asked for a sign of life': {
    set: () => (server.way = 'refused'),
    reached: async () => {
      await polling()
      server.freeze()
      await bench.clock.advance(8_000)
    },
  },
  'with more to say than the peer reads': {
    reached: async () => {
      await bench.live()
      server.freeze()
      await renew()
    },
  },
  'while a renewed token is handed over': {
    reached: async () => {
      server.acknowledges = false
      await bench.live()
      server.way = 'hanging'
      await renew()
      await bench.clock.advance(10_000)
      await asked('transport=websocket', 2)
    },
  },
}

describe('F72: ended', () => {
  it.each(Object.keys(states))('%s, nothing is left on either side', async (name) => {
    const { set, reached } = states[name]!
    const before = handles()
    set?.()
    bench = new SocketIoBench({ gatewayUrl: server.url })
    await reached()
    const closed = bench.scope.close('signed out')
    // A goodbye to which nobody listens is given up after 0.5 s.
    await bench.clock.advance(500)
    await closed
    expect(bench.clock.armed).toBe(0)
    expect(bench.scope.size).toBe(0)
    expect(bench.tally).toEqual({ sockets: 0, timersAndRequests: 0, subscriptions: 0 })
    expect(bench.desk.size).toBe(0)
    server.thaw()
    await until('the server has nothing left', () => server.connections + server.sessions === 0)
    await until('the process has nothing left', () => {
      const now = handles()
      return now.tcp! <= before.tcp! && now.timers! <= before.timers!
    })
    const { requests } = server
    const count = requests.length
    await bench.clock.advance(120_000)
    expect(requests).toHaveLength(count)
  })
})

describe('a renewed token', () => {
  it('F32: is taken on the open socket where the server can', async () => {
    bench = new SocketIoBench({ gatewayUrl: server.url })
    await bench.live()
    await renew()
    await asked('/refresh')
    const refresh = server.requests.find(({ path }) => path.endsWith('/refresh'))
    expect(refresh).toMatchObject({ token: 'token-2' })
    expect(refresh?.cookie).toContain('sb_refresh=refresh-1')
    expect(server.dials).toHaveLength(1)
    await bench.scope.close('test over')
  })

  it('F32: is brought in by a successor where it cannot, and nothing is lost or shown twice', async () => {
    server.acknowledges = false
    bench = new SocketIoBench({ gatewayUrl: server.url })
    await bench.live()
    await renew()
    server.push('job-1', { progress: 20 })
    await until('it is heard', () => bench.row()?.progress === 20)
    await bench.clock.advance(10_000)
    await until('the successor is told where things stand', () => server.credentials.length === 2)
    server.push('job-1', { progress: 21 })
    await until('the old one has gone', () => server.sessions === 1)
    server.push('job-1', { progress: 22 })
    await until('it is heard', () => bench.row()?.progress === 22)
    expect(server.credentials.at(-1)).toMatchObject({ token: 'token-2' })
    expect(bench.shown).toEqual(['live'])
    expect(bench.source.view.gap).toBeUndefined()

    server.cut()
    await until('the drop is noticed', () => bench.state !== 'live')
    for (const progress of [23, 24]) server.push('job-1', { progress })
    await bench.pass('it is back', () => bench.source.view.gap !== undefined)
    expect(bench.source.view.gap).toMatchObject({ recovered: 2, missing: 0 })
    await bench.scope.close('test over')
  })
})
