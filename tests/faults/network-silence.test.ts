import { describe, expect } from 'vitest'
import { fault } from '../support/fault.ts'
import { LiveSource } from '../support/live-source.ts'
import { RawBench } from '../support/raw-bench.ts'
import { RawServer } from '../support/raw-server.ts'
import { until } from '../support/until.ts'
import { canLayWires, Wire } from '../support/wire.ts'

const wires = canLayWires()
const way = wires ? 'in network namespaces' : 'by a peer that stops reading'

/** An open connection that has just been answered a ping goes silent in this way. */
async function silenced(silence: (wire: Wire) => void): Promise<string> {
  await using wire = await Wire.lay()
  await wire.dial()
  await wire.reached('it is open', ({ state }) => state === 'open')
  await wire.advance(8_000)
  await wire.reached('the ping is answered', ({ heard }) => heard === 1)
  silence(wire)
  await wire.advance(8_000)
  await wire.advance(3_999)
  expect(wire.seen).toMatchObject({ state: 'open', heard: 1 })
  await wire.advance(1)
  expect(wire.seen).toMatchObject({ state: 'waiting', reason: 'timed_out', heard: 1 })
  return `${wire.seen.state} (${wire.seen.reason ?? ''}) after 12,000 ms, ${way}`
}

/** The same where there can be no namespace. */
async function silencedByPeer(): Promise<string> {
  const server = await RawServer.upgrading((socket) => socket.pause())
  await using raw = await RawBench.dial(server)
  const { clock, connection } = raw.bench
  await raw.reached('open')
  await clock.advance(8_000)
  await new Promise((resolve) => setImmediate(resolve))
  await clock.advance(3_999)
  expect(connection.state.kind).toBe('open')
  await clock.advance(1)
  expect(connection.reason).toBe('timed_out')
  return `${connection.state.kind} (${connection.reason ?? ''}) after 12,000 ms, ${way}`
}

describe('silence', () => {
  fault(3, 'a black hole on an open connection: found within 12 s', () =>
    wires ? silenced((wire) => wire.becomeBlackHole()) : silencedByPeer(),
  )

  fault(4, 'the link goes down on an open connection: no error before our own deadline', () =>
    wires ? silenced((wire) => wire.pull()) : silencedByPeer(),
  )

  fault(7, 'a black hole while dialling: given up at 10 s', async () => {
    if (!wires) {
      await using raw = await RawBench.dial(await RawServer.listen((socket) => socket.pause()))
      await raw.accepted(1)
      return `${await raw.expectDialDeadline()}, ${way}`
    }
    await using wire = await Wire.lay()
    wire.becomeBlackHole()
    await wire.dial()
    await wire.advance(9_999)
    expect(wire.seen.state).toBe('dialling')
    await wire.advance(1)
    expect(wire.seen).toMatchObject({ state: 'waiting', reason: 'timed_out' })
    return `${wire.seen.state} (${wire.seen.reason ?? ''}) after 10,000 ms, ${way}`
  })

  fault(3, 'a source whose server is silent is not called live beyond 12 s', async () => {
    await using line = await LiveSource.live()
    const { bench, gateway, proxy } = line
    proxy.rule({ on: 'request', times: Infinity }, { act: 'never-answer' })
    gateway.blackHole()
    await bench.clock.advance(8_000)
    await line.turn()
    await bench.clock.advance(3_999)
    expect(bench.state).toBe('live')
    await bench.clock.advance(1)
    expect(bench.source.view).toMatchObject({ state: 'reconnecting', reason: 'timed_out' })
    return `live for 11,999 ms, then ${bench.state}`
  })

  fault(5, 'one way is cut: what we send is no sign of life', async () => {
    await using line = await LiveSource.live({ frames: true })
    const { bench, proxy } = line
    proxy.silence('client')
    proxy.rule({ on: 'request', times: Infinity }, { act: 'never-answer' })
    await bench.clock.advance(8_000)
    await until('our ping went through, and its answer did not', () => {
      const pongs = proxy.log.at('to-client', 'drop').filter(({ frame }) => frame === 'pong')
      return pongs.length === 1
    })
    await bench.clock.advance(3_999)
    expect(bench.state).toBe('live')
    await bench.clock.advance(1)
    expect(bench.source.view).toMatchObject({ state: 'reconnecting', reason: 'timed_out' })
    const pings = proxy.log.at('to-server', 'pass').filter(({ frame }) => frame === 'ping')
    expect(pings).toHaveLength(1)
    return `${bench.state} (${bench.source.view.reason ?? ''}) after 12,000 ms; 1 ping delivered`
  })
})
