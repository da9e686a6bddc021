import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openSocket } from '../../src/main/lib/sockets.ts'
import { ScriptedSocketIo } from '../support/scripted-socketio.ts'
import { SocketIoBench } from '../support/socketio-bench.ts'
import { until } from '../support/until.ts'
import { wireJob } from '../support/wire-jobs.ts'

let server: ScriptedSocketIo
let bench: SocketIoBench

type Options = Partial<ConstructorParameters<typeof SocketIoBench>[0]>

const open = (options: Options = {}): SocketIoBench => {
  bench = new SocketIoBench({ gatewayUrl: server.url, ...options })
  return bench
}
const openLive = async (options: Options = {}): Promise<void> => {
  if (server.jobs.size === 0) server.put(wireJob())
  await open(options).live()
}
const gap = () => bench.source.view.gap
const dropped = (): Promise<void> => until('the drop is noticed', () => bench.state !== 'live')

beforeEach(async () => {
  server = await ScriptedSocketIo.listen()
})

afterEach(async () => {
  const closed = bench.scope.close('test over')
  // A goodbye that nobody answers.
  await bench.clock.advance(500)
  await closed
  expect(bench.clock.armed).toBe(0)
  expect(bench.scope.size).toBe(0)
  expect(bench.tally).toEqual({ sockets: 0, timersAndRequests: 0, subscriptions: 0 })
  server.thaw()
  await until('the server has no connection left', () => server.connections === 0)
  await server.close()
  expect(bench.logged.join('')).not.toMatch(/token-|session-\d|refresh-\d/)
})

describe('the Socket.IO source', () => {
  it('S4: bridges first, then connects with what the bridge gave, and shows jobs move', async () => {
    await openLive()
    const [first, second] = server.requests
    expect(first).toMatchObject({
      method: 'POST',
      path: '/api/auth/session/bridge',
      token: 'token-1',
    })
    expect(second).toMatchObject({
      upgrade: true,
      token: 'token-1',
      cookie: 'sb_session=session-1',
    })
    expect(second?.path).not.toContain('token')
    expect(server.credentials).toEqual([{ token: 'token-1' }])
    expect(server.dials).toEqual(['websocket'])
    server.push('job-1', { progress: 44 })
    await until('the change is shown', () => bench.row()?.progress === 44)
    expect(bench.source.view).toMatchObject({ state: 'live', sockets: 1, reason: null })
    expect(gap()).toBeUndefined()
  })

  it('shows how many sockets it holds, and says goodbye to the bridge when it ends', async () => {
    await openLive()
    expect(bench.tally.sockets).toBe(1)
    await bench.scope.close('signed out')
    expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/auth/session' })
    expect(server.requests.at(-1)?.cookie).toContain('sb_refresh=refresh-1')
    await until('the server sees it go', () => server.sessions === 0)
  })

  it('I8: a job that is told of while the snapshot is on its way stays', async () => {
    server.put(wireJob())
    server.onSocket = (socket) => {
      const { snapshot } = server
      server.put(wireJob({ id: 'late', seq: 0 }))
      socket.emit('job:event', server.change('late'))
      socket.emit('job:snapshot', snapshot)
    }
    await open().live()
    await until('both are there', () => bench.rows.length === 2)
    expect(bench.row('late')?.seq).toBe(1)
  })

  it('shows also what ended long ago, where the gateway lists it', async () => {
    server.put(wireJob())
    const old = wireJob({ id: 'old', status: 'succeeded', progress: 100 })
    server.onHttp = ({ path }) =>
      path.startsWith('/api/v1/jobs')
        ? { status: 200, body: JSON.stringify({ jobs: [wireJob(), old], next_cursor: null }) }
        : undefined
    await open().live()
    await until('both are there', () => bench.rows.length === 2)
    expect(server.requests.find(({ path }) => path.startsWith('/api/v1/jobs'))?.token).toBe(
      'token-1',
    )
  })

  it('shows what it was told where the gateway lists nothing to anybody', async () => {
    server.put(wireJob())
    server.onHttp = ({ path }) => (path.startsWith('/api/v1/jobs') ? { status: 403 } : undefined)
    await open().live()
    await until('it has asked', () => bench.logged.join('').includes('not listed'))
    expect(bench.source.stopped).toBeNull()
    expect(bench.rows).toHaveLength(1)
  })

  it('S4: takes a snapshot of thousands of jobs', async () => {
    for (let at = 0; at < 5_000; at += 1) server.put(wireJob({ id: `job-${at}` }))
    await open().live()
    await until('all are there', () => bench.desk.size === 5_000)
  })
})

