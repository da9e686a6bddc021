import { describe, expect } from 'vitest'
import { socketFactory } from '../../src/main/lib/sockets.ts'
import { wordsFor } from '../../src/renderer/diagnostics/wording.ts'
import { ConnectionBench } from '../support/connection-bench.ts'
import { fault } from '../support/fault.ts'
import { LiveSource } from '../support/live-source.ts'
import { drip, RawBench } from '../support/raw-bench.ts'
import { frame, RawServer } from '../support/raw-server.ts'
import { until } from '../support/until.ts'

/** A drop of every connection that stands, and a change that nobody hears meanwhile. */
async function dropAndReturn(how: 'rst' | 'fin'): Promise<string> {
  await using line = await LiveSource.live()
  const { bench, gateway, proxy } = line
  proxy.cut(how)
  await until('the drop is noticed', () => bench.state === 'reconnecting')
  expect(bench.source.view).toMatchObject({ reason: 'unreachable', sockets: 0 })
  gateway.push('job-1', { progress: 77 })
  await line.passing('it is live again', () => bench.state === 'live')
  await until('what was missed is shown', () => bench.row()?.progress === 77)
  expect(bench.shown).toEqual(['live', 'reconnecting', 'live'])
  return `shown: ${bench.shown.join(', ')}; what was missed is there`
}

describe('connections that end', () => {
  fault(1, 'a reset of an open socket: dials again', async () => {
    await using raw = await RawBench.dial(
      await RawServer.upgrading((socket) => socket.resetAndDestroy()),
    )
    return await raw.expectRetry('unreachable')
  })
  fault(1, 'a reset shows one flip, and what was missed', () => dropAndReturn('rst'))

  fault(2, 'an end without a close frame: dials again', async () => {
    await using raw = await RawBench.dial(await RawServer.upgrading((socket) => socket.end()))
    return await raw.expectRetry('unreachable')
  })
  fault(2, 'an end without a word shows one flip, and what was missed', () => dropAndReturn('fin'))

  fault(2, 'a server error told by a close frame: dials again as well', async () => {
    const internalError = frame(0x88, Buffer.from([0x03, 0xf3]))
    await using raw = await RawBench.dial(
      await RawServer.upgrading((socket) => socket.write(internalError)),
    )
    return `1011: ${await raw.expectRetry('server_error')}`
  })
})

describe('connections that do not come about', () => {
  fault(6, 'a refused connection: dials again', async () => {
    const gone = await RawServer.listen(() => {})
    const { socketUrl } = gone
    await gone.close()
    await using raw = await RawBench.dial(await RawServer.listen(() => {}), { url: socketUrl })
    return await raw.expectRetry('unreachable')
  })

  fault(8, 'a name that does not exist: dials again, and says so', async () => {
    await using raw = await RawBench.dial(await RawServer.listen(() => {}), {
      url: 'ws://signalbox-test.invalid/ws',
    })
    await raw.expectRetry('name_not_found')
    const { reason } = wordsFor('name_not_found')
    expect(reason).toBe('name not found')
    return `dials again, says "${reason}"`
  })

  fault(9, 'a name that cannot be found for now: dials again', async () => {
    const sockets = socketFactory((_name, _options, done) =>
      done(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }), ''),
    )
    await using raw = await RawBench.dial(await RawServer.listen(() => {}), {
      sockets,
      url: 'ws://gateway.example/ws',
    })
    return `EAI_AGAIN: ${await raw.expectRetry('name_not_found')}`
  })

  fault(
    9,
    'a name that is never found: counts into the 10 s, and a late answer means nothing',
    async () => {
      let answer: (() => void) | undefined
      const server = await RawServer.listen(() => {})
      const sockets = socketFactory((_name, _options, done) => {
        answer = () => done(null, [{ address: '127.0.0.1', family: 4 }])
      })
      await using raw = await RawBench.dial(server, {
        sockets,
        url: `ws://gateway.example:${server.port}/ws`,
      })
      await until('the name is asked for', () => answer !== undefined)
      const seen = await raw.expectDialDeadline()
      answer?.()
      await new Promise((resolve) => setImmediate(resolve))
      expect(server.accepted).toBe(0)
      return `slow DNS: ${seen}`
    },
  )

  fault(17, 'a server that accepts and never answers: given up at 10 s', async () => {
    await using raw = await RawBench.dial(await RawServer.listen(() => {}))
    await raw.accepted(1)
    return await raw.expectDialDeadline()
  })

  fault(
    17,
    'a server that never answers, neither upgrades nor requests: both are given up',
    async () => {
      await using line = await LiveSource.open({
        arrange: (_gateway, proxy) => {
          proxy.rule({ on: 'upgrade', times: Infinity }, { act: 'never-answer' })
          proxy.rule({ on: 'request', nth: 3, times: Infinity }, { act: 'never-answer' })
        },
      })
      const { bench, proxy } = line
      await until('the upgrade hangs', () => proxy.log.at('upgrade', 'never-answer').length === 1)
      await bench.clock.advance(10_000)
      expect(bench.source.view).toMatchObject({ state: 'reconnecting', reason: 'timed_out' })
      return `${bench.state} (${bench.source.view.reason ?? ''}) on both ways`
    },
  )

  fault(18, 'a handshake that drips: given up at 10 s although bytes keep coming', async () => {
    const head = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nX-Slow: ')
    const server = await RawServer.listen((socket) =>
      drip(socket, Buffer.concat([head, Buffer.alloc(5_000, 'a')])),
    )
    await using raw = await RawBench.dial(server)
    await raw.accepted(1)
    return await raw.expectDialDeadline()
  })
})

describe('a dial that nobody wants any more', () => {
  fault(72, 'the scope closes while the peer never answers: nothing is left', async () => {
    const server = await RawServer.listen(() => {})
    const bench = new ConnectionBench({ sockets: socketFactory(), url: server.socketUrl })
    bench.connection.start()
    await until('it dials', () => server.accepted === 1)
    await bench.scope.close('signed out')
    expect(bench.clock.armed).toBe(0)
    await until('the peer sees it gone', () => server.connections.size === 0)
    await server.close()
    return 'while connecting: 0 sockets, 0 timers'
  })
})