describe('after a drop', () => {
  it('has what it missed told in order, and says how many events that were', async () => {
    await openLive()
    server.push('job-1', { progress: 20 })
    await until('one is heard', () => bench.row()?.progress === 20)
    server.cut()
    await dropped()
    for (let percent = 21; percent <= 32; percent += 1) server.push('job-1', { progress: percent })
    await bench.pass('it is back', () => bench.state === 'live' && gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 12, missing: 0 })
    expect(bench.row()).toMatchObject({ progress: 32, remembered: false })
    expect(bench.shown).toEqual(['live', 'reconnecting', 'live'])
    expect(server.bridged).toHaveLength(1)
  })

  it('counts what it missed once, though it is told of it again after a refusal', async () => {
    await openLive()
    server.push('job-1', { progress: 20 })
    await until('one is heard', () => bench.row()?.progress === 20)
    // Socket.IO tells what was missed before it asks who is there.
    let left = 1
    server.admit = () => (left-- > 0 ? { message: 'later', code: 'server_going' } : null)
    server.cut()
    await dropped()
    for (const progress of [21, 22, 23]) server.push('job-1', { progress })
    await bench.pass('it is back', () => gap() !== undefined)
    expect(left).toBeLessThan(0)
    expect(gap()).toMatchObject({ recovered: 3, missing: 0 })
  })

  it('I14: rows of which nothing was missed are fresh again', async () => {
    server.put(wireJob({ id: 'quiet' }))
    await openLive()
    server.cut()
    await dropped()
    bench.lose()
    await bench.pass('it is back', () => gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 0, missing: 0 })
    expect(bench.rows.every(({ remembered }) => !remembered)).toBe(true)
  })

  it('knows that nothing was missed where only the numbers say so', async () => {
    await server.close()
    server = await ScriptedSocketIo.listen({ recoverable: false })
    await openLive()
    server.push('job-1', { progress: 20 })
    await until('one is heard', () => bench.row()?.progress === 20)
    server.cut()
    await dropped()
    await bench.pass('it is back', () => gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 0, missing: 0 })
  })

  it('does not claim to know what it missed when it is only told where things stand', async () => {
    await server.close()
    server = await ScriptedSocketIo.listen({ recoverable: false })
    await openLive()
    server.cut()
    await dropped()
    server.push('job-1', { progress: 60 })
    server.push('job-1', { status: 'failed' })
    await bench.pass('it is back', () => gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 0, missing: null })
    expect(bench.row()?.status).toBe('failed')
  })

  it('F53: believes another history from its beginning', async () => {
    await server.close()
    server = await ScriptedSocketIo.listen({ recoverable: false })
    server.put(wireJob({ seq: 900, progress: 90 }))
    await openLive()
    server.cut()
    await dropped()
    server.epoch = 'epoch-2'
    server.put(wireJob({ seq: 3, progress: 5 }))
    await bench.pass('it is back', () => gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 0, missing: null })
    expect(bench.row()).toMatchObject({ seq: 3, progress: 5 })
  })

  it('F52: a hole in the numbers is made good at once by a new start', async () => {
    await openLive()
    server.change('job-1', { progress: 30 })
    server.push('job-1', { progress: 31 })
    await until('the row is doubted', () => bench.row()?.remembered === true)
    await bench.pass('it is told again', () => gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 0, missing: null })
    expect(bench.row()).toMatchObject({ progress: 31, remembered: false })
    expect(server.dials).toHaveLength(2)
  })

  it('F52: a hole in what was kept for it proves nothing', async () => {
    await openLive()
    server.push('job-1', { progress: 20 })
    await until('one is heard', () => bench.row()?.progress === 20)
    server.cut()
    await dropped()
    server.push('job-1', { progress: 21 })
    server.change('job-1', { progress: 22 })
    server.push('job-1', { progress: 23 })
    await bench.pass('it is told again', () => gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 0, missing: null })
    expect(server.dials).toHaveLength(3)
  })

  it('S4: does not loop with a server whose numbers count something else', async () => {
    await openLive()
    for (let times = 0; times < 5; times += 1) {
      server.offset += 7
      server.push('job-1', { progress: 20 + times })
      await bench.pass(
        'it is told',
        () => bench.state === 'live' && bench.row()?.progress === 20 + times,
      )
    }
    expect(server.dials).toHaveLength(2)
    expect(bench.logged.join('')).toContain('their offsets prove nothing')
  })
})

describe('where a websocket does not get through', () => {
  it.each(['refused', 'cut'] as const)('%s: polls instead, with the same cookies', async (way) => {
    server.way = way
    await openLive()
    expect(server.dials).toEqual(['websocket', 'polling'])
    server.push('job-1', { progress: 44 })
    await until('the change is shown', () => bench.row()?.progress === 44)
    const polls = server.requests.filter(({ path }) => path.includes('sid='))
    expect(polls.length).toBeGreaterThan(1)
    for (const { cookie, token } of polls) {
      expect(cookie).toContain('sb_session=session-1')
      // A server behind a balancer finds its clients again by this one.
      expect(cookie).toContain('sticky=')
      expect(token).toBe('token-1')
    }
  })

  it('polls also when the way in is swallowed, after 10 s', async () => {
    server.way = 'hanging'
    server.put(wireJob())
    open()
    await until('it hangs', () => server.dials.length === 1)
    await bench.clock.advance(10_000)
    await bench.live()
    expect(server.dials).toEqual(['websocket', 'polling'])
  })

  it('T3: stays live while polling is answered, and finds a black hole within 12 s', async () => {
    server.way = 'refused'
    await openLive()
    const heard = vi.spyOn(bench.context.sink, 'heard')
    for (let times = 0; times < 5; times += 1) {
      const before = heard.mock.calls.length
      await bench.clock.advance(8_000)
      await until('the answer is heard', () => heard.mock.calls.length > before)
    }
    expect(bench.shown).toEqual(['live'])
    server.freeze()
    await bench.clock.advance(11_999)
    expect(bench.state).toBe('live')
    await bench.clock.advance(1)
    expect(bench.source.view).toMatchObject({ state: 'reconnecting', reason: 'timed_out' })
  })

  it('has what it missed told as well', async () => {
    server.way = 'refused'
    await openLive()
    server.push('job-1', { progress: 20 })
    await until('one is heard', () => bench.row()?.progress === 20)
    await until('it asks for more', () => server.waiting === 1)
    server.cut()
    await dropped()
    for (const progress of [21, 22, 23]) server.push('job-1', { progress })
    await bench.pass('it is back', () => gap() !== undefined)
    expect(gap()).toMatchObject({ recovered: 3, missing: 0 })
  })
})

describe('a silent peer', () => {
  it('T3: is asked, stays live while it answers, and is found dead within 12 s', async () => {
    await openLive()
    const heard = vi.spyOn(bench.context.sink, 'heard')
    for (let times = 0; times < 5; times += 1) {
      const before = heard.mock.calls.length
      await bench.clock.advance(8_000)
      await until('the pong is heard', () => heard.mock.calls.length > before)
    }
    expect(bench.shown).toEqual(['live'])
    server.freeze()
    await bench.clock.advance(12_000)
    expect(bench.source.view).toMatchObject({ state: 'reconnecting', reason: 'timed_out' })
  })

  it('T3: without ping frames it is asked by an event, and found dead within 12 s', async () => {
    await openLive({
      sockets: (request) => {
        const socket = openSocket(request)
        return {
          send: (text) => socket.send(text),
          ping: () => false,
          close: (code) => socket.close(code),
          terminate: () => socket.terminate(),
          bufferedAmount: 0,
        }
      },
    })
    const heard = vi.spyOn(bench.context.sink, 'heard')
    for (let times = 0; times < 3; times += 1) {
      const before = heard.mock.calls.length
      await bench.clock.advance(8_000)
      await until('the answer is heard', () => heard.mock.calls.length > before)
    }
    expect(bench.shown).toEqual(['live'])
    server.freeze()
    await bench.clock.advance(12_000)
    expect(bench.source.view).toMatchObject({ state: 'reconnecting', reason: 'timed_out' })
  })

  it('gives signs of life by the pings of Engine.IO as well', async () => {
    await server.close()
    server = await ScriptedSocketIo.listen({ pingInterval: 20 })
    await openLive()
    const heard = vi.spyOn(bench.context.sink, 'heard')
    await until('two are heard', () => heard.mock.calls.length >= 2)
    expect(bench.shown).toEqual(['live'])
  })

  it('§5: has 20 s for bridge, handshake and namespace together', async () => {
    server.admit = () => 'never'
    open()
    await until('it waits to be let in', () => server.credentials.length === 1)
    await bench.clock.advance(19_999)
    expect(bench.source.view).toMatchObject({ state: 'connecting', reason: null })
    await bench.clock.advance(1)
    expect(bench.source.view).toMatchObject({ state: 'reconnecting', reason: 'timed_out' })
  })
})
